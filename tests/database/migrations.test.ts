/** Migrations: forward only, safe for many at once, with data in the tables, and the schema they end in is checked in. */
import type pg from 'pg'
import { describe, expect, it } from 'vitest'
import { checkSchema, migrate, migrations, schemaVersion } from '../../database/migrations/migrate.ts'
import type { Migration } from '../../database/migrations/migration.ts'
import { createPostgresStore } from '../../database/store/postgres-store.ts'
import { event, noWrites, run, ti } from '../support/records.ts'
import { createTestDatabase } from '../support/test-database.ts'
import { dumpSchema } from './schema-dump.ts'

const newest = migrations.length

/** What the next release might bring: a column filled from the rows that are there. */
const next: Migration = {
  version: newest + 1,
  name: 'duration of runs',
  statements: (knex) => [
    knex.schema.alterTable('dag_run', (table) => table.integer('duration_ms')).toQuery(),
    'update dag_run set duration_ms = extract(epoch from end_date - start_date) * 1000',
  ],
}

describe('migrations', () => {
  it('are numbered without gaps', () => {
    expect(migrations.map((migration) => migration.version)).toEqual(migrations.map((_, i) => i + 1))
  })

  it('end in the checked-in schema (run with -u to write it)', async () => {
    const { pool } = await createTestDatabase()
    const major = await serverMajor(pool)
    // Older servers spell some definitions differently.
    if (major !== 18) return
    await expect(await dumpSchema(pool)).toMatchFileSnapshot('../../database/schema.sql')
  })

  it('twenty at once succeed, one of them does the work', async () => {
    const { connection } = await createTestDatabase('empty')
    const results = await Promise.all(Array.from({ length: 20 }, () => migrate(connection)))
    expect(results.filter((result) => result.from === 0)).toHaveLength(1)
    expect(await schemaVersion(connection)).toBe(newest)
    await checkSchema(connection)
  })

  it('keep the data and compute what is new', async () => {
    const { connection, pool } = await createTestDatabase()
    const store = await createPostgresStore(connection)
    const { epoch } = (await store.acquireLease('host-a:1:1'))!
    await store.commit(epoch, {
      ...noWrites,
      insertedRuns: [run(1, 'sales', { state: 'success', startDate: 1_000, endDate: 3_500 }), run(2, 'sales')],
      insertedTis: [ti(1, 1, 'a', { state: 'success' })],
      events: [event(1)],
    })
    await store.close()
    expect(await migrate(connection, [...migrations, next])).toEqual({ from: newest, to: newest + 1 })
    const { rows } = await pool.query('select id, state, duration_ms from dag_run order by id')
    expect(rows).toEqual([
      { id: 1, state: 'success', duration_ms: 2_500 },
      { id: 2, state: 'queued', duration_ms: null },
    ])
    expect((await pool.query('select state from task_instance')).rows).toEqual([{ state: 'success' }])
  })

  it('a database of the first operating schema keeps its rows and ends in the same schema as a new one', async () => {
    const old = await createTestDatabase('empty')
    await migrate(old.connection, migrations.slice(0, 2))
    await old.pool.query(
      `insert into dag_run (id, dag_id, run_id, run_type, state, version_id, run_after, queued_at, conf, triggered_by)
       values (1, 'sales', 'a', 'manual', 'failed', 1, now(), now(), '{}', 'user:anna');
       insert into task_instance (id, dag_run_id, task_id, map_index, state, try_number, max_tries, failures, losses)
       values (1, 1, 'a', -1, 'failed', 1, 1, 1, 0)`,
    )
    expect(await migrate(old.connection)).toEqual({ from: 2, to: newest })
    const store = await createPostgresStore(old.connection)
    const { epoch } = (await store.acquireLease('host-a:1:1'))!
    const loaded = await store.loadRuns(epoch, [{ dagId: 'sales', runId: 'a' }])
    expect(loaded).toMatchObject({
      runs: [{ id: 1, state: 'failed', correlationId: null, triggerKey: null }],
      tis: [{ id: 1, state: 'failed' }],
      compensations: [],
      tiOverrides: [],
    })
    await store.close()
    const fresh = await createTestDatabase()
    expect(await dumpSchema(old.pool)).toEqual(await dumpSchema(fresh.pool))
  })

  it('a failing one leaves nothing behind', async () => {
    const { connection, pool } = await createTestDatabase()
    const broken: Migration = {
      version: newest + 1,
      name: 'broken',
      statements: () => ['create table half_made (id integer)', 'select 1 / 0'],
    }
    await expect(migrate(connection, [...migrations, broken])).rejects.toThrow(/division by zero/)
    expect(await schemaVersion(connection)).toBe(newest)
    expect((await pool.query("select to_regclass('half_made') as found")).rows).toEqual([{ found: null }])
  })

  it('a program older than the schema refuses to start', async () => {
    const { connection } = await createTestDatabase()
    await migrate(connection, [...migrations, next])
    const message = new RegExp(`schema version ${newest + 1}, newer than this program's ${newest}.*newer Tradewind`)
    await expect(migrate(connection)).rejects.toThrow(message)
    await expect(checkSchema(connection)).rejects.toThrow(/newer than this program's/)
  })

  it('a program newer than the schema says what to do', async () => {
    const { connection } = await createTestDatabase('empty')
    await expect(checkSchema(connection)).rejects.toThrow(/`tradewind db migrate`/)
  })
})

async function serverMajor(pool: pg.Pool): Promise<number> {
  const { rows } = await pool.query<{ version: string }>("select current_setting('server_version_num') as version")
  return Math.floor(Number(rows[0]?.version) / 10_000)
}
