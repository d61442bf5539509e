/**
 * Deletes what is older than it is kept. Invariants: nothing that is unfinished, in use or the newest of its kind goes; the
 * highest deleted ids are noted, so that none is given again; work goes in small batches that the scheduler hardly feels;
 * one cleaning at a time. A dry run counts the same rows and deletes none.
 *
 * Indexes: `dag_run` by id, `task_instance (dag_run_id, ...)`, `dag_run (version_id)`, `dead_letter (settled_at)`, primary
 * keys. Locks: the rows of
 * one batch; rows of a run that somebody else holds are left for the next time, not waited for.
 */
import type pg from 'pg'
import { cleanEvents } from './clean-events.ts'
import { deleteRuns } from './delete-runs.ts'

/** How long each is kept, in milliseconds. */
export interface RetentionLimits {
  readonly runs: number
  readonly xcoms: number
  /** After they were redriven or discarded. */
  readonly deadLetters: number
  readonly bundles: number
  readonly events: number
}

export interface Cleaned {
  readonly what: string
  /** Deleted, or to be deleted. */
  readonly rows: number
  /** Of the whole table with its indexes, before; what is freed is reused, not given back to the disk at once. */
  readonly tableBytes: number
}

export interface CleanOptions {
  readonly limits: RetentionLimits
  readonly now: number
  readonly dryRun: boolean
  /** Asked between batches: ends early. */
  readonly isCancelled?: () => boolean
}

/** Any fixed number; "clean" in ASCII. */
const LOCK = 0x636c65616e
const BATCH = 500
const LETTER_BATCH = 5_000
const DAY = 24 * 60 * 60 * 1_000

/** `null`: another cleaning is under way. */
export async function cleanDatabase(pool: pg.Pool, options: CleanOptions): Promise<readonly Cleaned[] | null> {
  const client = await pool.connect()
  let isBroken = false
  try {
    const { rows } = await client.query<{ taken: boolean }>('select pg_try_advisory_lock($1) as taken', [LOCK])
    if (!rows[0]?.taken) return null
    try {
      return await cleanAll(client, options)
    } finally {
      await client.query('select pg_advisory_unlock($1)', [LOCK]).catch(() => {
        isBroken = true
      })
    }
  } finally {
    client.release(isBroken)
  }
}

async function cleanAll(client: pg.PoolClient, options: CleanOptions): Promise<Cleaned[]> {
  const { limits, now } = options
  const done: Cleaned[] = []
  const step = async (what: string, table: string, work: () => Promise<number>) => {
    const tableBytes = await sizeOf(client, table)
    done.push({ what, rows: options.isCancelled?.() === true ? 0 : await work(), tableBytes })
  }
  await step('runs', 'dag_run', () => cleanRuns(client, now - limits.runs, options))
  await step('XComs', 'xcom', () => cleanXComs(client, now - limits.xcoms, options))
  await step('settled dead letters', 'dead_letter', () => cleanLetters(client, now - limits.deadLetters, options))
  await step('Dag versions', 'dag_version', () =>
    remove(client, options, 'dag_version v', [now - limits.bundles], UNUSED_VERSIONS),
  )
  await step('bundles', 'bundle', () =>
    remove(client, options, 'bundle b', [now - Math.max(limits.bundles, DAY)], UNUSED_BUNDLES),
  )
  await step('events', 'event', () => cleanEvents(client, now - limits.events, options))
  await step('answered commands', 'command', () =>
    remove(client, options, 'command c', [now - Math.min(limits.events, 30 * DAY)], OLD_COMMANDS),
  )
  await step('uses of secrets', 'secret_access', () =>
    remove(
      client,
      options,
      'secret_access s',
      [now - limits.events],
      's.at < to_timestamp($1::double precision / 1000)',
    ),
  )
  await step('sessions', 'session', () =>
    remove(client, options, 'session s', [now], 's.expires_at < to_timestamp($1::double precision / 1000)'),
  )
  await step('tokens of sign-ins', 'api_token', () => remove(client, options, 'api_token t', [now - DAY], OLD_TOKENS))
  return done
}

const UNUSED_VERSIONS =
  'v.created_at < to_timestamp($1::double precision / 1000) ' +
  'and not exists (select from dag d where d.version_id = v.version_id) ' +
  'and not exists (select from dag_run r where r.version_id = v.version_id)'
const UNUSED_BUNDLES =
  'b.created_at < to_timestamp($1::double precision / 1000) ' +
  'and not exists (select from dag_version v where v.bundle_hash = b.hash)'
const OLD_COMMANDS = 'c.answer is not null and c.answered_at < to_timestamp($1::double precision / 1000)'
const OLD_TOKENS = "t.name = 'sign-in' and t.expires_at < to_timestamp($1::double precision / 1000)"

async function remove(
  client: pg.PoolClient,
  { dryRun }: CleanOptions,
  table: string,
  values: readonly number[],
  condition: string,
): Promise<number> {
  if (!dryRun) return (await client.query(`delete from ${table} where ${condition}`, [...values])).rowCount ?? 0
  const { rows } = await client.query<{ count: number }>(`select count(*) as count from ${table} where ${condition}`, [
    ...values,
  ])
  return rows[0]?.count ?? 0
}

interface RunPage {
  readonly ids: readonly number[]
  readonly lastId: number
}

/** Runs that ended before `before`, in pages by id. A run is made before it ends, so younger ids need no look. */
async function* oldRuns(client: pg.PoolClient, before: number): AsyncGenerator<RunPage> {
  let lastId = 0
  for (;;) {
    const { rows } = await client.query<{ id: number; isOld: boolean; isYoung: boolean }>(
      `select id, state in ('success', 'failed') and end_date < to_timestamp($2::double precision / 1000) as "isOld",
         queued_at >= to_timestamp($2::double precision / 1000) as "isYoung"
       from dag_run where id > $1 order by id limit ${BATCH}`,
      [lastId, before],
    )
    if (rows.length === 0) return
    lastId = rows.at(-1)!.id
    const ids = rows.filter((row) => row.isOld).map((row) => row.id)
    if (ids.length > 0) yield { ids, lastId }
    // A cleared old run is queued anew, so a single young one says nothing; a page of them does.
    if (rows.every((row) => row.isYoung)) return
  }
}

async function cleanRuns(client: pg.PoolClient, before: number, options: CleanOptions): Promise<number> {
  let count = 0
  for await (const { ids } of oldRuns(client, before)) {
    if (options.isCancelled?.() === true) break
    count += options.dryRun ? ids.length : await deleteRuns(client, ids, before)
  }
  return count
}

async function cleanXComs(client: pg.PoolClient, before: number, options: CleanOptions): Promise<number> {
  let count = 0
  const ofRuns = 'x.ti_id in (select id from task_instance where dag_run_id = any ($1::bigint[]))'
  for await (const { ids } of oldRuns(client, before)) {
    if (options.isCancelled?.() === true) break
    if (options.dryRun) {
      const found = await client.query<{ count: number }>(`select count(*) as count from xcom x where ${ofRuns}`, [ids])
      count += found.rows[0]?.count ?? 0
    } else {
      const deleted = await client.query(
        `delete from xcom where ctid = any (array(select x.ctid from xcom x where ${ofRuns} for update skip locked))`,
        [ids],
      )
      count += deleted.rowCount ?? 0
    }
  }
  return count
}

/** Open ones stay as long as their run: somebody may still want to redrive them. */
async function cleanLetters(client: pg.PoolClient, before: number, options: CleanOptions): Promise<number> {
  const settled = 'd.settled_at < to_timestamp($1::double precision / 1000)'
  if (options.dryRun) return remove(client, options, 'dead_letter d', [before], settled)
  let count = 0
  while (options.isCancelled?.() !== true) {
    const deleted = await client.query(
      `delete from dead_letter where ctid = any (array(
         select d.ctid from dead_letter d where ${settled} order by d.settled_at limit ${LETTER_BATCH} for update skip locked
       ))`,
      [before],
    )
    count += deleted.rowCount ?? 0
    if ((deleted.rowCount ?? 0) < LETTER_BATCH) break
  }
  return count
}

async function sizeOf(client: pg.PoolClient, table: string): Promise<number> {
  const { rows } = await client.query<{ bytes: number | null }>(
    `select sum(pg_total_relation_size(relid))::bigint as bytes from pg_partition_tree($1::regclass)`,
    [table],
  )
  if (rows[0]?.bytes != null) return rows[0].bytes
  const plain = await client.query<{ bytes: number }>('select pg_total_relation_size($1::regclass) as bytes', [table])
  return plain.rows[0]?.bytes ?? 0
}
