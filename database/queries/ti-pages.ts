/**
 * Task instances over many runs, and what belongs to some of them. Invariant: a page reads the TIs of a bounded number of
 * runs, taken in the order of their ids, so it stays quick with millions of rows; where the filter finds little
 * there, the page is short and says where to go on.
 *
 * Indexes: `dag_run` by id, (dag_id, id) and (correlation_id, id), `task_instance (dag_run_id, ...)`, `try` by primary key.
 * Locks: none.
 */
import type pg from 'pg'
import type { TiRecord, TryRecord } from '../../core/records.ts'
import { FINISHED_TI_STATES, type TiState } from '../../core/states.ts'
import { type TryRow, tiColumns, toTryRecord, tryColumns } from '../store/load.ts'

export interface TiPage {
  /** Of all Dags when left out. */
  readonly dagId?: string
  /** Of their runs, exactly. */
  readonly correlationId?: string
  readonly taskIds?: readonly string[]
  readonly states?: readonly TiState[]
  /** Of the TI's start; both inclusive. */
  readonly startFrom?: number
  readonly startTo?: number
  /** Newest run first, else oldest. Within a run by TI id, rising. */
  readonly falling: boolean
  /** Where the page before ended: beyond this TI of this run. */
  readonly cursor?: { readonly run: number; readonly ti: number }
  readonly limit: number
}

export interface FoundTis {
  readonly tis: readonly TiRecord[]
  /** `null`: there are no more. */
  readonly next: { readonly run: number; readonly ti: number } | null
}

/** Runs looked at in one round: few at first, since a page is often full after a few. */
const WINDOWS = [20, 100, 400, 1_500] as const

export async function pageTis(pool: pg.Pool, page: TiPage): Promise<FoundTis> {
  const found: TiRecord[] = []
  let { cursor } = page
  for (const runs of WINDOWS) {
    const { tis, lastRun } = await readWindow(pool, page, cursor, runs, page.limit - found.length)
    found.push(...tis)
    const last = tis.at(-1)
    if (found.length >= page.limit && last !== undefined) {
      return { tis: found, next: { run: last.dagRunId, ti: last.id } }
    }
    if (lastRun === null) return { tis: found, next: null }
    // All of that run has been seen.
    cursor = { run: lastRun, ti: Number.MAX_SAFE_INTEGER }
  }
  return { tis: found, next: cursor ?? null }
}

/** `lastRun`: `null` when there are no runs beyond the window. */
async function readWindow(
  pool: pg.Pool,
  page: TiPage,
  cursor: TiPage['cursor'],
  runs: number,
  limit: number,
): Promise<{ tis: readonly TiRecord[]; lastRun: number | null }> {
  const direction = page.falling ? 'desc' : 'asc'
  // Unfinished TIs are in unfinished runs, of which there are few.
  const isOpenOnly = page.states?.every((state) => !FINISHED_TI_STATES.has(state)) === true
  const window = await pool.query<{ id: number }>(
    `select r.id from ${isOpenOnly ? 'open_run o join dag_run r on r.id = o.dag_run_id' : 'dag_run r'}
     where ($1::text is null or r.dag_id = $1) and ($2::bigint is null or r.id ${page.falling ? '<=' : '>='} $2)
       ${page.correlationId === undefined ? '' : 'and r.correlation_id = $4'}
     order by r.id ${direction} limit $3`,
    [page.dagId ?? null, cursor?.run ?? null, runs, ...(page.correlationId === undefined ? [] : [page.correlationId])],
  )
  const ids = window.rows.map((row) => row.id)
  const lastRun = ids.length < runs ? null : (ids.at(-1) ?? null)
  if (ids.length === 0) return { tis: [], lastRun }
  const result = await pool.query<TiRecord>(
    `select ${tiColumns} from task_instance ti
     where ti.dag_run_id = any($1) and ($2::bigint is null or ti.dag_run_id <> $2 or ti.id > $3)
       and ($4::text[] is null or ti.task_id = any($4)) and ($5::text[] is null or ti.state = any($5))
       and ($6::timestamptz is null or ti.start_date >= $6) and ($7::timestamptz is null or ti.start_date <= $7)
     order by ti.dag_run_id ${direction}, ti.id limit $8`,
    [
      ids,
      cursor?.run ?? null,
      cursor?.ti ?? null,
      page.taskIds ?? null,
      page.states ?? null,
      page.startFrom === undefined ? null : new Date(page.startFrom).toISOString(),
      page.startTo === undefined ? null : new Date(page.startTo).toISOString(),
      limit,
    ],
  )
  return { tis: result.rows, lastRun }
}

/** The current or last try of each TI, by TI id. */
export async function lastTries(pool: pg.Pool, tis: readonly TiRecord[]): Promise<ReadonlyMap<number, TryRecord>> {
  const tried = tis.filter((ti) => ti.tryNumber > 0)
  if (tried.length === 0) return new Map()
  const result = await pool.query<TryRow>(
    `select ${tryColumns} from unnest($1::bigint[], $2::integer[]) as k (ti_id, try_number)
     join try t on t.ti_id = k.ti_id and t.try_number = k.try_number`,
    [tried.map((ti) => ti.id), tried.map((ti) => ti.tryNumber)],
  )
  return new Map(result.rows.map((row) => [row.tiId, toTryRecord(row)]))
}

/** Notes by TI id. */
export async function notesOf(pool: pg.Pool, tis: readonly TiRecord[]): Promise<ReadonlyMap<number, string>> {
  if (tis.length === 0) return new Map()
  const result = await pool.query<{ tiId: number; note: string }>(
    'select ti_id as "tiId", note from task_note where ti_id = any($1)',
    [tis.map((ti) => ti.id)],
  )
  return new Map(result.rows.map((row) => [row.tiId, row.note]))
}
