/** Encrypts connections and secret variables anew, with a new key where the key file is ours. */
import { readHealth } from '../database/queries/overview.ts'
import { addKey } from '../database/secrets/key-file.ts'
import { rotateSecrets } from '../database/secrets/rotate-secrets.ts'
import { CommandFailure } from './command-failure.ts'
import { dataFolder } from './data-folder.ts'
import { withDatabase } from './database-access.ts'
import type { ProgramConfig } from './load-config.ts'
import { openSecrets } from './open-secrets.ts'

/** How many values there were. */
export function rotateKey(program: ProgramConfig): Promise<number> {
  return withDatabase(program, { need: 'existing' }, async (pool) => {
    // A scheduler that runs knows only the keys it was started with: its tasks would find no secret any more.
    if ((await readHealth(pool)).scheduler?.isAlive === true) {
      throw new CommandFailure('A scheduler is running on this database.', 'Stop it, rotate, and start it again.')
    }
    if (program.config['secrets.key'] === null) await addKey(dataFolder(program.dataFolder).secretKey)
    return rotateSecrets(pool, await openSecrets(program))
  })
}
