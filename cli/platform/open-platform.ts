/**
 * The platform a command works on: the server of `--url` or `TRADEWIND_URL`, else the database of this machine. Only the
 * one that is used is loaded.
 */
import type { Wanted } from '../database-access.ts'
import type { ProgramConfig } from '../load-config.ts'
import type { Platform } from './platform.ts'

/** `need` matters on this machine only: whether somebody must run it already. */
export async function withPlatform<T>(
  program: ProgramConfig,
  need: Wanted['need'],
  work: (platform: Platform) => Promise<T>,
): Promise<T> {
  const url = program.config['remote.url']
  if (url === null) {
    const { withLocalPlatform } = await import('./local-platform.ts')
    return withLocalPlatform(program, { need }, work)
  }
  const { withRemotePlatform } = await import('../remote/remote-platform.ts')
  return withRemotePlatform({ url, token: program.config['remote.token'] }, work)
}
