/**
 * Partitions of the event table, made ahead of the ids. Invariant: an event always finds its partition, because a commit
 * that would pass the last one waits until the next ones are there.
 *
 * Locks: SHARE UPDATE EXCLUSIVE on `event` (attaching, unlike creating in place, lets inserts go on) and an advisory lock,
 * so that several programs may do it at once.
 */
import type pg from 'pg'
import { inTransaction } from '../connect.ts'

/** Ids in one partition: about 150 MB with their index. */
export const PARTITION_SIZE = 1_000_000
const AHEAD = 2
/** Any fixed number; "event" in ASCII. */
const LOCK = 0x6576656e74

/** Makes what is missing for ids from `from` to `to` and the next ones ahead. Returns the first id not covered. */
export async function ensureEventPartitions(client: pg.ClientBase, from: number, to = from): Promise<number> {
  return inTransaction(client, 'read write', () => attachPartitions(client, from, to))
}

/** The same inside the caller's transaction. */
export async function attachPartitions(client: pg.ClientBase, from: number, to = from): Promise<number> {
  const first = Math.floor(from / PARTITION_SIZE)
  const end = Math.floor(to / PARTITION_SIZE) + AHEAD
  await client.query('select pg_advisory_xact_lock($1)', [LOCK])
  const known = await client.query<{ name: string }>(
    "select c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = 'event'::regclass",
  )
  const names = new Set(known.rows.map((row) => row.name))
  for (let number = first; number < end; number++) {
    const name = `event_${number}`
    if (names.has(name)) continue
    const start = number * PARTITION_SIZE
    await client.query(`create table ${name} (like event including defaults)`)
    // It is never updated: vacuum only has to freeze it; statistics matter from the first thousand rows on.
    await client.query(`alter table ${name} set (autovacuum_analyze_threshold = 1000)`)
    await client.query(
      `alter table event attach partition ${name} for values from (${start}) to (${start + PARTITION_SIZE})`,
    )
  }
  return end * PARTITION_SIZE
}

/** Highest event id; 0 without events. Reads the newest partition that has rows, nothing older. */
export async function lastEventId(client: pg.ClientBase): Promise<number> {
  const partitions = await client.query<{ name: string }>(
    `select c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid
     where i.inhparent = 'event'::regclass
     order by substring(c.relname from '[0-9]+$')::bigint desc`,
  )
  for (const { name } of partitions.rows) {
    const found = await client.query<{ id: number | null }>(`select max(id) as id from ${name}`)
    const id = found.rows[0]?.id ?? null
    if (id !== null) return id
  }
  return 0
}
