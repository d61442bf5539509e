/** What the children of one executor share. */
import type { WorkerApi } from '../core/ports/worker-api.ts'
import type { BundleCache } from './bundle-cache.ts'
import type { Deadlines } from './deadlines.ts'
import type { LocalExecutorOptions, LocalLimits } from './local-options.ts'
import type { UpstreamValues } from './upstream-values.ts'

export interface ChildSurroundings {
  readonly options: LocalExecutorOptions
  readonly limits: LocalLimits
  readonly api: WorkerApi
  readonly bundles: BundleCache
  readonly values: UpstreamValues
  readonly deadlines: Deadlines
  /** Writable by children. */
  readonly childCacheDir: string
  /** The marker variable's value for a child with this token. */
  markerFor(token: string): string
  now(): number
}
