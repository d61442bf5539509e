/**
 * Rows as the scheduler knows them: what a Store loads at the start of a term and what a tick writes. Field names are
 * the columns' in camel case. Instants are epoch milliseconds, ids are numbers below 2^53, JSON travels as text and is
 * never parsed by the database.
 */
import type { CauseOfDeath } from './cause-of-death.ts'
import type { ErrorStrategy, ImportProblem, SerializedDag } from './serialized-dag.ts'
import type { RunState, RunType, TiState } from './states.ts'

export interface DagRecord {
  readonly dagId: string
  /** Declaring file, relative to the Dags folder. */
  readonly file: string
  readonly isPaused: boolean
  /** False once its file is gone or no longer declares it; history stays. */
  readonly isActive: boolean
  readonly versionId: number
  /** Logical date of the newest automatic (scheduled) run, or `null`. Manual runs never move the schedule. */
  readonly lastLogicalDate: number | null
  /** End of that run's data interval. */
  readonly lastIntervalEnd: number | null
  /** Since when its schedule counts: first seen, unpaused, or schedule changed. Without catchup nothing earlier fires. */
  readonly scheduleSince: number
  /** What is due next, for people to read; the scheduler computes it anew at load. */
  readonly nextRunAfter: number | null
  readonly nextLogicalDate: number | null
}

/** One version of a Dag: its serialized form and the bundle that runs it. */
export interface DagVersionRecord {
  readonly versionId: number
  readonly dagId: string
  /** 1, 2, ... per Dag. */
  readonly versionNumber: number
  /** Of the canonical serialized form and the bundle hash; equal content makes no new version. */
  readonly contentHash: string
  readonly bundleHash: string
  readonly serialized: SerializedDag
  readonly createdAt: number
}

export interface RunRecord {
  readonly id: number
  readonly dagId: string
  /** `scheduled__2026-01-01T00:00:00.000Z`, `manual__...`, or the caller's own. Unique per Dag. */
  readonly runId: string
  readonly runType: RunType
  readonly state: RunState
  readonly versionId: number
  readonly logicalDate: number | null
  readonly dataIntervalStart: number | null
  readonly dataIntervalEnd: number | null
  readonly runAfter: number
  readonly queuedAt: number
  readonly startDate: number | null
  readonly endDate: number | null
  /** JSON text: params defaults with the caller's conf merged over them. */
  readonly conf: string
  readonly note: string | null
  /** Who made it: `schedule`, `user:anna`, `task:<dag>/<run>/<task>`. */
  readonly triggeredBy: string
  /** Business id by which people search (an order number): given by the trigger, made by the Dag, or inherited. */
  readonly correlationId: string | null
  /** The trigger's own key: a further trigger of the Dag with it is answered with this run. */
  readonly triggerKey: string | null
}

export interface TiRecord {
  readonly id: number
  readonly dagRunId: number
  readonly taskId: string
  /** -1 unless mapped. */
  readonly mapIndex: number
  readonly state: TiState
  /** Number of the current or last try; 0 before the first. */
  readonly tryNumber: number
  /** Tries it may have: retries + 1, plus one for each try lost to the platform. */
  readonly maxTries: number
  /** Own failures since creation or the last clear: the exponent of the backoff. */
  readonly failures: number
  /** Tries lost to the platform since creation or the last clear; bounded by `maxPlatformLosses`. */
  readonly losses: number
  /** For `up_for_retry`: when it becomes ready again. */
  readonly retryAt: number | null
  readonly startDate: number | null
  readonly endDate: number | null
  /** Task ids that its branches excluded when it succeeded, JSON array text, or `null`. */
  readonly branchSkips: string | null
}

/** A try: one row for each dispatch, kept for ever. */
export interface TryRecord {
  readonly tiId: number
  readonly tryNumber: number
  readonly dagRunId: number
  readonly queuedAt: number
  readonly startDate: number | null
  readonly endDate: number | null
  /** `queued`, `running`, then how it ended. */
  readonly state: TiState
  readonly host: string | null
  readonly pid: number | null
  readonly cause: CauseOfDeath | null
}

/** A live execution, in the small `active` table that recovery reads. */
export interface ExecutionRecord {
  readonly tiId: number
  readonly tryNumber: number
  readonly dagRunId: number
  readonly host: string
  readonly epoch: number
  /** JSON array of `[limit, units]` it holds until it has ended, whatever becomes of its run or its Dag meanwhile. */
  readonly units: string
}

/**
 * The undoing of one TI's success (or failure, where declared so). One row for each time it is planned, kept for ever: tries
 * of the TI from `firstTry` to `lastTry` ran its compensation and not its handler.
 */
export interface CompensationRecord {
  readonly tiId: number
  /** The try whose effects are undone; with `tiId` the key. */
  readonly forwardTry: number
  readonly dagRunId: number
  /** What the TI was before. */
  readonly forwardState: 'success' | 'failed'
  /** `withdrawn`: called off before it began, the TI is what it was before. */
  readonly state: 'compensating' | 'compensated' | 'compensation_failed' | 'withdrawn'
  /** Saga (group) id, or `null`: of the whole run. */
  readonly scope: string | null
  readonly firstTry: number | null
  readonly lastTry: number | null
  readonly plannedAt: number
  readonly endedAt: number | null
  /** `scheduler`, `user:anna`. */
  readonly actor: string
  /** Task whose failure is the cause; `null` when started by hand on a run in which none failed. */
  readonly failedTask: string | null
  /** What the compensating code is told of that failure (its own, for one that failed itself); one sentence. */
  readonly error: string | null
}

/** A final failure: a try after which nothing is repeated by itself. Key: (tiId, tryNumber). */
export interface DeadLetterRecord {
  readonly tiId: number
  readonly tryNumber: number
  readonly dagRunId: number
  readonly dagId: string
  readonly taskId: string
  readonly mapIndex: number
  readonly versionId: number
  readonly kind: 'task' | 'compensation'
  readonly strategy: ErrorStrategy
  /** Equal for failures that are probably the same fault (`core/fingerprint.ts`). */
  readonly fingerprint: string
  readonly causeKind: CauseOfDeath['kind']
  /** Of the cause, at most 500 characters. The whole cause is in the try. */
  readonly message: string
  readonly at: number
}

/** What became of a dead letter; a letter without one is open. */
export interface DeadLetterOutcome {
  readonly tiId: number
  readonly tryNumber: number
  readonly status: 'redriven' | 'discarded'
  readonly reason: string | null
  readonly actor: string
  readonly at: number
}

/** What an operator changed of one TI; few have one. */
export interface TiOverrideRecord {
  readonly tiId: number
  readonly dagRunId: number
  /** Raised by a clear that asks for new idempotency keys; 0 at first. */
  readonly life: number
  /** JSON object text: arguments that replace the bound ones of the same name; `null`: none. */
  readonly inputs: string | null
}

export interface PoolRecord {
  readonly name: string
  /** -1: unlimited. */
  readonly slots: number
  readonly description: string | null
}

/** A line of the append-only history, for people. */
export interface EventLine {
  readonly id: number
  readonly at: number
  /** Numeric run id: the correlation id; `null` for events outside a run. */
  readonly dagRunId: number | null
  readonly dagId: string | null
  readonly tiId: number | null
  readonly tryNumber: number | null
  /** `run.queued`, `run.running`, `run.success`, `ti.queued`, `ti.success`, `dag.paused`, `command.refused`, ... */
  readonly kind: string
  /** `scheduler`, `schedule`, `user:anna`, `task:...`, `host:...`. */
  readonly actor: string
  /** One readable sentence, or `null`. */
  readonly cause: string | null
}

export interface EventRecord extends EventLine {
  /** JSON text (core/event-log/event-data.ts): what the other fields do not say and a rebuild needs; `null` for most. */
  readonly data: string | null
}

export interface XComRecord {
  readonly tiId: number
  readonly tryNumber: number
  readonly key: string
  readonly dagRunId: number
  readonly json: string
}

export interface ImportErrorRecord {
  readonly file: string
  readonly problems: readonly ImportProblem[]
  readonly at: number
}

export interface ClearOptions {
  /** Empty: all tasks of the run. */
  readonly taskIds: readonly string[]
  readonly upstream: boolean
  readonly downstream: boolean
  /** Only those that are failed or upstream_failed, were undone, or could not be. */
  readonly onlyFailed: boolean
  /** Only those that are queued or running. */
  readonly onlyRunning: boolean
  /** Gives the cleared TIs new idempotency keys: what they did before is to be done again. */
  readonly newKeys?: boolean
  /** The run goes on with the newest version of its Dag. */
  readonly newest?: boolean
}

export interface MarkOptions {
  readonly taskIds: readonly string[]
  readonly state: 'success' | 'failed' | 'skipped'
  readonly upstream: boolean
  readonly downstream: boolean
}

/** A variable as it is stored. */
export interface StoredVariable {
  readonly key: string
  /** Encrypted when it is a secret. */
  readonly value: string
  readonly isSecret: boolean
  readonly description: string | null
}

/** A connection as it is stored. */
export interface StoredConnection {
  readonly id: string
  readonly type: string
  readonly description: string | null
  readonly host: string | null
  readonly schema: string | null
  readonly login: string | null
  readonly port: number | null
  /** Encrypted. Left out: as it was. */
  readonly password?: string | null
  /** JSON text, encrypted. Left out: as it was. */
  readonly extra?: string | null
}

/** What operators and tasks ask for; inserted by anyone, taken by the leader in order of id. */
export type CommandRequest =
  | {
      readonly kind: 'trigger'
      readonly dagId: string
      readonly runId?: string
      readonly logicalDate?: number
      /** JSON text. */
      readonly conf?: string
      readonly note?: string
      readonly correlationId?: string
      /** Of the run whose task triggers: for a Dag that makes none. */
      readonly inheritedCorrelationId?: string
      /** Used before for this Dag: answered with that run, nothing new. */
      readonly triggerKey?: string
    }
  | { readonly kind: 'pause'; readonly dagId: string }
  /** Creates or resizes a pool; -1 slots: unlimited. */
  | { readonly kind: 'set-pool'; readonly name: string; readonly slots: number; readonly description?: string }
  | { readonly kind: 'unpause'; readonly dagId: string }
  /**
   * Clears TIs of one run: they run again. What exactly is `planClear` (core/clear.ts), the same function the dry run shows.
   * Answer: `{ dag_run_id, task_ids }`.
   */
  | ({ readonly kind: 'clear'; readonly dagId: string; readonly runId: string } & ClearOptions)
  /** Sets TIs of one run to a final state; `planMark` says which. Answer as for `clear`, with the `cleared` ones below. */
  | ({ readonly kind: 'mark'; readonly dagId: string; readonly runId: string } & MarkOptions)
  /** Ends a whole run as success or failed (airflow-behaviour 2.11). */
  | { readonly kind: 'mark-run'; readonly dagId: string; readonly runId: string; readonly state: 'success' | 'failed' }
  /** Ends live tries for good (no retry), of these tasks, or of the whole run, which then fails. */
  | {
      readonly kind: 'cancel'
      readonly dagId: string
      readonly runId: string
      readonly taskIds?: readonly string[]
      /** Of a whole run: what it completed is not undone. */
      readonly withoutCompensation?: boolean
    }
  /**
   * Undoes what a run completed: of a finished run now, of a running one after it was stopped; what failed to be undone is
   * tried again. `planCompensation` (core/saga.ts) says which. Without `taskIds`: all. Answer: `{ dag_run_id, task_ids }`.
   */
  | {
      readonly kind: 'compensate'
      readonly dagId: string
      readonly runId: string
      readonly taskIds?: readonly string[]
    }
  /**
   * Runs what failed for good again, with all below it; a failed compensation is tried again. At most `MOST_LETTERS`.
   * Answer: `{ redriven: [{ ti_id, try_number, dag_run_id }], refused: [{ ti_id, try_number, message }] }`.
   */
  | {
      readonly kind: 'redrive'
      readonly letters: readonly LetterName[]
      readonly newest?: boolean
      readonly newKeys?: boolean
      /** JSON object text: arguments that replace the bound ones; for one letter only. */
      readonly inputs?: string
    }
  | { readonly kind: 'discard-letters'; readonly letters: readonly LetterName[]; readonly reason: string }
  /** `note: null` takes it away. With `taskId`: of that TI. */
  | {
      readonly kind: 'note'
      readonly dagId: string
      readonly runId: string
      readonly taskId?: string
      readonly note: string | null
    }
  /** Finished runs only: the run, its TIs, tries and XComs go; its events stay. */
  | { readonly kind: 'delete-run'; readonly dagId: string; readonly runId: string }
  | { readonly kind: 'delete-pool'; readonly name: string }
  /**
   * The Dag with its versions, runs, TIs, tries, XComs and notes; its events stay. Refused while tries of it run. A large
   * one goes piece by piece over many ticks; its answer comes with the last. While its file is there, the next parse of
   * that file makes a new Dag of it.
   */
  | { readonly kind: 'delete-dag'; readonly dagId: string }
  /** Makes or replaces them, all or none; with `onlyNew`, refused when one is there. At most `MOST_VALUES`. */
  | { readonly kind: 'set-variable'; readonly variables: readonly StoredVariable[]; readonly onlyNew?: boolean }
  | { readonly kind: 'delete-variable'; readonly key: string }
  /** As for variables. */
  | { readonly kind: 'set-connection'; readonly connections: readonly StoredConnection[]; readonly onlyNew?: boolean }
  | { readonly kind: 'delete-connection'; readonly id: string }
  /** No new tries anywhere until `resume`; what runs may end. Shown by every client. */
  | { readonly kind: 'drain' }
  | { readonly kind: 'resume' }

/** Names a dead letter and what has to be loaded to redrive it. */
export interface LetterName {
  readonly tiId: number
  readonly tryNumber: number
  readonly dagId: string
  readonly runId: string
}

/** Dead letters that one command may name: a tick stays short. */
export const MOST_LETTERS = 100

/** Variables or connections that one command may set: a tick stays short. */
export const MOST_VALUES = 500

export interface CommandRecord {
  readonly id: number
  readonly request: CommandRequest
  readonly actor: string
  readonly createdAt: number
  /** Refused with `expired` when taken later than this. */
  readonly notAfter: number | null
}

/** `code` is from the table of error codes; `value` is JSON text whose shape depends on the command. */
export type CommandAnswer =
  | { readonly ok: true; readonly value: string }
  | { readonly ok: false; readonly code: string; readonly message: string }
