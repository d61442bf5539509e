/** `standalone`, `scheduler`: the program itself. Loaded only when it is to run: the other commands start quicker. */
import type { Command } from '@commander-js/extra-typings'
import { begin, type CommandContext, leaf } from '../leaf-command.ts'

export function addProgramCommands(parent: Command, context: CommandContext): void {
  leaf(parent, 'standalone', 'everything in one program: database, scheduler, workers, web server')
    .option('--host <address>', 'in place of server.host')
    .option('--port <number>', 'in place of server.port; 0 takes any free one')
    .option('--base-url <url>', 'in place of server.base_url: the address people use, behind a proxy')
    .action(async (options) => {
      const flags = { 'server.host': options.host, 'server.port': options.port, 'server.base_url': options.baseUrl }
      const { program, output } = begin(context, options, flags)
      const { runProgram } = await import('../run-program.ts')
      context.setExitCode(await runProgram(program, context.streams, { withWebServer: true, json: output.json }))
    })

  leaf(parent, 'scheduler', 'the same without the web server').action(async (options) => {
    const { program, output } = begin(context, options)
    const { runProgram } = await import('../run-program.ts')
    context.setExitCode(await runProgram(program, context.streams, { withWebServer: false, json: output.json }))
  })
}
