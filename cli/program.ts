/** The tree of commands, and how a call of it ends: 0 done, 1 failed, 2 not understood. */
import { Command, CommanderError, type CommandUnknownOpts } from '@commander-js/extra-typings'
import { ConfigError } from '../core/config/read-config.ts'
import { CommandFailure, EXIT_FAILED, EXIT_OK, EXIT_USAGE, failureText } from './command-failure.ts'
import { COMMANDS } from './command-tree.ts'
import type { CommandContext } from './leaf-command.ts'
import type { Streams } from './output.ts'
import { packageVersion } from './package-root.ts'

/** Every command by name and description; those that this call needs are complete. */
async function buildProgram(context: CommandContext, words: readonly string[]): Promise<Command> {
  const program: Command = new Command('tradewind')
    .description('Scheduled Dags in TypeScript: drop a file into a folder and it is live.')
    .version(packageVersion())
    .showSuggestionAfterError()
    // An option belongs to the command it stands behind: `events count --kind ...`.
    .enablePositionalOptions()
    .configureOutput({
      writeOut: (text) => context.streams.stdout.write(text),
      writeErr: (text) => context.streams.stderr.write(text),
    })
    .configureHelp({ subcommandTerm: (command) => command.name() })
    .exitOverride()
  const isNeeded = neededBy(words)
  for (const { name, description, load } of COMMANDS) {
    const command: Command = program.command(name).description(description)
    if (isNeeded(name)) (await load())(command, context)
  }
  pointToHelp(program, 'tradewind')
  return program
}

/** `completion` writes about all of them; `help runs` is about runs. */
function neededBy(words: readonly string[]): (name: string) => boolean {
  const [first, second] = words.filter((word) => !word.startsWith('-'))
  if (first === 'completion') return () => true
  return (name) => name === first || (first === 'help' && name === second)
}

/** What was not understood is explained by the help of the very command. */
function pointToHelp(command: CommandUnknownOpts, path: string): void {
  command.showHelpAfterError(`See: ${path} --help`)
  for (const below of command.commands) pointToHelp(below, `${path} ${below.name()}`)
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
    const program = await buildProgram(context, argv.slice(2))
    await program.parseAsync([...argv])
    return exitCode
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_OK : EXIT_USAGE
    streams.stderr.write(`${failureText(error)}\n`)
    if (error instanceof ConfigError) return EXIT_USAGE
    return error instanceof CommandFailure ? error.exitCode : EXIT_FAILED
  }
}
