/**
 * The executor contract. The scheduler dispatches tries after the commit that queued them; the executor runs each
 * exactly as dispatched and tells what became of it. Held by one conformance suite (`tests/executor/conformance.ts`)
 * that every executor passes.
 *
 * Rules an executor keeps:
 * - every dispatched try ends in exactly one `ended` report, whatever happens to its process;
 * - `ended` is reported only when no process of that try is left;
 * - a finished report is kept and offered again by `inventory()` until it is acknowledged;
 * - it never waits for the scheduler and never throws from `dispatch` or `cancel`.
 */
import type { CauseOfDeath } from '../cause-of-death.ts'
import type { TryKey } from '../ids.ts'
import type { Json } from '../json.ts'
import type { BranchSpec, InputBinding, TriggerSpec } from '../serialized-dag.ts'
import type { RunType } from '../states.ts'

/** Everything a host needs to run one try, except the code and the values, which it asks the worker API for. */
export interface Dispatch {
  readonly key: TryKey
  /** Epoch of the leader that committed it; a host refuses older ones than it has seen. */
  readonly epoch: number
  readonly dagId: string
  readonly runId: string
  /** Numeric id of the run; the correlation id in events. */
  readonly dagRunId: number
  readonly taskId: string
  /** -1 unless mapped. */
  readonly mapIndex: number
  /** `compensation`: the task's compensating code runs, not its handler; with `trigger`, the triggered run is compensated. */
  readonly kind: 'task' | 'trigger' | 'compensation'
  /** Only for a compensation. */
  readonly compensation?: CompensationOrder
  /** JSON object text: arguments that replace those of `inputs`. */
  readonly inputOverrides?: string
  /** Hash of the bundle that holds the handler. */
  readonly bundleHash: string
  readonly inputs: Readonly<Record<string, InputBinding>>
  /** The try whose XComs each upstream id in `inputs` means (its last one). */
  readonly upstreamTries: Readonly<Record<string, TryKey>>
  readonly branches?: readonly BranchSpec[]
  readonly trigger?: TriggerSpec
  readonly context: DispatchContext
  readonly timeoutMs: number | null
  readonly memoryLimitMb: number | null
  readonly isolation: 'warm' | 'process'
  readonly doXcomPush: boolean
  /** Effective weight: of tries that wait on the host the one with the highest begins first. */
  readonly priority: number
}

/** What `getContext()` shows the handler. Instants are epoch milliseconds. */
export interface DispatchContext {
  readonly runType: RunType
  readonly logicalDate: number | null
  readonly dataIntervalStart: number | null
  readonly dataIntervalEnd: number | null
  readonly runAfter: number
  readonly timezone: string
  /** conf merged over the defaults of the params schema. */
  readonly params: Json
  readonly maxTries: number
  /** The same on every retry of the TI and after every crash; another one for its compensation. */
  readonly idempotencyKey: string
  readonly correlationId: string | null
}

/** What a compensation is told besides the inputs of the task. */
export interface CompensationOrder {
  /** The try whose return value is `output`; its XCom may be missing. */
  readonly forwardTry: TryKey
  /** Failure that is the cause, or the task's own where it failed itself; `null` when started by hand. */
  readonly error: { readonly taskId: string; readonly message: string } | null
}

export type TryOutcome =
  | {
      readonly state: 'success'
      /** Return value and further XComs, already stored when large. */
      readonly xcoms: readonly XComValue[]
      /** For a task with branches: the candidates that are followed. */
      readonly followed?: readonly string[]
    }
  | { readonly state: 'skipped'; readonly message: string }
  | { readonly state: 'failed'; readonly cause: CauseOfDeath }

export interface XComValue {
  readonly key: string
  /** JSON text, at most 64 KiB; `null` when `stored` (the host wrote it through the worker API before). */
  readonly json: string | null
  readonly stored: boolean
}

export interface TryStarted {
  readonly type: 'started'
  readonly key: TryKey
  readonly at: number
  readonly host: string
  readonly pid: number
}

export interface TryEnded {
  readonly type: 'ended'
  readonly key: TryKey
  /** When user code began; `null` if it never did. */
  readonly startedAt: number | null
  readonly endedAt: number
  readonly host: string
  readonly pid: number | null
  readonly outcome: TryOutcome
}

export type ExecutorReport = TryStarted | TryEnded

export interface Inventory {
  /** Dispatched or running here. */
  readonly running: readonly TryKey[]
  /** Ended here and not acknowledged. */
  readonly finished: readonly TryEnded[]
}

export interface CancelReason {
  /** Who or what asked: `user:anna`, `dagrun timeout`, `stale try`, `shutdown`, `drain`. */
  readonly by: string
  /** Its processes are killed without a time to end by themselves: another leader will soon repeat the try. */
  readonly atOnce?: boolean
  /** Only if it waits for a slot; what has begun goes on. */
  readonly ifWaiting?: boolean
}

export interface Executor {
  /** Names this host and its generation, beginning `hostname:pid:start`. Stored with every execution. */
  readonly host: string
  /** Most tries it runs at once. */
  readonly slots: number
  /**
   * Most tries beyond `slots` that may be dispatched to it at once: they wait here, those of higher priority first, and
   * begin when a slot is free. 0: none.
   */
  readonly mostAhead: number
  start(report: (reports: readonly ExecutorReport[]) => void): Promise<void>
  dispatch(tries: readonly Dispatch[]): void
  /** Ends the whole process tree of the try; its report then has the cause `cancelled`. Unknown keys are ignored. */
  cancel(keys: readonly TryKey[], reason: CancelReason): void
  /** The scheduler has committed these results. */
  acknowledge(keys: readonly TryKey[]): void
  inventory(): Inventory
  /**
   * No new tries: those that wait for a slot, or still come, are cancelled. Running ones may end for `graceMs`, then are
   * cancelled too. Resolves when no process is left.
   */
  stop(graceMs: number, reason: CancelReason): Promise<void>
}
