/**
 * The commands by their first word. What is called is loaded, and nothing else: a call that needs no database, web server
 * or scheduler loads none.
 */
import type { Command } from '@commander-js/extra-typings'
import type { CommandContext } from './leaf-command.ts'

/** Gives a command its arguments, options, commands below it, and what it does. */
type Complete = (command: Command, context: CommandContext) => void

interface Entry {
  readonly name: string
  readonly description: string
  readonly load: () => Promise<Complete>
}

/** In the order of the help. */
export const COMMANDS: readonly Entry[] = [
  {
    name: 'standalone',
    description: 'everything in one program: database, scheduler, workers, web server',
    load: async () => (await import('./commands/program.ts')).completeStandalone,
  },
  {
    name: 'scheduler',
    description: 'the same without the web server',
    load: async () => (await import('./commands/program.ts')).completeScheduler,
  },
  {
    name: 'webserver',
    description: 'API and page alone, beside a scheduler that runs elsewhere',
    load: async () => (await import('./commands/webserver.ts')).completeWebServer,
  },
  {
    name: 'dags',
    description: 'Dags: list, trigger, pause, next ticks, import errors',
    load: async () => (await import('./commands/dags.ts')).addDagsCommands,
  },
  { name: 'runs', description: 'DagRuns', load: async () => (await import('./commands/runs.ts')).addRunsCommands },
  {
    name: 'tasks',
    description: 'task instances',
    load: async () => (await import('./commands/tasks.ts')).addTasksCommands,
  },
  {
    name: 'dead-letters',
    description: 'failures for good: list, groups, show, redrive, discard',
    load: async () => (await import('./commands/dead-letters.ts')).addDeadLettersCommands,
  },
  {
    name: 'why',
    description: 'why a business id, a run or a question such as "order 12345" is where it is',
    load: async () => (await import('./commands/why.ts')).completeWhy,
  },
  {
    name: 'logs',
    description: 'the log of a try: the last one of the latest run unless named',
    load: async () => (await import('./commands/logs.ts')).completeLogs,
  },
  {
    name: 'events',
    description: 'the history: who did what when, and why',
    load: async () => (await import('./commands/events.ts')).completeEvents,
  },
  {
    name: 'drain',
    description: 'starts no new tasks, anywhere, until resume; what runs may end',
    load: async () => (await import('./commands/drain.ts')).completeDrain,
  },
  {
    name: 'resume',
    description: 'starts tasks again after drain',
    load: async () => (await import('./commands/drain.ts')).completeResume,
  },
  {
    name: 'variables',
    description: 'named values that tasks ask for',
    load: async () => (await import('./commands/variables.ts')).addVariablesCommands,
  },
  {
    name: 'connections',
    description: 'where the systems are that tasks talk to',
    load: async () => (await import('./commands/connections.ts')).addConnectionsCommands,
  },
  {
    name: 'pools',
    description: 'named slots that tries share',
    load: async () => (await import('./commands/pools.ts')).addPoolsCommands,
  },
  {
    name: 'secrets',
    description: 'the key of connections and secret variables',
    load: async () => (await import('./commands/secrets.ts')).addSecretsCommands,
  },
  {
    name: 'users',
    description: 'who may sign in',
    load: async () => (await import('./commands/users.ts')).addUsersCommands,
  },
  {
    name: 'tokens',
    description: 'for programs that use the API',
    load: async () => (await import('./commands/tokens.ts')).addTokensCommands,
  },
  {
    name: 'db',
    description: 'the database: schema, export, import, cleaning',
    load: async () => (await import('./commands/db.ts')).addDbCommands,
  },
  {
    name: 'config',
    description: 'settings',
    load: async () => (await import('./commands/config.ts')).addConfigCommands,
  },
  {
    name: 'init',
    description: 'makes a new folder with a first Dag, a test of it, and one command that starts it',
    load: async () => (await import('./commands/init.ts')).completeInit,
  },
  {
    name: 'completion',
    description: 'a script for the completion of commands and options in a shell',
    load: async () => (await import('./commands/completion.ts')).completeCompletion,
  },
]
