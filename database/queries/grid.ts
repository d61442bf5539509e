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
  readonly taskIds: readonly string[]
  readonly states: readonly TiState[]
  readonly tries: readonly number[]
  readonly maxTries: readonly number[]
  /** Epoch milliseconds, or `null`. */
  readonly starts: readonly (number | null)[]
  readonly ends: readonly (number | null)[]
  readonly retries: readonly (number | null)[]
}

interface PackedRow {
  readonly dagRunId: number
  readonly taskIds: string
  readonly states: string
  readonly tries: string
  readonly maxTries: string
  readonly starts: string
  readonly ends: string
  readonly retries: string
}

const millis = (column: string) =>
  `string_agg(coalesce((extract(epoch from ti.${column}) * 1000)::bigint::text, ''), ',' order by ti.id)`

/** By numeric run id. */
export async function packTis(pool: pg.Pool, dagRunIds: readonly number[]): Promise<ReadonlyMap<number, PackedTis>> {
  if (dagRunIds.length === 0) return new Map()
  const result = await pool.query<PackedRow>(
    `select ti.dag_run_id as "dagRunId", string_agg(ti.task_id, E'\\n' order by ti.id) as "taskIds",
       string_agg(ti.state, ',' order by ti.id) as states,
       string_agg(ti.try_number::text, ',' order by ti.id) as tries,
       string_agg(ti.max_tries::text, ',' order by ti.id) as "maxTries",
       ${millis('start_date')} as starts, ${millis('end_date')} as ends, ${millis('retry_at')} as retries
     from task_instance ti where ti.dag_run_id = any($1) and ti.map_index = -1 group by ti.dag_run_id`,
    [dagRunIds],
  )
  return new Map(result.rows.map((row) => [row.dagRunId, unpack(row)]))
}

function unpack(row: PackedRow): PackedTis {
  const instants = (text: string) => text.split(',').map((one) => (one === '' ? null : Number(one)))
  return {
    taskIds: row.taskIds.split('\n'),
    states: row.states.split(',') as TiState[],
    tries: row.tries.split(',').map(Number),
    maxTries: row.maxTries.split(',').map(Number),
    starts: instants(row.starts),
    ends: instants(row.ends),
    retries: instants(row.retries),
  }
}
