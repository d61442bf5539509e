/**
 * What of the history is asked for, and the runs and ids it is looked for in. Invariant: a statement reads either runs by
 * their index or a bounded span of ids; the other conditions are asked of what that gives.
 */
import type pg from 'pg'
import { correlatedRunIds } from './correlated-runs.ts'

export interface EventFilter {
  readonly dagId?: string
  /** By their index; none of them finds nothing. */
  readonly dagRunIds?: readonly number[]
  readonly tiId?: number
  /** Of whatever run; asked of each event that is left by the rest. */
  readonly taskId?: string
  readonly tryNumber?: number
  /** `ti.failed`, or `run.` for all of runs. */
  readonly kinds?: readonly string[]
  /** Exactly, or with a colon at its end a beginning: `user:` for all users. */
  readonly actor?: string
  /** Instants, both inclusive. */
  readonly from?: number
  readonly to?: number
}

/** The number of a run or a business id: the runs that are followed by it, those that were deleted since not. */
export async function runsOfCorrelation(pool: pg.Pool, text: string): Promise<readonly number[]> {
  const known = await correlatedRunIds(pool, text)
  const number = Number(text)
  if (!/^\d{1,16}$/.test(text) || !Number.isSafeInteger(number) || known.includes(number)) return known
  return [...known, number]
}

/** Conditions on `event e`, without those on its id. `value` takes a parameter and gives its place. */
export function eventConditions(filter: EventFilter, value: (one: unknown) => string): string[] {
  const { dagId, tiId, taskId, tryNumber, kinds, actor, from, to } = filter
  const where: string[] = []
  if (dagId !== undefined) where.push(`e.dag_id = ${value(dagId)}`)
  if (tiId !== undefined) where.push(`e.ti_id = ${value(tiId)}`)
  if (tryNumber !== undefined) where.push(`e.try_number = ${value(tryNumber)}`)
  if (actor !== undefined) {
    where.push(actor.endsWith(':') ? `starts_with(e.actor, ${value(actor)})` : `e.actor = ${value(actor)}`)
  }
  if (from !== undefined) where.push(`e.at >= ${value(new Date(from).toISOString())}`)
  if (to !== undefined) where.push(`e.at <= ${value(new Date(to).toISOString())}`)
  if (kinds !== undefined) {
    const each = kinds.map((kind) =>
      kind.endsWith('.') ? `starts_with(e.kind, ${value(kind)})` : `e.kind = ${value(kind)}`,
    )
    where.push(`(${each.join(' or ') || 'false'})`)
  }
  // Last, and by key: what is not asked for otherwise is not looked up.
  if (taskId !== undefined) {
    where.push(
      `(case when e.ti_id is null then false else ` +
        `(select t.task_id from task_instance t where t.id = e.ti_id) = ${value(taskId)} end)`,
    )
  }
  return where
}

/**
 * The events of the filter's runs, or of a span of ids, both ends exclusive, as `select ... from (<this>) as e`. With a
 * limit the first ones in the order of ids.
 */
export function eventSource(
  filter: EventFilter,
  value: (one: unknown) => string,
  span: { readonly after: number | null; readonly before: number | null },
  first?: { readonly falling: boolean; readonly limit: number },
): string {
  const where = eventConditions(filter, value)
  if (span.after !== null) where.push(`e.id > ${value(span.after)}`)
  if (span.before !== null) where.push(`e.id < ${value(span.before)}`)
  const order =
    first === undefined ? '' : ` order by e.id ${first.falling ? 'desc' : 'asc'} limit ${value(first.limit)}`
  const { dagRunIds } = filter
  if (dagRunIds === undefined) return `select e.* from event e where ${where.join(' and ') || 'true'}${order}`
  if (dagRunIds.length === 1) {
    where.push(`e.dag_run_id = ${value(dagRunIds[0])}`)
    return `select e.* from event e where ${where.join(' and ')}${order}`
  }
  // As many as are wanted of each run: what is read does not grow with the length of their histories.
  const ofRun = `select e.* from event e where ${['e.dag_run_id = r.id', ...where].join(' and ')}${order}`
  const all = `select e.* from unnest(${value(dagRunIds)}::bigint[]) as r(id) cross join lateral (${ofRun}) as e`
  return first === undefined ? all : `${all}${order}`
}
