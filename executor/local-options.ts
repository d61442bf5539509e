/** What the local executor is made of and its limits: everything comes from the caller, nothing from the environment. */
import type { Clock } from '../core/ports/clock.ts'
import type { LogStore } from '../core/ports/log-store.ts'
import type { WorkerApi } from '../core/ports/worker-api.ts'

export interface LocalExecutorOptions {
  /** Most tries at once. */
  readonly slots: number
  readonly api: WorkerApi
  readonly logs: LogStore
  /** `worker/run-child.ts` in source, `dist/worker/run-child.js` once built. */
  readonly childEntry: URL
  /** Where Dag files lie; also the working directory of every try. */
  readonly dagsFolder: string
  /** For bundles; made if missing. Every folder above it must let children through (`x`). */
  readonly cacheDir: string
  /** `ctx.filesDir`: made if missing and given to the children's user. */
  readonly filesDir: string
  /** The whole environment of the children, but for one marker variable of ours. */
  readonly childEnv: Readonly<Record<string, string>>
  /** Children run as this user when given (the program must be root); `null`: as the program itself. */
  readonly childIdentity: { readonly uid: number; readonly gid: number } | null
  readonly defaults: { readonly memoryLimitMb: number }
  readonly warm: {
    /** An idle child above `maxIdle` is ended after this long. */
    readonly idleMs: number
    /** Idle children kept whatever happens. */
    readonly maxIdle: number
    readonly maxTriesPerChild: number
    /** A child that is larger than this after a try is replaced. */
    readonly maxRssMb: number
  }
  readonly heartbeat: { readonly everyMs: number; readonly lostAfterMs: number }
  /** From `ctx.signal` firing to SIGKILL. */
  readonly killGraceMs: number
  readonly limits?: Partial<LocalLimits>
  readonly clock?: Pick<Clock, 'now'>
  /** For the program's own log: what belongs to no try. */
  readonly onDiagnostic: (line: string) => void
}

export interface LocalLimits {
  readonly logCharsPerTry: number
  readonly logLineChars: number
  /** A larger return value or XCom fails its try. */
  readonly xcomBytes: number
  /** For the top level of a Dag file. */
  readonly loadMs: number
  /** For a child to come up. */
  readonly childStartMs: number
  readonly memoryCheckEveryMs: number
  readonly bundleCacheBytes: number
  readonly bundlesPerChild: number
}

export const LOCAL_LIMITS: LocalLimits = {
  logCharsPerTry: 10 * 1024 * 1024,
  logLineChars: 16_384,
  xcomBytes: 16 * 1024 * 1024,
  loadMs: 60_000,
  childStartMs: 30_000,
  memoryCheckEveryMs: 250,
  bundleCacheBytes: 256 * 1024 * 1024,
  bundlesPerChild: 32,
}
