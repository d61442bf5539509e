/**
 * TIs of a run and tries of a TI, for people to read. Indexes: `task_instance (dag_run_id, ...)`, `try` by primary key.
 * Locks: none.
 */
import type pg from 'pg'
import type { TiRecord, TryRecord } from '../../core/records.ts'
import { type TryRow, tiColumns, toTryRecord, tryColumns } from '../store/load.ts'

/** In order of creation. */
export async function listTis(pool: pg.Pool, dagRunId: number): Promise<readonly TiRecord[]> {
  const result = await pool.query<TiRecord>(
    `select ${tiColumns} from task_instance ti where ti.dag_run_id = $1 order by ti.id`,
    [dagRunId],
  )
  return result.rows
}

export async function getTi(
  pool: pg.Pool,
  which: { readonly dagRunId: number; readonly taskId: string; readonly mapIndex?: number },
): Promise<TiRecord | null> {
  const result = await pool.query<TiRecord>(
    `select ${tiColumns} from task_instance ti where ti.dag_run_id = $1 and ti.task_id = $2 and ti.map_index = $3`,
    [which.dagRunId, which.taskId, which.mapIndex ?? -1],
  )
  return result.rows[0] ?? null
}

/** First try first. */
export async function listTries(pool: pg.Pool, tiId: number): Promise<readonly TryRecord[]> {
  const result = await pool.query<TryRow>(`select ${tryColumns} from try t where t.ti_id = $1 order by t.try_number`, [
    tiId,
  ])
  return result.rows.map(toTryRecord)
}

/** All tries of a run's TIs, by TI and number: one query for a page of a run. */
export async function listTriesOfRun(pool: pg.Pool, dagRunId: number): Promise<readonly TryRecord[]> {
  const result = await pool.query<TryRow>(
    `select ${tryColumns} from task_instance ti join try t on t.ti_id = ti.id
     where ti.dag_run_id = $1 order by t.ti_id, t.try_number`,
    [dagRunId],
  )
  return result.rows.map(toTryRecord)
}
