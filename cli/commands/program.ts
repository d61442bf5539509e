/** `standalone`, `scheduler`: the program itself. Loaded only when it is to run: the other commands start quicker. */
import type { Command } from '@commander-js/extra-typings'
import { begin, type CommandContext, withCommonOptions } from '../leaf-command.ts'

export function completeStandalone(command: Command, context: CommandContext): void {
  withCommonOptions(command)
    .option('--host <address>', 'in place of server.host')
    .option('--port <number>', 'in place of server.port; 0 takes any free one')
    .option('--base-url <url>', 'in place of server.base_url: the address people use, behind a proxy')
    .action(async (options) => {
      const flags = { 'server.host': options.host, 'server.port': options.port, 'server.base_url': options.baseUrl }
      const { program, output } = begin(context, options, flags)
      const { runProgram } = await import('../run-program.ts')
      context.setExitCode(await runProgram(program, context.streams, { withWebServer: true, json: output.json }))
    })
}

export function completeScheduler(command: Command, context: CommandContext): void {
  withCommonOptions(command).action(async (options) => {
    const { program, output } = begin(context, options)
    const { runProgram } = await import('../run-program.ts')
    context.setExitCode(await runProgram(program, context.streams, { withWebServer: false, json: output.json }))
  })
}
