/** `standalone`, `scheduler`: the program itself. Loaded only when it is to run: the other commands start quicker. */
import type { Command } from '@commander-js/extra-typings'
import { begin, type CommandContext, withCommonOptions } from '../leaf-command.ts'
import { serverFlags, withServerOptions } from '../server-options.ts'

export function completeStandalone(command: Command, context: CommandContext): void {
  withServerOptions(command).action(async (options) => {
    const { program, output } = begin(context, options, serverFlags(options))
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
