/** What a test may ask of a run of a Dag, and what it learns about it. */
import type { Json } from '../../core/json.ts'
import type { RunState, TiState } from '../../core/states.ts'

/** How tries of a task fail. */
export interface Fault {
  /** So many of its first tries, or `'all'`. */
  readonly tries: number | 'all'
  /**
   * `'before'` the handler runs: nothing was done. `'after'` it: everything was done and nobody knows, as when a process
   * dies with its result; a task must stand that, too. Default: `'before'`.
   */
  readonly when?: 'before' | 'after'
}

/** By task id; a number is that many first tries. */
export type Faults = Readonly<Record<string, number | 'all' | Fault>>

export interface RunOptions<P = { readonly [name: string]: Json }> {
  /** Over the defaults of the Dag's params. */
  readonly params?: Partial<P>
  /** ISO 8601 with zone, or a Date. Without it, now. */
  readonly logicalDate?: string | Date
  readonly runId?: string
  readonly variables?: Readonly<Record<string, string>>
  readonly connections?: Readonly<Record<string, ConnectionValues>>
  /** `getContext().filesDir`. A temporary folder when left out, removed when this process ends. */
  readonly filesDir?: string
  /** Tries that fail: `{ charge: 1 }` the first one, `{ charge: 'all' }` all of them. */
  readonly fail?: Faults
  /** The same for compensations, by the id of the task that is undone. */
  readonly failCompensation?: Faults
}

export interface ConnectionValues {
  readonly type: string
  readonly host?: string
  readonly schema?: string
  readonly login?: string
  readonly password?: string
  readonly port?: number
  readonly extra?: string
}

/** What became of one task. */
export interface TaskOutcome {
  readonly taskId: string
  readonly state: TiState
  /** Tries in all, those of its compensation too. */
  readonly tries: number
  /** What it returned; `null` if it returned nothing or did not succeed. */
  readonly result: unknown
  /** Of its last try, where that failed. */
  readonly error: string | null
}

/** A run that has ended. Each member tells how it stands now; `redrive` and the like go on with the same run. */
export interface DagRun {
  readonly runId: string
  readonly state: RunState
  /** By task id, in the order in which the tasks were placed. */
  readonly tasks: Readonly<Record<string, TaskOutcome>>
  /** State by task id, for one comparison of all of them. */
  readonly states: Readonly<Record<string, TiState>>
  /** What a task returned. Throws when it did not succeed. */
  result<T = unknown>(taskId: string): T
  /** Number of tries by task id. */
  readonly tries: Readonly<Record<string, number>>
  /** What failed for good, in order. */
  readonly deadLetters: readonly DeadLetter[]
  /** The variables as they are: a test may change them between one step and the next. */
  readonly variables: Map<string, string>
  /** What the tasks wrote by their logger, one after another. */
  readonly logs: readonly { readonly taskId: string; readonly level: string; readonly text: string }[]
  readonly filesDir: string
  /** Runs a task that failed for good again, with all below it, until the run has ended once more. */
  redrive(taskId: string, options?: RedriveOptions): Promise<void>
  /** Undoes what the run completed, as a person would by hand. */
  compensate(): Promise<void>
}

export interface RedriveOptions {
  /** Arguments that replace those of the same name. */
  readonly inputs?: Readonly<Record<string, unknown>>
  /** New idempotency keys: what it did before is to be done again. */
  readonly newKeys?: boolean
}

/** A final failure, of a task or of its compensation. */
export interface DeadLetter {
  readonly taskId: string
  readonly tryNumber: number
  readonly kind: 'task' | 'compensation'
  readonly message: string
  readonly status: 'open' | 'redriven' | 'discarded'
}
