/**
 * `webserver`: API and page alone, beside a scheduler that runs elsewhere. The two meet in the database only; logs are read
 * from the data folder, so it has to be the same one (or a mount of it).
 */
import type { Command } from '@commander-js/extra-typings'
import { begin, type CommandContext } from '../leaf-command.ts'
import { serverFlags, withServerOptions } from '../server-options.ts'

export function completeWebServer(command: Command, context: CommandContext): void {
  withServerOptions(command).action(async (options) => {
    const { program, output } = begin(context, options, serverFlags(options))
    const { runWebServer } = await import('../run-web-server.ts')
    await runWebServer(program, context.streams, output.json)
  })
}
