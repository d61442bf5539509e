/**
 * Runs that one of several texts may name, whatever their Dag; whoever asks bounds the texts. Indexes: `dag_run (dag_id, run_id)`,
 * asked once for each Dag and name, and `dag_run (correlation_id, id)`. Locks: none.
 */
import type pg from 'pg'
import { type RunListItem, runsByNumber } from './runs.ts'

/** Newest first, at most `limit`: by run id. */
export async function runsByNames(
  pool: pg.Pool,
  names: readonly string[],
  limit: number,
): Promise<readonly RunListItem[]> {
  if (names.length === 0) return []
  const found = await pool.query<{ id: number }>(
    `select r.id from dag d cross join unnest($1::text[]) as n (run_id)
     cross join lateral (select id from dag_run where dag_id = d.dag_id and run_id = n.run_id limit 1) as r
     order by r.id desc limit $2`,
    [names, limit],
  )
  return runsByNumber(
    pool,
    found.rows.map((row) => row.id),
  )
}

/** The same by correlation id, exactly. */
export async function runsByCorrelations(
  pool: pg.Pool,
  ids: readonly string[],
  limit: number,
): Promise<readonly RunListItem[]> {
  if (ids.length === 0) return []
  const found = await pool.query<{ id: number }>(
    `select r.id from unnest($1::text[]) as n (id)
     cross join lateral (
       select r.id from dag_run r where r.correlation_id = n.id order by r.id desc limit $2
     ) as r
     order by r.id desc limit $2`,
    [ids, limit],
  )
  return runsByNumber(
    pool,
    found.rows.map((row) => row.id),
  )
}
