/** `drain`, `resume`: no new tasks anywhere, for an upgrade or a repair; and the reminder that this holds. */
import type { Command } from '@commander-js/extra-typings'
import { begin, type CommandContext, withCommonOptions } from '../leaf-command.ts'
import type { Output } from '../output.ts'
import { withPlatform } from '../platform/open-platform.ts'
import type { Platform } from '../platform/platform.ts'
import { DRAINING } from '../terminal/activity.ts'

export function completeDrain(command: Command, context: CommandContext): void {
  withCommonOptions(command).action(async (options) => {
    const { output, program } = begin(context, options)
    const answer = await withPlatform(program, 'running', (platform) => platform.setDraining(true))
    output.answer(answer, () => `No new tasks start until \`tradewind resume\`; ${answer.running} still run.`)
  })
}

export function completeResume(command: Command, context: CommandContext): void {
  withCommonOptions(command).action(async (options) => {
    const { output, program } = begin(context, options)
    const answer = await withPlatform(program, 'running', (platform) => platform.setDraining(false))
    output.answer(answer, () => 'Tasks start again.')
  })
}

/** Whoever looks at Dags or runs must know why nothing starts. */
export async function noteDraining(platform: Platform, output: Output): Promise<void> {
  if (await platform.isDraining()) output.note(`The platform is ${DRAINING}.`)
}
