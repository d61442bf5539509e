/** The tree of commands, and how a call of it ends: 0 done, 1 failed, 2 not understood. */
import { Command, CommanderError } from '@commander-js/extra-typings'
import { ConfigError } from '../core/config/read-config.ts'
import { CommandFailure, EXIT_FAILED, EXIT_OK, EXIT_USAGE, failureText } from './command-failure.ts'
import { addCompletionCommand } from './commands/completion.ts'
import { addConfigCommands } from './commands/config.ts'
import { addConnectionsCommands } from './commands/connections.ts'
import { addDagsCommands } from './commands/dags.ts'
import { addDbCommands } from './commands/db.ts'
import { addDrainCommands } from './commands/drain.ts'
import { addEventsCommand } from './commands/events.ts'
import { addInitCommand } from './commands/init.ts'
import { addLogsCommand } from './commands/logs.ts'
import { addPoolsCommands } from './commands/pools.ts'
import { addProgramCommands } from './commands/program.ts'
import { addRunsCommands } from './commands/runs.ts'
import { addSecretsCommands } from './commands/secrets.ts'
import { addTasksCommands } from './commands/tasks.ts'
import { addTestCommand } from './commands/test-dag.ts'
import { addTokensCommands } from './commands/tokens.ts'
import { addUsersCommands } from './commands/users.ts'
import { addVariablesCommands } from './commands/variables.ts'
import { addWebServerCommand } from './commands/webserver.ts'
import type { CommandContext } from './leaf-command.ts'
import type { Streams } from './output.ts'
import { packageVersion } from './package-root.ts'

function buildProgram(context: CommandContext): Command {
  const program: Command = new Command('tradewind')
    .description('Scheduled Dags in TypeScript: drop a file into a folder and it is live.')
    .version(packageVersion())
    .showSuggestionAfterError()
    .showHelpAfterError('See: tradewind --help')
    .configureOutput({
      writeOut: (text) => context.streams.stdout.write(text),
      writeErr: (text) => context.streams.stderr.write(text),
    })
    .exitOverride()
  addProgramCommands(program, context)
  addWebServerCommand(program, context)
  addTestCommand(addDagsCommands(program, context), context)
  addRunsCommands(program, context)
  addTasksCommands(program, context)
  addLogsCommand(program, context)
  addEventsCommand(program, context)
  addDrainCommands(program, context)
  addVariablesCommands(program, context)
  addConnectionsCommands(program, context)
  addPoolsCommands(program, context)
  addSecretsCommands(program, context)
  addUsersCommands(program, context)
  addTokensCommands(program, context)
  addDbCommands(program, context)
  addConfigCommands(program, context)
  addInitCommand(program, context)
  addCompletionCommand(program, context)
  return program
}

/** Runs one call and gives its exit code. `argv` as in `process.argv`. */
export async function runCli(argv: readonly string[], streams: Streams): Promise<number> {
  let exitCode = EXIT_OK
  const context: CommandContext = {
    streams,
    setExitCode: (code) => {
      exitCode = code
    },
  }
  try {
    await buildProgram(context).parseAsync([...argv])
    return exitCode
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_OK : EXIT_USAGE
    streams.stderr.write(`${failureText(error)}\n`)
    if (error instanceof ConfigError) return EXIT_USAGE
    return error instanceof CommandFailure ? error.exitCode : EXIT_FAILED
  }
}
