/** `secrets rotate`: the key of connections and secret variables. */
import type { Command } from '@commander-js/extra-typings'
import { readHealth } from '../../database/queries/overview.ts'
import { addKey } from '../../database/secrets/key-file.ts'
import { rotateSecrets } from '../../database/secrets/rotate-secrets.ts'
import { CommandFailure } from '../command-failure.ts'
import { dataFolder } from '../data-folder.ts'
import { withDatabase } from '../database-access.ts'
import { begin, type CommandContext, leaf } from '../leaf-command.ts'
import { openSecrets } from '../open-secrets.ts'

export function addSecretsCommands(parent: Command, context: CommandContext): void {
  const group = parent.command('secrets').description('the key of connections and secret variables')

  leaf(
    group,
    'rotate',
    'encrypts everything anew: with a new key in the key file, or with the TRADEWIND_SECRET_KEY given',
  ).action(async (options) => {
    const { output, program } = begin(context, options)
    const ownsKey = program.config['secrets.key'] === null
    const count = await withDatabase(program, { need: 'existing' }, async (pool) => {
      // A scheduler that runs knows only the keys it was started with: its tasks would find no secret any more.
      if ((await readHealth(pool)).scheduler?.isAlive === true) {
        throw new CommandFailure('A scheduler is running on this database.', 'Stop it, rotate, and start it again.')
      }
      if (ownsKey) await addKey(dataFolder(program.dataFolder).secretKey)
      return rotateSecrets(pool, await openSecrets(program))
    })
    output.answer({ encrypted: count }, () => `${count} values were encrypted anew.`)
  })
}
