/** The part of the configuration that `decide` needs; its values come from the one config schema. */
import type { ErrorStrategy } from './serialized-dag.ts'

export interface PlatformDefaults {
  readonly retries: number
  readonly retryDelayMs: number
  readonly retryBackoff: number
  readonly maxRetryDelayMs: number
  readonly retryJitter: number
  readonly timeoutMs: number
  /** `retry-then-compensate` when left out. */
  readonly errorStrategy?: ErrorStrategy
  readonly pool: string
  readonly maxActiveRuns: number
  readonly maxActiveTasks: number
  readonly catchup: boolean
  readonly pausedUponCreation: boolean
  readonly memoryLimitMb: number
  /** `warm` when left out. */
  readonly isolation?: 'warm' | 'process'
  /** Most executions at once, over all Dags. */
  readonly parallelism: number
  /** Most queued runs of one Dag; a trigger beyond them is refused. */
  readonly maxQueuedRuns: number
  /** A try lost to the platform this many times in a row fails for good. */
  readonly maxPlatformLosses: number
}
