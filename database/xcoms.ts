/**
 * XComs as tasks ask for them. Invariant: a value belongs to the try that wrote it; a reader gets the one of the last try
 * that has it. What a compensation returned is not the task's value; what it set by name is read like any other.
 *
 * Indexes: `xcom` by (ti_id, try_number, key), `dag_run (dag_id, run_id)` and `(dag_id, logical_date)`, `task_instance
 * (dag_run_id, task_id, map_index)`, `compensation` by TI. Locks: the row written.
 */
import type pg from 'pg'
import type { TryKey } from '../core/ids.ts'
import type { XComLocator } from '../core/ports/worker-api.ts'

/** Values of `return_value` in the order of `tries`; `null` where there is none. */
export async function readReturnValues(pool: pg.Pool, tries: readonly TryKey[]): Promise<readonly (string | null)[]> {
  if (tries.length === 0) return []
  const result = await pool.query<{ json: string | null }>({
    name: 'return_values',
    text: `select x.json from unnest($1::bigint[], $2::integer[]) with ordinality as t (ti_id, try_number, place)
           left join xcom x on x.ti_id = t.ti_id and x.try_number = t.try_number and x.key = 'return_value'
           order by t.place`,
    values: [tries.map((key) => key.tiId), tries.map((key) => key.tryNumber)],
  })
  return result.rows.map((row) => row.json)
}

/**
 * As `readReturnValues`, as they were when `undone` was queued: of each other TI the try that was its last one then. A TI is only
 * dispatched once its upstreams have ended, so that is the one it was given.
 */
export async function readGivenValues(
  pool: pg.Pool,
  tries: readonly TryKey[],
  undone: TryKey,
): Promise<readonly (string | null)[]> {
  const result = await pool.query<{ json: string | null }>({
    name: 'given_values',
    text: `select x.json from unnest($1::bigint[], $2::integer[]) with ordinality as t (ti_id, try_number, place)
           left join lateral (
             select e.try_number from try u join try e on e.ti_id = t.ti_id and e.queued_at <= u.queued_at
             where u.ti_id = $3 and u.try_number = $4 and t.ti_id <> $3 and e.try_number <= t.try_number
               and not exists (
                 select from compensation c
                 where c.ti_id = e.ti_id and e.try_number > c.forward_try and e.try_number <= c.last_try
               )
             order by e.try_number desc limit 1
           ) as given on true
           left join xcom x on x.ti_id = t.ti_id and x.try_number = coalesce(given.try_number, t.try_number)
             and x.key = 'return_value'
           order by t.place`,
    values: [tries.map((key) => key.tiId), tries.map((key) => key.tryNumber), undone.tiId, undone.tryNumber],
  })
  return result.rows.map((row) => row.json)
}

export async function readXCom(pool: pg.Pool, locator: XComLocator): Promise<string | null> {
  const { dagId, runId, taskId, mapIndex, key, includePriorDates } = locator
  // Runs of earlier logical dates are walked from the newest one back, through the index, until one has the value.
  const result = await pool.query<{ json: string }>({
    name: includePriorDates ? 'xcom_prior' : 'xcom_one',
    text: `with here as (select id, dag_id, logical_date from dag_run where dag_id = $1 and run_id = $2),
      own as (
        select x.json from here
        join task_instance ti on ti.dag_run_id = here.id and ti.task_id = $3 and ti.map_index = $4
        join xcom x on x.ti_id = ti.id and x.key = $5
        where ${OF_THE_TASK} order by x.try_number desc limit 1
      )
      select json from own
      ${includePriorDates ? `union all (${EARLIER_XCOM})` : ''}
      limit 1`,
    values: [dagId, runId, taskId, mapIndex, key],
  })
  return result.rows[0]?.json ?? null
}

/** Of the alias `x`. */
export const OF_THE_TASK = `(x.key <> 'return_value' or not exists (
  select from compensation c where c.ti_id = x.ti_id and x.try_number > c.forward_try and x.try_number <= c.last_try))`

const EARLIER_XCOM = `
  select found.json from here
  join lateral (
    select x.json from dag_run r
    join task_instance ti on ti.dag_run_id = r.id and ti.task_id = $3 and ti.map_index = $4
    join xcom x on x.ti_id = ti.id and x.key = $5
    where r.dag_id = here.dag_id and r.logical_date is not null and r.logical_date < here.logical_date
      and ${OF_THE_TASK}
    order by r.logical_date desc, x.try_number desc limit 1
  ) as found on not exists (select from own)`

/** Inserts or replaces. @throws when the target TI is not there. */
export async function writeXCom(pool: pg.Pool, by: TryKey, target: XComLocator, json: string): Promise<void> {
  const { dagId, runId, taskId, mapIndex, key } = target
  const result = await pool.query({
    name: 'write_xcom',
    text: `insert into xcom (ti_id, try_number, key, dag_run_id, json)
      select ti.id, case when ti.id = $6 then $7 else greatest(ti.try_number, 1) end, $5, ti.dag_run_id, $8
      from dag_run r
      join task_instance ti on ti.dag_run_id = r.id and ti.task_id = $3 and ti.map_index = $4
      where r.dag_id = $1 and r.run_id = $2
      on conflict (ti_id, try_number, key) do update set json = excluded.json`,
    values: [dagId, runId, taskId, mapIndex, key, by.tiId, by.tryNumber, json],
  })
  if (result.rowCount !== 1) {
    const index = mapIndex < 0 ? '' : ` (map index ${mapIndex})`
    throw new Error(
      `Cannot set the XCom "${key}" of task "${taskId}"${index} in run "${runId}" of Dag "${dagId}": there is no such ` +
        'task instance. Check the names; a task can set its own XComs without naming them.',
    )
  }
}
