/**
 * Drops partitions of the history in which every event is old. Invariants: the partition with the newest event, and those
 * made ahead of it, stay; inserts go on meanwhile (`detach ... concurrently`).
 */
import type pg from 'pg'

interface Partition {
  readonly name: string
  /** An earlier detaching was broken off. */
  readonly isPending: boolean
}

/** Returns the number of events gone, or to go. Not inside a transaction. */
export async function cleanEvents(client: pg.ClientBase, before: number, dryRun: boolean): Promise<number> {
  const { rows: partitions } = await client.query<Partition>(
    `select c.relname as name, i.inhdetachpending as "isPending"
     from pg_inherits i join pg_class c on c.oid = i.inhrelid
     where i.inhparent = 'event'::regclass order by substring(c.relname from '[0-9]+$')::bigint`,
  )
  const newest = await newestWithEvents(client, partitions)
  let count = 0
  for (const { name, isPending } of partitions) {
    if (name === newest || newest === null) break
    const { rows } = await client.query<{ count: number; last: number | null }>(
      `select count(*) as count, max(at) as last from "${name}"`,
    )
    const { count: events, last } = rows[0]!
    if (last !== null && last >= before) break
    count += events
    if (dryRun) continue
    await client.query(`alter table event detach partition "${name}" ${isPending ? 'finalize' : 'concurrently'}`)
    await client.query(`drop table "${name}"`)
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
