/**
 * `webserver`: API and page alone, beside a scheduler that runs elsewhere. The two meet in the database only; logs are read
 * from the data folder, so it has to be the same one (or a mount of it).
 */
import type { Command } from '@commander-js/extra-typings'
import { begin, type CommandContext, withCommonOptions } from '../leaf-command.ts'

export function completeWebServer(command: Command, context: CommandContext): void {
  withCommonOptions(command)
    .option('--host <address>', 'in place of server.host')
    .option('--port <number>', 'in place of server.port; 0 takes any free one')
    .option('--base-url <url>', 'in place of server.base_url: the address people use, behind a proxy')
    .action(async (options) => {
      const flags = { 'server.host': options.host, 'server.port': options.port, 'server.base_url': options.baseUrl }
      const { program } = begin(context, options, flags)
      const { runWebServer } = await import('../run-web-server.ts')
      await runWebServer(program, context.streams, options.json === true)
    })
}
