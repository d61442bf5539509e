/** The keys of connections and secret variables: those of the configuration, else the key file of the data folder. */
import { createSecrets, type Secrets } from '../database/secrets/cipher.ts'
import { openKeyFile } from '../database/secrets/key-file.ts'
import { dataFolder } from './data-folder.ts'
import type { ProgramConfig } from './load-config.ts'

export async function openSecrets(program: ProgramConfig): Promise<Secrets> {
  const given = program.config['secrets.key']
  const old = program.config['secrets.old_keys']
  if (given !== null) return createSecrets({ current: given, old })
  const file = await openKeyFile(dataFolder(program.dataFolder).secretKey)
  return createSecrets({ current: file.current, old: [...file.old, ...old] })
}
