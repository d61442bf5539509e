/** The platform a command works on: the server of `--url` or `TRADEWIND_URL`, else the database of this machine. */
import type { Wanted } from '../database-access.ts'
import type { ProgramConfig } from '../load-config.ts'
import { withRemotePlatform } from '../remote/remote-platform.ts'
import { withLocalPlatform } from './local-platform.ts'
import type { Platform } from './platform.ts'

/** `need` matters on this machine only: whether somebody must run it already. */
export function withPlatform<T>(
  program: ProgramConfig,
  need: Wanted['need'],
  work: (platform: Platform) => Promise<T>,
): Promise<T> {
  const url = program.config['remote.url']
  if (url === null) return withLocalPlatform(program, { need }, work)
  return withRemotePlatform({ url, token: program.config['remote.token'] }, work)
}
