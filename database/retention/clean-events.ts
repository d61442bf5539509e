/**
 * Drops partitions of the history in which every event is old, and deletes the old ones of the next partition, so that a
 * small history, which never fills a partition, gets shorter too. Invariants: the newest event stays (ids go on from it), as do
 * the partitions made ahead of it; what is left is one stretch of the history, without gaps; inserts go on meanwhile
 * (`detach ... concurrently`).
 *
 * Indexes: `event (id)` is a BRIN, so a batch reads a few pages. The partition that is cut is read through twice.
 */
import type pg from 'pg'

export interface CleanEventsOptions {
  readonly dryRun: boolean
  /** Asked between batches: ends early. */
  readonly isCancelled?: () => boolean
}

/** Ids in one statement. */
const BATCH = 5_000

interface Partition {
  readonly name: string
  /** An earlier detaching was broken off. */
  readonly isPending: boolean
}

/** Returns the number of events gone, or to go. Not inside a transaction. */
export async function cleanEvents(client: pg.ClientBase, before: number, options: CleanEventsOptions): Promise<number> {
  const { rows: partitions } = await client.query<Partition>(
    `select c.relname as name, i.inhdetachpending as "isPending"
     from pg_inherits i join pg_class c on c.oid = i.inhrelid
     where i.inhparent = 'event'::regclass order by substring(c.relname from '[0-9]+$')::bigint`,
  )
  const newest = await newestWithEvents(client, partitions)
  if (newest === null) return 0
  let count = 0
  for (const { name, isPending } of partitions) {
    const { rows } = await client.query<{ count: number; last: number | null }>(
      `select count(*) as count, max(at) as last from "${name}"`,
    )
    const { count: events, last } = rows[0]!
    if (name === newest || (last !== null && last >= before))
      return count + (await cutEvents(client, name, before, options))
    count += events
    if (options.dryRun) continue
    await client.query(`alter table event detach partition "${name}" ${isPending ? 'finalize' : 'concurrently'}`)
    await client.query(`drop table "${name}"`)
  }
  return count
}

/** Those before the first young one, and never the last. */
async function cutEvents(
  client: pg.ClientBase,
  partition: string,
  before: number,
  { dryRun, isCancelled }: CleanEventsOptions,
): Promise<number> {
  const found = await client.query<{ first: number | null; last: number; young: number | null }>(
    `select min(id) as first, max(id) as last,
       min(id) filter (where at >= to_timestamp($1::double precision / 1000)) as young from "${partition}"`,
    [before],
  )
  const { first, last, young } = found.rows[0]!
  if (first === null) return 0
  const end = young ?? last
  if (dryRun) {
    const { rows } = await client.query<{ count: number }>(
      `select count(*) as count from "${partition}" where id < $1::bigint`,
      [end],
    )
    return rows[0]?.count ?? 0
  }
  let count = 0
  for (let from = first; from < end && isCancelled?.() !== true; from += BATCH) {
    const deleted = await client.query(`delete from "${partition}" where id >= $1::bigint and id < $2::bigint`, [
      from,
      Math.min(from + BATCH, end),
    ])
    count += deleted.rowCount ?? 0
  }
  return count
}

async function newestWithEvents(client: pg.ClientBase, partitions: readonly Partition[]): Promise<string | null> {
  for (const { name } of partitions.toReversed()) {
    const { rowCount } = await client.query(`select from "${name}" limit 1`)
    if (rowCount !== 0) return name
  }
  return null
}
