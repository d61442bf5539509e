/**
 * Compensations of a run for people to read. Indexes: `compensation (dag_run_id, ti_id, forward_try)`, primary keys of
 * `task_instance` and `try`. Locks: none.
 */
import type pg from 'pg'
import type { CompensationRecord, TryRecord } from '../../core/records.ts'
import type { TiState } from '../../core/states.ts'
import { compensationColumns, type TryRow, toTryRecord, tryColumns } from '../store/load.ts'

export interface ShownCompensation extends CompensationRecord {
  readonly taskId: string
  readonly mapIndex: number
  /** Of the TI, now. */
  readonly tiState: TiState
  /** Those that undid it, first one first. */
  readonly tries: readonly TryRecord[]
}

export interface CompensationPage {
  /** Where the page before ended. */
  readonly cursor?: { readonly tiId: number; readonly forwardTry: number }
  readonly limit: number
}

type Row = Omit<ShownCompensation, 'tries'>

/** By TI and forward try: of a TI that was undone several times the last one is its newest. */
export async function listCompensations(
  pool: pg.Pool,
  dagRunId: number,
  { cursor, limit }: CompensationPage,
): Promise<readonly ShownCompensation[]> {
  const result = await pool.query<Row>(
    `select ${compensationColumns}, ti.task_id as "taskId", ti.map_index as "mapIndex", ti.state as "tiState"
     from compensation c join task_instance ti on ti.id = c.ti_id
     where c.dag_run_id = $1 and (c.ti_id, c.forward_try) > ($2::bigint, $3::integer)
     order by c.ti_id, c.forward_try limit $4`,
    [dagRunId, cursor?.tiId ?? 0, cursor?.forwardTry ?? 0, limit],
  )
  const tries = await triesOf(pool, result.rows)
  return result.rows.map((row) => ({
    ...row,
    tries: (tries.get(row.tiId) ?? []).filter(
      ({ tryNumber }) => tryNumber > row.forwardTry && tryNumber <= (row.lastTry ?? 0),
    ),
  }))
}

async function triesOf(pool: pg.Pool, rows: readonly Row[]): Promise<ReadonlyMap<number, readonly TryRecord[]>> {
  const begun = rows.filter((row) => row.lastTry !== null)
  if (begun.length === 0) return new Map()
  const result = await pool.query<TryRow>(
    `select ${tryColumns} from unnest($1::bigint[], $2::integer[], $3::integer[]) as k (ti_id, forward_try, last_try)
     join try t on t.ti_id = k.ti_id and t.try_number > k.forward_try and t.try_number <= k.last_try
     order by t.ti_id, t.try_number`,
    [begun.map((row) => row.tiId), begun.map((row) => row.forwardTry), begun.map((row) => row.lastTry)],
  )
  return Map.groupBy(result.rows.map(toTryRecord), (row) => row.tiId)
}

/** The newest of each TI of a run, without more: how a plan (`core/saga.ts`) wants them. */
export async function newestCompensations(pool: pg.Pool, dagRunId: number): Promise<readonly CompensationRecord[]> {
  const result = await pool.query<CompensationRecord>(
    `select distinct on (c.ti_id) ${compensationColumns} from compensation c
     where c.dag_run_id = $1 order by c.ti_id, c.forward_try desc`,
    [dagRunId],
  )
  return result.rows
}

/** Those tries of the TI after the forward one, up to the last, undid it. */
interface UndoneTry {
  readonly tiId: number
  readonly forwardTry: number
  readonly lastTry: number
}

/** Which tries of some TIs ran a compensation, and of which try. */
export async function compensationTries(pool: pg.Pool, tiIds: readonly number[]): Promise<readonly UndoneTry[]> {
  if (tiIds.length === 0) return []
  const result = await pool.query<UndoneTry>(
    `select c.ti_id as "tiId", c.forward_try as "forwardTry", c.last_try as "lastTry"
     from compensation c where c.ti_id = any($1) and c.last_try is not null`,
    [tiIds],
  )
  return result.rows
}
