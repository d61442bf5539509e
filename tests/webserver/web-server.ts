/** A web server for tests: valid parts around a pool, with what matters overridden. */

import { platformDefaults } from '../../core/config/platform-defaults-from-config.ts'
import { readConfig } from '../../core/config/read-config.ts'
import { openPool } from '../../database/connect.ts'
import { createSecrets, generateSecretKey } from '../../database/secrets/cipher.ts'
import type { Authenticator } from '../../webserver/auth/authenticator.ts'
import { DEFAULT_ACCESS } from '../../webserver/auth/index.ts'
import type { Role } from '../../webserver/request-identity.ts'
import type { WebServerParts } from '../../webserver/web-server-parts.ts'

/** Without `pool`: one that never connects, for routes that do not read. */
export function parts(over: Partial<WebServerParts> = {}): WebServerParts {
  const { config } = readConfig({ env: {}, flags: {}, machine: { cores: 2 } })
  return {
    pool: over.pool ?? openPool({ host: '/nowhere' }, { name: 'tradewind test', max: 1 }),
    secrets: createSecrets({ current: generateSecretKey() }),
    logs: { read: async () => ({ lines: [], nextByte: 0 }) },
    defaults: platformDefaults(config),
    slots: 8,
    settings: [],
    connectionProbe: new URL('../../webserver/connection-probe.ts', import.meta.url),
    version: '1.2.3',
    readHealth: async () => ({ databaseAnswers: true, schedulerHeartbeat: null, dagProcessorHeartbeat: null }),
    now: () => Date.now(),
    log: () => {},
    access: { ...DEFAULT_ACCESS, authenticators: [asRole('admin')] },
    checkAnswers: true,
    ...over,
  }
}

/** Whoever asks is `anna` with this role. Sign-in itself is tested in `auth*.test.ts`. */
export function asRole(role: Role): Authenticator {
  return {
    name: 'test',
    authenticate: async () => ({ identity: { name: 'anna', role }, csrfToken: null, isStillValid: async () => true }),
  }
}
