/**
 * What a Dag file becomes: plain data, produced in the parse child, stored by version, read by the scheduler, the web
 * server and the workers. It holds only what the author set; platform defaults are applied when a graph is built from
 * it (`core/graph.ts`), so changing a default makes no new version. All durations are milliseconds, all instants epoch
 * milliseconds.
 */
import type { Json } from './json.ts'

/** Raised when the shape below changes; `core` upgrades older ones by pure functions. */
export const SERIALIZED_FORMAT = 1

export const TRIGGER_RULES = [
  'all_success',
  'all_failed',
  'all_done',
  'all_skipped',
  'one_success',
  'one_failed',
  'one_done',
  'none_failed',
  'none_failed_min_one_success',
  'none_skipped',
  'all_done_min_one_success',
  'always',
] as const
export type TriggerRule = (typeof TRIGGER_RULES)[number]

export const WEIGHT_RULES = ['absolute', 'downstream', 'upstream'] as const
export type WeightRule = (typeof WEIGHT_RULES)[number]

/** When a Dag runs by itself. Cron presets (`@daily`, ...) are already expanded to five fields. */
export type Schedule =
  | { readonly kind: 'none' }
  | { readonly kind: 'once' }
  | { readonly kind: 'cron'; readonly expression: string }
  | { readonly kind: 'interval'; readonly everyMs: number }
  /** The ticks of all sources together; those that coincide are one. */
  | {
      readonly kind: 'ticks'
      readonly sources: readonly TickSource[]
      /** A run covers the time from one tick to the next and is named after its beginning, as in Airflow 2. */
      readonly dataIntervals?: boolean
      /** Local dates, `YYYY-MM-DD`, on which nothing fires. */
      readonly except?: readonly string[]
    }
  /** At these instants only, sorted. */
  | { readonly kind: 'events'; readonly at: readonly number[] }
  /** The next run begins when the one before has ended. */
  | { readonly kind: 'continuous' }

export type TickSource =
  | { readonly kind: 'cron'; readonly expression: string }
  | { readonly kind: 'interval'; readonly everyMs: number }
  /** Counted from the start date by the wall clock of the Dag's zone; a day that a month lacks is its last one. */
  | { readonly kind: 'calendar'; readonly months: number; readonly days: number }

/**
 * Where a task's argument comes from. `xcom` is the upstream's return value, `param` a field of the run's params (`null`
 * when the run has none of that name); lists and objects may nest.
 */
export type InputBinding =
  | { readonly kind: 'literal'; readonly value: Json }
  | { readonly kind: 'param'; readonly name: string }
  | { readonly kind: 'xcom'; readonly taskId: string }
  | { readonly kind: 'list'; readonly items: readonly InputBinding[] }
  | { readonly kind: 'object'; readonly fields: Readonly<Record<string, InputBinding>> }

/**
 * A choice attached to the task that decides. The child that ran the task turns its return value into the task ids
 * that are followed; core skips the other candidates (except those also downstream of a followed one).
 */
export type BranchSpec =
  | { readonly kind: 'if'; readonly then: readonly string[]; readonly else: readonly string[] }
  | {
      readonly kind: 'switch'
      /** `value` is what the decider returns for this case; by default the case's own task (or group) id. */
      readonly cases: readonly { readonly value: Json; readonly taskIds: readonly string[] }[]
      /** Followed when no case matches; without it such a value fails the task. */
      readonly otherwise?: readonly string[]
    }

/** Options of a `triggerDagRun` task; the task runs no user code. */
export interface TriggerSpec {
  readonly dagId: string
  readonly conf?: InputBinding
  readonly runId?: string
  readonly logicalDate?: number
  readonly note?: string
}

/** What the final failure of a task leads to, and whether it is retried before. */
export const ERROR_STRATEGIES = ['retry', 'compensate', 'dead-letter', 'retry-then-compensate'] as const
export type ErrorStrategy = (typeof ERROR_STRATEGIES)[number]

/** How a task is undone; the code is in the bundle. What is left out follows the platform's defaults for tasks. */
export interface CompensateSpec {
  /** Also when the task failed for good: it may have done part of its work. */
  readonly alsoWhenFailed?: boolean
  readonly retries?: number
  readonly retryDelayMs?: number
  readonly retryBackoff?: number
  readonly maxRetryDelayMs?: number
  /** `null`: the author asked for none. */
  readonly timeoutMs?: number | null
}

export interface SerializedTask {
  readonly taskId: string
  readonly kind: 'task' | 'trigger'
  /** Innermost group, if any. */
  readonly groupId?: string
  /** Direct upstream task ids: data and order edges together, sorted, without doubles. */
  readonly upstream: readonly string[]
  /** Handler arguments by name. */
  readonly inputs: Readonly<Record<string, InputBinding>>
  readonly branches?: readonly BranchSpec[]
  readonly trigger?: TriggerSpec
  /** Of a `trigger` task: the run it triggered is compensated. */
  readonly compensate?: CompensateSpec
  readonly errorStrategy?: ErrorStrategy
  readonly triggerRule?: TriggerRule
  readonly retries?: number
  readonly retryDelayMs?: number
  /** Multiplier of the exponential backoff; 1 means a fixed delay. */
  readonly retryBackoff?: number
  readonly maxRetryDelayMs?: number
  /** Share of the delay added at random (by hash), 0 to 1. */
  readonly retryJitter?: number
  /** Per try, running time only. `null`: the author asked for none. */
  readonly timeoutMs?: number | null
  readonly pool?: string
  readonly poolSlots?: number
  readonly priorityWeight?: number
  readonly weightRule?: WeightRule
  readonly maxActiveTisPerDag?: number
  readonly maxActiveTisPerDagrun?: number
  readonly isolation?: 'warm' | 'process'
  readonly memoryLimitMb?: number
  readonly doXcomPush?: boolean
  readonly startDate?: number
  readonly endDate?: number
  readonly docMd?: string
  readonly owner?: string
  /** Where the task was declared, for error messages and the page. */
  readonly line?: number
}

export interface SerializedGroup {
  readonly groupId: string
  readonly parentId?: string
  readonly docMd?: string
  /** Its tasks are undone together when one of them fails, and the run goes on below it. */
  readonly saga?: boolean
}

export interface SerializedDag {
  readonly format: typeof SERIALIZED_FORMAT
  readonly dagId: string
  readonly displayName?: string
  readonly description?: string
  readonly docMd?: string
  readonly owner?: string
  readonly tags: readonly string[]
  /** Path of the declaring file, relative to the Dags folder, with forward slashes. */
  readonly file: string
  readonly line?: number
  readonly schedule: Schedule
  /** IANA name; `UTC` by default. */
  readonly timezone: string
  readonly startDate?: number
  readonly endDate?: number
  readonly catchup?: boolean
  readonly maxActiveRuns?: number
  readonly maxActiveTasks?: number
  readonly dagrunTimeoutMs?: number
  readonly errorStrategy?: ErrorStrategy
  /** The first final failure ends the whole run: what has not begun is skipped, what runs is cancelled. */
  readonly failFast?: boolean
  /** Template over the run's params: `order-{params.orderId}`. */
  readonly correlationId?: string
  readonly isPausedUponCreation?: boolean
  /** JSON Schema (draft 2020-12 or 07) of an object; conf is validated against it at trigger, after defaults are filled. */
  readonly params?: Json
  /** Written for Airflow's own TypeScript SDK: no timeout unless set. */
  readonly airflow?: boolean
  readonly tasks: readonly SerializedTask[]
  readonly groups: readonly SerializedGroup[]
}

/** A mistake of the author, or anything else that kept a file from being taken. Shown with file, line and remedy. */
export interface ImportProblem {
  /** Stable, lower-case, dashed: `duplicate-task-id`, `cycle`, `bad-cron`, `syntax-error`, `parse-timeout`, ... */
  readonly code: string
  /** Names the value and the cause. */
  readonly message: string
  /** What to do about it. */
  readonly remedy: string
  /** Relative to the Dags folder. */
  readonly file: string
  readonly line?: number
  readonly column?: number
  readonly dagId?: string
  readonly taskId?: string
}
