/**
 * Return values that a try was given by its upstreams: of each, the try that was its last one when this try was queued,
 * for a task instance is only dispatched once its upstreams have ended. Tries that undid it are no such try.
 *
 * Indexes: `task_instance (dag_run_id, task_id, map_index)`, primary keys of `try`, `compensation` and `xcom`. Locks: none.
 */
import type pg from 'pg'

export interface UpstreamValue {
  readonly taskId: string
  readonly tryNumber: number | null
  readonly bytes: number | null
  /** JSON text; `null` when there is none, or it is longer than asked for: then `start` is all there is. */
  readonly json: string | null
  readonly start: string | null
}

const START_CHARS = 2_000

/** Without `queuedAt`: what the next try would be given. */
export async function upstreamValues(
  pool: pg.Pool,
  which: { readonly dagRunId: number; readonly taskIds: readonly string[]; readonly queuedAt: number | null },
  mostBytes: number,
): Promise<readonly UpstreamValue[]> {
  if (which.taskIds.length === 0) return []
  const result = await pool.query<UpstreamValue>(
    `select ti.task_id as "taskId", t.try_number as "tryNumber", octet_length(x.json) as bytes,
       case when octet_length(x.json) <= $4 then x.json end as json,
       case when octet_length(x.json) > $4 then left(x.json, ${START_CHARS}) end as start
     from task_instance ti
     left join lateral (
       select t.try_number from try t
       where t.ti_id = ti.id and ($3::bigint is null or t.queued_at <= to_timestamp($3::bigint / 1000.0))
         and not exists (
           select from compensation c where c.ti_id = t.ti_id and t.try_number > c.forward_try and t.try_number <= c.last_try
         )
       order by t.try_number desc limit 1
     ) t on true
     left join xcom x on x.ti_id = ti.id and x.try_number = t.try_number and x.key = 'return_value'
     where ti.dag_run_id = $1 and ti.task_id = any($2) and ti.map_index = -1`,
    [which.dagRunId, which.taskIds, which.queuedAt, mostBytes],
  )
  return result.rows
}
