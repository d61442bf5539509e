/** What the pool and the watch see of a child, and what a child tells the pool. */
import type { CauseOfDeath } from '../core/cause-of-death.ts'
import type { TryOutcome } from '../core/ports/executor.ts'
import type { ProcessTree } from './process-tree.ts'
import type { RunningTry } from './running-try.ts'

export type ChildState = 'starting' | 'idle' | 'busy' | 'dying' | 'gone'

export interface ChildHandle {
  readonly pid: number | null
  readonly memoryLimitMb: number
  readonly state: ChildState
  readonly triesRun: number
  readonly bundles: ReadonlySet<string>
  readonly running: RunningTry | null
  /** Monotonic; when it last became idle. */
  readonly idleSince: number
  /** Monotonic; when its heartbeat thread was last heard. */
  lastBeat: number
  readonly tree: ProcessTree | null
  /** The running try started processes: its memory is that of a tree. */
  readonly hasProcesses: boolean
  readonly rssBytes: number
  assign(running: RunningTry): void
  /** Asks the running try to stop, then ends it; `now` leaves out the asking. */
  doom(cause: CauseOfDeath, how: 'ask' | 'now'): void
  /** Ends an idle child. */
  end(): void
}

export interface ChildHooks {
  idle(child: ChildHandle): void
  settled(running: RunningTry, outcome: TryOutcome, pid: number | null): void
  started(running: RunningTry, pid: number): void
  /** No process is left. `startFailure` says why it never became ready. */
  gone(child: ChildHandle, startFailure: string | null): void
}
