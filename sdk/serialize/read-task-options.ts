/** The options of tasks, groups and `defaultArgs`, in the units of the serialized form. */
import type { ErrorStrategy, SerializedTask, TriggerRule, WeightRule } from '../../core/serialized-dag.ts'
import { isRecord } from '../declare-task.ts'
import {
  date,
  duration,
  filledText,
  flag,
  numberBetween,
  type OptionNames,
  type OptionTable,
  oneOf,
  type Reader,
  someTime,
  text,
  wholeNumber,
} from './read-options.ts'

type SettingNames =
  | 'errorStrategy'
  | 'triggerRule'
  | 'retries'
  | 'retryDelayMs'
  | 'retryBackoff'
  | 'maxRetryDelayMs'
  | 'retryJitter'
  | 'timeoutMs'
  | 'pool'
  | 'poolSlots'
  | 'priorityWeight'
  | 'weightRule'
  | 'maxActiveTisPerDag'
  | 'maxActiveTisPerDagrun'
  | 'isolation'
  | 'memoryLimitMb'
  | 'doXcomPush'
  | 'startDate'
  | 'endDate'
  | 'docMd'
  | 'owner'

/** What an author set on a task, as it is serialized. */
export type TaskSettings = Partial<Pick<SerializedTask, SettingNames>>

type Writable<T> = { -readonly [K in keyof T]: T[K] }

/** By the names authors use. */
interface TaskOptionValues {
  taskId: string
  /** Read with the task it belongs to. */
  compensate: unknown
  errorStrategy: ErrorStrategy
  triggerRule: TriggerRule
  retries: number
  retryDelay: number
  retryBackoff: number
  maxRetryDelay: number
  retryJitter: number
  timeout: number | null
  pool: string
  poolSlots: number
  priorityWeight: number
  weightRule: WeightRule
  maxActiveTisPerDag: number
  maxActiveTisPerDagrun: number
  isolation: 'warm' | 'process'
  memoryLimitMb: number
  doXcomPush: boolean
  startDate: number
  endDate: number
  docMd: string
  owner: string
}

/** Held to be all of core's by its type: a rule that is missing or too many does not compile. */
const TRIGGER_RULES: Readonly<Record<TriggerRule, true>> = {
  all_success: true,
  all_failed: true,
  all_done: true,
  all_skipped: true,
  one_success: true,
  one_failed: true,
  one_done: true,
  none_failed: true,
  none_failed_min_one_success: true,
  none_skipped: true,
  all_done_min_one_success: true,
  always: true,
}
const ERROR_STRATEGIES: Readonly<Record<ErrorStrategy, true>> = {
  retry: true,
  compensate: true,
  'dead-letter': true,
  'retry-then-compensate': true,
}
const WEIGHT_RULES: Readonly<Record<WeightRule, true>> = { absolute: true, downstream: true, upstream: true }

/** Which errors are retried, undone or only kept. */
export const errorStrategy: Reader<ErrorStrategy> = oneOf(Object.keys(ERROR_STRATEGIES) as ErrorStrategy[])

const backoff: Reader<number> = (value) => {
  if (value === true) return { value: 2 }
  if (value === false || value === 0) return { value: 1 }
  return typeof value === 'number' && value >= 1 && value <= 1_000 ? { value } : { wants: 'a number from 1 to 1000' }
}

const timeout: Reader<number | null> = (value, environment) =>
  value === null ? { value: null } : someTime(value, environment)

const TABLE: OptionTable<TaskOptionValues> = {
  taskId: { read: text },
  compensate: { read: (value) => ({ value }) },
  errorStrategy: { read: errorStrategy },
  triggerRule: { read: oneOf(Object.keys(TRIGGER_RULES) as TriggerRule[]) },
  retries: { read: wholeNumber(0, 10_000) },
  retryDelay: { read: duration },
  retryBackoff: { read: backoff, aliases: ['retryExponentialBackoff'] },
  maxRetryDelay: { read: duration },
  retryJitter: { read: numberBetween(0, 1) },
  timeout: { read: timeout, aliases: ['executionTimeout'] },
  pool: { read: filledText },
  poolSlots: { read: wholeNumber(1) },
  priorityWeight: { read: wholeNumber(-2_147_483_648) },
  weightRule: { read: oneOf(Object.keys(WEIGHT_RULES) as WeightRule[]) },
  maxActiveTisPerDag: { read: wholeNumber(1) },
  maxActiveTisPerDagrun: { read: wholeNumber(1) },
  isolation: { read: oneOf(['warm', 'process']) },
  memoryLimitMb: { read: wholeNumber(16) },
  doXcomPush: { read: flag },
  startDate: { read: date('start') },
  endDate: { read: date('end') },
  docMd: { read: text },
  owner: { read: text },
}

const NOT_YET = new Set(['dependsOnPast', 'waitForDownstream'])
const AIRFLOW_ONLY = new Set([
  'emailOnFailure',
  'emailOnRetry',
  'executor',
  'ignoreFirstDependsOnPast',
  'mapIndexTemplate',
  'queue',
  'waitForPastDependsBeforeSkipping',
])

/** The names of a task's options for an entry of this package. */
export function taskOptionNames(entry: 'tradewind' | 'airflow'): OptionNames<TaskOptionValues> {
  return entry === 'airflow'
    ? { table: TABLE, ignored: AIRFLOW_ONLY, notYet: NOT_YET, meaningless: new Set() }
    : { table: TABLE, ignored: new Set(), notYet: NOT_YET, meaningless: AIRFLOW_ONLY }
}

/** Of `defaultArgs`: a compensation belongs to one handler. */
export function defaultOptionNames(entry: 'tradewind' | 'airflow'): OptionNames<Omit<TaskOptionValues, 'compensate'>> {
  const { compensate: _, ...table } = TABLE
  const names = taskOptionNames(entry)
  return { ...names, table, meaningless: new Set([...names.meaningless, 'compensate']) }
}

/** From the author's names to the serialized ones. */
export function taskSettings(values: Partial<TaskOptionValues>): TaskSettings {
  const { taskId: _, compensate: _c, retryDelay, maxRetryDelay, timeout: timeoutMs, ...same } = values
  const settings: Writable<TaskSettings> = { ...same }
  if (retryDelay !== undefined) settings.retryDelayMs = retryDelay
  if (maxRetryDelay !== undefined) settings.maxRetryDelayMs = maxRetryDelay
  if (timeoutMs !== undefined) settings.timeoutMs = timeoutMs
  return settings
}

/** The beta of Airflow's SDK wrapped a task's options: `{ inputs, spec }`. Its inputs carried no values and order nothing here. */
export function unwrapBetaOptions(options: unknown): unknown {
  if (!isRecord(options) || !(Object.hasOwn(options, 'inputs') || Object.hasOwn(options, 'spec'))) return options
  const { inputs: _, spec, ...direct } = options
  return isRecord(spec) ? { ...spec, ...direct } : direct
}
