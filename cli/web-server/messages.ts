/**
 * What the program and its web server say to each other across the thread's message port. Everything is plain data, and
 * secrets go this way only: neither arguments nor an environment would keep them.
 */
import type { LogAddress } from '../../core/ports/log-store.ts'
import type { MetricsData } from '../../webserver/program-metrics.ts'
import type { Connection } from '../database-access.ts'
import type { ProgramConfig } from '../load-config.ts'

/** The port to listen on in place of the configured one: where it was before it had to be started again. */
export interface EarlierPort {
  readonly port: number
}

export type ToWebServer =
  | {
      readonly type: 'start'
      readonly program: ProgramConfig
      readonly connection: Connection
      readonly earlier: EarlierPort | null
    }
  | { readonly type: 'answer'; readonly id: number; readonly metrics: MetricsData }
  | { readonly type: 'stop' }

export type FromWebServer =
  | { readonly type: 'log'; readonly line: string }
  | { readonly type: 'listening'; readonly address: string; readonly port: number }
  /** It could not start; cause and remedy are in the text. */
  | { readonly type: 'failed'; readonly message: string }
  /** The figures of the scheduler's side, and lines of that log written out if there are any. */
  | { readonly type: 'ask'; readonly id: number; readonly flush: LogAddress | null }
