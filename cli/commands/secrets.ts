/** `secrets rotate`: the key of connections and secret variables. */
import type { Command } from '@commander-js/extra-typings'
import { begin, type CommandContext, leaf } from '../leaf-command.ts'

export function addSecretsCommands(group: Command, context: CommandContext): void {
  leaf(
    group,
    'rotate',
    'encrypts everything anew: with a new key in the key file, or with the TRADEWIND_SECRET_KEY given',
  ).action(async (options) => {
    const { output, program } = begin(context, options)
    const { rotateKey } = await import('../rotate-key.ts')
    const count = await rotateKey(program)
    output.answer({ encrypted: count }, () => `${count} values were encrypted anew.`)
  })
}
