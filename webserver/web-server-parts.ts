/**
 * Everything the web server is given: it opens nothing itself, reads no environment, and meets the scheduler only through
 * the database.
 */
import type { PlatformDefaults } from '../core/platform-defaults.ts'
import type { LogStore } from '../core/ports/log-store.ts'
import type { Secrets } from '../database/secrets/cipher.ts'
import type { AccessOptions } from './auth/index.ts'
import type { HealthReading } from './health.ts'
import type { SocketTimes } from './live/socket.ts'
import type { MetricsOptions } from './metrics.ts'
import type { Pool } from './pool.ts'

export type { Pool }

/** One setting as `GET /config` shows it. Secret values are left out by whoever makes the list. */
export interface ShownSetting {
  /** Dotted: `scheduler.parallelism`. */
  readonly key: string
  readonly value: string
  /** `default`, `file`, `environment`, `flag`. */
  readonly source: string
}

export interface WebServerParts {
  readonly pool: Pool
  readonly secrets: Secrets
  /** Reads the logs of tries; never written to. */
  readonly logs: Pick<LogStore, 'read'>
  readonly defaults: PlatformDefaults
  /** Executions allowed at once, for «why is it not running?». */
  readonly slots: number
  readonly settings: readonly ShownSetting[]
  /** Program that tries a connection in a process of its own: `webserver/connection-probe`. */
  readonly connectionProbe: URL
  /** Where the built page is; without it only the API is served. */
  readonly pageFolder?: string
  readonly version: string
  /** Must not reject: a database that does not answer is a reading. */
  readHealth(): Promise<HealthReading>
  now(): number
  /** Gets errors of requests, which the client is not shown. */
  log(line: string): void
  /** Default: loopback without a proxy, session cookie and bearer token. */
  readonly access?: AccessOptions
  /** Default: for viewers, of the web server and the database alone. */
  readonly metrics?: MetricsOptions
  /** How often sockets are pinged and their sign-in is asked for. */
  readonly socketTimes?: SocketTimes
  /** How long a command is waited for before it is answered with 202. Default 5,000. */
  readonly commandPatienceMs?: number
  /** Tests: an answer that does not fit its schema is an error. */
  readonly checkAnswers?: boolean
}
