/** The options of a Dag, in the units of the serialized form, with the checks that look at more than one of them. */
import type { Json } from '../../core/json.ts'
import type { ErrorStrategy, Schedule, SerializedDag } from '../../core/serialized-dag.ts'
import { type DagDeclarations, describe } from '../declarations.ts'
import { isRecord } from '../declare-task.ts'
import {
  date,
  filledText,
  flag,
  type OptionNames,
  type OptionTable,
  type Reader,
  readOptions,
  someTime,
  text,
  wholeNumber,
} from './read-options.ts'
import { readParams } from './read-params.ts'
import { readSchedule } from './read-schedule.ts'
import { defaultOptionNames, errorStrategy, type TaskSettings, taskSettings } from './read-task-options.ts'
import type { Report } from './report.ts'
import { isZone, nearestZone } from './zones.ts'

export interface DagSettings {
  readonly fields: Omit<SerializedDag, 'format' | 'dagId' | 'file' | 'line' | 'airflow' | 'tasks' | 'groups'>
  /** Names that `dag.param` may name: `undefined` when any, `none` when the Dag has no params. */
  readonly paramNames: readonly string[] | undefined | 'none'
  readonly taskDefaults: TaskSettings
  readonly zone: string
}

interface DagOptionValues {
  schedule: unknown
  timezone: unknown
  params: unknown
  defaultArgs: unknown
  startDate: number
  endDate: number
  catchup: boolean
  maxActiveRuns: number
  maxActiveTasks: number
  dagrunTimeout: number
  errorStrategy: ErrorStrategy
  failFast: boolean
  correlationId: string
  isPausedUponCreation: boolean
  displayName: string
  description: string
  docMd: string
  owner: string
  tags: readonly string[]
}

const asIs: Reader<unknown> = (value) => ({ value })

const tags: Reader<readonly string[]> = (value) =>
  Array.isArray(value) && value.every((tag) => typeof tag === 'string' && tag.trim() !== '' && tag.length <= 100)
    ? { value: [...new Set(value as string[])].sort() }
    : { wants: 'an array of texts of 1 to 100 characters' }

const TABLE: OptionTable<DagOptionValues> = {
  schedule: { read: asIs },
  timezone: { read: asIs },
  params: { read: asIs },
  defaultArgs: { read: asIs },
  startDate: { read: date('start') },
  endDate: { read: date('end') },
  catchup: { read: flag },
  maxActiveRuns: { read: wholeNumber(1) },
  maxActiveTasks: { read: wholeNumber(1) },
  dagrunTimeout: { read: someTime },
  errorStrategy: { read: errorStrategy },
  failFast: { read: flag },
  correlationId: { read: filledText },
  isPausedUponCreation: { read: flag },
  displayName: { read: text, aliases: ['dagDisplayName'] },
  description: { read: text },
  docMd: { read: text },
  owner: { read: text },
  tags: { read: tags },
}

const NOT_YET = new Set(['maxConsecutiveFailedDagRuns'])
const AIRFLOW_ONLY = new Set(['disableBundleVersioning', 'queue', 'renderTemplateAsNativeObj'])

function optionNames(entry: DagDeclarations['entry']): OptionNames<DagOptionValues> {
  return entry === 'airflow'
    ? { table: TABLE, ignored: AIRFLOW_ONLY, notYet: NOT_YET, meaningless: new Set() }
    : { table: TABLE, ignored: new Set(), notYet: NOT_YET, meaningless: AIRFLOW_ONLY }
}

/** Everything set on the Dag itself; what is wrong is reported and left out. */
export function readDagOptions(dag: DagDeclarations, report: Report): DagSettings {
  const { site } = dag
  const owner = `the Dag ${describe(dag.dagId)}`
  const zone = readZone(isRecord(dag.options) ? dag.options.timezone : undefined, dag, report)
  const values = readOptions(dag.options, optionNames(dag.entry), { owner, site }, { zone }, report)
  const schedule = readSchedule(values.schedule, zone)
  const { params, names, missing } = paramsOf(values.params, dag, report)

  if ('code' in schedule) report({ ...schedule, site })
  if (values.startDate === undefined && 'kind' in schedule && hasCalendar(schedule)) {
    report({
      code: 'start-date-needed',
      message: `The schedule of ${owner} counts by the calendar, and there is no startDate to count from.`,
      remedy: "Give the Dag a startDate, such as '2026-01-31T06:00'.",
      site,
    })
  }
  checkPeriod(values.startDate, values.endDate, { owner, site }, report)
  if ('kind' in schedule && schedule.kind !== 'none' && missing.length > 0) {
    report({
      code: 'params-need-defaults',
      message: `The Dag ${describe(dag.dagId)} runs on a schedule, but nothing gives its param "${missing[0]}" a value.`,
      remedy: `Give "${missing[0]}" a default, or remove the schedule.`,
      site,
    })
  }
  const defaults = readOptions(
    values.defaultArgs,
    defaultOptionNames(dag.entry),
    { owner: `the defaultArgs of ${owner}`, site },
    { zone },
    report,
  )
  const {
    schedule: _s,
    timezone: _t,
    params: _p,
    defaultArgs: _d,
    dagrunTimeout,
    failFast,
    tags: tagList,
    ...same
  } = values
  return {
    fields: {
      ...same,
      tags: tagList ?? [],
      schedule: 'kind' in schedule ? schedule : NEVER,
      timezone: zone,
      ...(dagrunTimeout === undefined ? {} : { dagrunTimeoutMs: dagrunTimeout }),
      // `false` is what a Dag without it is: one that says so needs no other version.
      ...(failFast === true ? { failFast } : {}),
      ...(params === undefined ? {} : { params }),
    },
    paramNames: names,
    taskDefaults: taskSettings(defaults),
    zone,
  }
}

function hasCalendar(schedule: Schedule): boolean {
  return schedule.kind === 'ticks' && schedule.sources.some((source) => source.kind === 'calendar')
}

const NEVER: Schedule = { kind: 'none' }

function readZone(value: unknown, dag: DagDeclarations, report: Report): string {
  if (value === undefined || value === null) return 'UTC'
  if (isZone(value)) return value
  const nearest = typeof value === 'string' ? nearestZone(value) : undefined
  report({
    code: 'unknown-zone',
    message: `The timezone of the Dag ${describe(dag.dagId)} is ${describe(value)}, which is no IANA time zone.`,
    remedy: nearest === undefined ? "Use a name such as 'Europe/Berlin' or 'UTC'." : `Did you mean "${nearest}"?`,
    site: dag.site,
  })
  return 'UTC'
}

interface Params {
  readonly params?: Json
  readonly names: DagSettings['paramNames']
  readonly missing: readonly string[]
}

function paramsOf(value: unknown, dag: DagDeclarations, report: Report): Params {
  if (value === undefined || value === null) return { names: 'none', missing: [] }
  const read = readParams(value)
  if (!('wrong' in read)) return { params: read.schema, names: read.names, missing: read.missing }
  report({
    code: 'bad-params-schema',
    message: `The params of the Dag ${describe(dag.dagId)} cannot be used: ${read.wrong}.`,
    remedy: read.remedy,
    site: dag.site,
  })
  return { names: undefined, missing: [] }
}

/** Reports an end before its start. */
export function checkPeriod(
  start: number | undefined,
  end: number | undefined,
  { owner, site, taskId }: { owner: string; site: DagDeclarations['site']; taskId?: string },
  report: Report,
): void {
  if (start === undefined || end === undefined || end >= start) return
  report({
    code: 'end-before-start',
    message: `The endDate of ${owner}, ${new Date(end).toISOString()}, is before its startDate, ${new Date(start).toISOString()}.`,
    remedy: 'Swap or correct them.',
    site,
    taskId,
  })
}
