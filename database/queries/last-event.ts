/** The newest event, without a look at all the others. Index: none; the last blocks of the newest partition. Locks: none. */
import type pg from 'pg'

/** Blocks at the end of a partition that are looked at first. */
const LAST_BLOCKS = 8

/**
 * Highest id, 0 without events. Events are written in the order of their ids and never changed, so the highest one is in
 * the last blocks of the newest partition that has any.
 */
export async function lastEventId(pool: pg.Pool | pg.ClientBase): Promise<number> {
  const partitions = await pool.query<{ name: string; blocks: number }>(
    `select c.relname as name, pg_relation_size(c.oid) / current_setting('block_size')::integer as blocks
     from pg_inherits i join pg_class c on c.oid = i.inhrelid
     where i.inhparent = 'event'::regclass and pg_relation_size(c.oid) > 0
     order by substring(c.relname from '[0-9]+$')::bigint desc`,
  )
  for (const { name, blocks } of partitions.rows) {
    for (let count = LAST_BLOCKS; ; count *= 8) {
      const from = Math.max(0, blocks - count)
      const found = await pool.query<{ id: number | null }>(
        `select max(id) as id from ${name} where ctid >= '(${from},0)'::tid`,
      )
      const id = found.rows[0]?.id ?? null
      if (id !== null) return id
      if (from === 0) break
    }
  }
  return 0
}
