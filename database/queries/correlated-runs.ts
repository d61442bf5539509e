/**
 * Runs by their correlation id: what task instances, letters and events of a business id are found through. Index:
 * `dag_run (correlation_id text_pattern_ops, id)`. Locks: none.
 */
import type pg from 'pg'
import { runBuilt } from './run-built.ts'
import { type RunListItem, runQuery } from './runs.ts'

/** Runs that one correlation id is followed to; it is a business id, so there are a few. */
export const MOST_CORRELATED = 500

/** Numbers of the newest runs with exactly this correlation id, newest first, at most `MOST_CORRELATED`. */
export async function correlatedRunIds(pool: pg.Pool, correlationId: string): Promise<readonly number[]> {
  const result = await pool.query<{ id: number }>(
    `select r.id from dag_run r where r.correlation_id = $1 order by r.id desc limit ${MOST_CORRELATED}`,
    [correlationId],
  )
  return result.rows.map((row) => row.id)
}

/** Runs whose correlation id begins with `prefix`, in the order of these ids (by code point), the newest of each first. */
export async function runsByCorrelationPrefix(
  pool: pg.Pool,
  prefix: string,
  limit: number,
): Promise<readonly RunListItem[]> {
  const query = runQuery()
    .whereRaw('r.correlation_id like ?', [likePrefix(prefix)])
    // The order of the index, so it reads no more than it gives back.
    .orderByRaw('r.correlation_id using ~<~, r.id desc')
    .limit(limit)
  return runBuilt<RunListItem>(pool, query)
}

/** For `like`: what begins with exactly this text. */
export function likePrefix(prefix: string): string {
  return `${prefix.replace(/[\\%_]/g, '\\$&')}%`
}
