/** What every command has: `--json`, where Dags and data lie, and one way of being run. */
import type { Command, OptionValues } from '@commander-js/extra-typings'
import { type Flags, loadConfig, type ProgramConfig } from './load-config.ts'
import { createOutput, type Output, type Streams } from './output.ts'

export interface CommandContext {
  readonly streams: Streams
  /** What the program does at its end; the last call holds. */
  setExitCode(code: number): void
}

export interface CommonOptions {
  readonly json?: true | undefined
  readonly dagsFolder?: string | undefined
  readonly dataFolder?: string | undefined
  readonly url?: string | undefined
  readonly token?: string | undefined
}

/** A command below `parent`, with the options all commands share. */
export function leaf<const Name extends string>(parent: Command, name: Name, description: string) {
  return withCommonOptions(parent.command(name).description(description))
}

/** The same for a command that is there already. */
export function withCommonOptions<Args extends unknown[], Opts extends OptionValues>(command: Command<Args, Opts>) {
  return command
    .option('--json', 'print one JSON document (or JSON lines) and nothing else')
    .option('--dags-folder <folder>', 'in place of dags.folder')
    .option('--data-folder <folder>', 'in place of data.folder')
    .option('--url <url>', 'work on the server at this address (TRADEWIND_URL)')
    .option('--token <token>', 'to sign in there; better in TRADEWIND_TOKEN, which no list of processes shows')
}

export interface Started {
  readonly output: Output
  readonly program: ProgramConfig
}

/** Configuration and output of one call. */
export function begin(context: CommandContext, options: CommonOptions, flags: Flags = {}): Started {
  const program = loadConfig({
    'dags.folder': options.dagsFolder,
    'data.folder': options.dataFolder,
    'remote.url': options.url,
    'remote.token': options.token,
    ...flags,
  })
  const output = createOutput(options.json === true, context.streams)
  for (const warning of program.warnings) output.note(warning)
  return { output, program }
}
