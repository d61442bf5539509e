/**
 * The run x task grid: one query for the runs, one for their TIs, each run's TIs packed into few texts, because 365 runs of
 * a hundred tasks are 36,500 rows otherwise.
 *
 * Indexes: `dag_run (dag_id, id)`, `task_instance (dag_run_id, ...)`. Locks: none.
 */
import type pg from 'pg'
import type { TiState } from '../../core/states.ts'

/** TIs of one run, field by field, in the same order. Mapped ones are left out. */
export interface PackedTis {
  readonly tiIds: readonly number[]
  readonly taskIds: readonly string[]
  readonly states: readonly TiState[]
  readonly tries: readonly number[]
  /** Epoch milliseconds, or `null`. */
  readonly retries: readonly (number | null)[]
}

interface PackedRow {
  readonly dagRunId: number
  readonly tiIds: string
  readonly taskIds: string
  readonly states: string
  readonly tries: string
  readonly retries: string
}

/** By numeric run id. */
export async function packTis(pool: pg.Pool, dagRunIds: readonly number[]): Promise<ReadonlyMap<number, PackedTis>> {
  if (dagRunIds.length === 0) return new Map()
  const result = await pool.query<PackedRow>(
    `select ti.dag_run_id as "dagRunId", string_agg(ti.id::text, ',' order by ti.id) as "tiIds",
       string_agg(ti.task_id, E'\\n' order by ti.id) as "taskIds",
       string_agg(ti.state, ',' order by ti.id) as states,
       string_agg(ti.try_number::text, ',' order by ti.id) as tries,
       string_agg(case when ti.state = 'up_for_retry' then (extract(epoch from ti.retry_at) * 1000)::bigint::text
         else '' end, ',' order by ti.id) as retries
     from task_instance ti where ti.dag_run_id = any($1) and ti.map_index = -1 group by ti.dag_run_id`,
    [dagRunIds],
  )
  return new Map(result.rows.map((row) => [row.dagRunId, unpack(row)]))
}

function unpack(row: PackedRow): PackedTis {
  return {
    tiIds: row.tiIds.split(',').map(Number),
    taskIds: row.taskIds.split('\n'),
    states: row.states.split(',') as TiState[],
    tries: row.tries.split(',').map(Number),
    retries: row.retries.split(',').map((one) => (one === '' ? null : Number(one))),
  }
}
