/**
 * What an author can set on a Dag, a group and a task. Everything is optional; what is not set takes the platform's default
 * when the Dag runs, so nothing here has a default of its own. A name that is not listed is an error of `tsc` and an import
 * problem. Airflow's own names (`dagDisplayName`, `executionTimeout`, `retryExponentialBackoff`) mean what they mean there.
 */
import type { ErrorStrategy, TriggerRule, WeightRule } from '../core/serialized-dag.ts'
import type { ParamsSpec } from './params.ts'
import type { JsonInput } from './task-ref.ts'

/** Seconds as a number, or text such as `'30 s'`, `'5 min'`, `'2 hours'`, `'1 day'`, `'1 h 30 min'`, `'250 ms'`. */
export type Duration = number | string

/**
 * An instant, or ISO text. Text without an offset is local time in the Dag's zone: in a gap of daylight saving it is moved
 * forward, of two equal times it is the second. A date alone is its first instant as a start, its last as an end.
 */
export type DateInput = Date | string

/** A period by the calendar, counted from `startDate` by the wall clock of the Dag's zone. */
export interface CalendarPeriod {
  readonly years?: number | undefined
  readonly months?: number | undefined
  readonly weeks?: number | undefined
  readonly days?: number | undefined
}

/** What schedules of more than one value may add. */
export interface ScheduleExtras {
  /** Local dates, `YYYY-MM-DD`, on which nothing fires: holidays. */
  readonly except?: readonly string[] | undefined
  /** A run covers the time from one tick to the next and is named after its beginning, as in Airflow 2. */
  readonly dataIntervals?: boolean | undefined
}

/**
 * When a Dag runs by itself: five cron fields, a preset, an interval, several crons, working days, given instants, or `null` for
 * never (docs/timetables.md).
 */
export type ScheduleInput =
  | (string & {})
  | '@once'
  | '@hourly'
  | '@daily'
  | '@midnight'
  | '@weekly'
  | '@monthly'
  | '@quarterly'
  | '@yearly'
  | '@annually'
  | ({ readonly every: Duration | CalendarPeriod } & ScheduleExtras)
  | ({ readonly cron: string | readonly string[] } & ScheduleExtras)
  /** Monday to Friday at this time, `07:30`. */
  | ({ readonly workdays: string } & ScheduleExtras)
  /** At these instants only. */
  | { readonly at: readonly DateInput[]; readonly except?: undefined; readonly dataIntervals?: undefined }
  | null

/** Options that a Dag or a group can set for all its tasks (`defaultArgs`); a task's own go before them. */
export interface DefaultTaskOptions {
  /** Further tries after a failure. */
  readonly retries?: number | undefined
  /** Wait before the first retry. */
  readonly retryDelay?: Duration | undefined
  /** Each further wait is this many times longer; 1 keeps it fixed. */
  readonly retryBackoff?: number | undefined
  /** Airflow's name for `retryBackoff`: `true` is 2, `false` and 0 are 1. */
  readonly retryExponentialBackoff?: number | boolean | undefined
  /** No wait between tries is longer. */
  readonly maxRetryDelay?: Duration | undefined
  /** Share of the wait that is added by chance, 0 to 1. */
  readonly retryJitter?: number | undefined
  /** Running time of one try after which it is ended; `null` for none. Waiting for a slot does not count. */
  readonly timeout?: Duration | null | undefined
  /** Airflow's name for `timeout`. */
  readonly executionTimeout?: Duration | null | undefined
  /** What its final failure leads to, and whether it is retried before; the Dag's unless set. */
  readonly errorStrategy?: ErrorStrategy | undefined
  /** Which states upstream let it run; `all_success` unless set. */
  readonly triggerRule?: TriggerRule | undefined
  readonly pool?: string | undefined
  /** Slots of the pool that one try takes. */
  readonly poolSlots?: number | undefined
  /** Higher goes first. */
  readonly priorityWeight?: number | undefined
  readonly weightRule?: WeightRule | undefined
  /** Most instances of this task at once over all runs. */
  readonly maxActiveTisPerDag?: number | undefined
  /** Most instances of this task at once in one run. */
  readonly maxActiveTisPerDagrun?: number | undefined
  /** `process`: each try gets a process of its own. */
  readonly isolation?: 'warm' | 'process' | undefined
  readonly memoryLimitMb?: number | undefined
  /** `false`: the return value is not kept. */
  readonly doXcomPush?: boolean | undefined
  readonly docMd?: string | undefined
  readonly owner?: string | undefined
  /** No instance in runs with an earlier logical date. */
  readonly startDate?: DateInput | undefined
  /** No instance in runs with a later logical date. */
  readonly endDate?: DateInput | undefined
}

export interface TaskOptions extends DefaultTaskOptions {
  /** The id, when it is not the first argument. */
  readonly taskId?: string | undefined
}

export interface TaskGroupOptions {
  readonly docMd?: string | undefined
  /** `false` keeps the ids inside as they are written. */
  readonly prefixGroupId?: boolean | undefined
  readonly defaultArgs?: DefaultTaskOptions | undefined
}

export interface DagOptions<P extends ParamsSpec = ParamsSpec> {
  /** Not set: it runs only when triggered. */
  readonly schedule?: ScheduleInput | undefined
  /** IANA name, such as `Europe/Berlin`; `UTC` unless set. */
  readonly timezone?: string | undefined
  /** First instant a scheduled run may have. */
  readonly startDate?: DateInput | undefined
  /** Last instant a scheduled run may have. */
  readonly endDate?: DateInput | undefined
  /** Run what was missed since `startDate`. */
  readonly catchup?: boolean | undefined
  readonly maxActiveRuns?: number | undefined
  /** Most tasks at once in one run. */
  readonly maxActiveTasks?: number | undefined
  /** A run older than this fails. */
  readonly dagrunTimeout?: Duration | undefined
  /** What the final failure of a task leads to: `retry-then-compensate` unless set here or in the configuration. */
  readonly errorStrategy?: ErrorStrategy | undefined
  /** The first final failure ends the run: what has not begun is skipped, what runs is cancelled. */
  readonly failFast?: boolean | undefined
  /** By what people search: text with params in it, such as `'order-{params.orderId}'`. A trigger may give another one. */
  readonly correlationId?: string | undefined
  readonly isPausedUponCreation?: boolean | undefined
  readonly displayName?: string | undefined
  /** Airflow's name for `displayName`. */
  readonly dagDisplayName?: string | undefined
  readonly description?: string | undefined
  readonly docMd?: string | undefined
  readonly owner?: string | undefined
  readonly tags?: readonly string[] | undefined
  /** What a run can be started with: see `ParamsSpec`. */
  readonly params?: P | undefined
  readonly defaultArgs?: DefaultTaskOptions | undefined
}

/** What a `triggerDagRun` task starts. */
export interface TriggerDagRunSpec {
  /** The Dag to run. */
  readonly dagId: string
  /** An object; references may stand for parts. */
  readonly conf?: JsonInput
  /** Made from the time when not set. */
  readonly runId?: string | undefined
  readonly logicalDate?: DateInput | undefined
  readonly note?: string | undefined
}
