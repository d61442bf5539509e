/** The PostgreSQL Store passes the contract; and what only a database can show. */
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CommandAnswer, EventRecord, RunRecord, TiRecord } from '../../core/records.ts'
import { PARTITION_SIZE } from '../../database/store/event-partitions.ts'
import { runColumns, type TryRow, tiColumns, toTryRecord, tryColumns } from '../../database/store/load.ts'
import { createPostgresStore, type PostgresStore } from '../../database/store/postgres-store.ts'
import { event, noWrites, run, ti } from '../support/records.ts'
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts'
import { describeStore, type StoreUnderTest } from './store-contract.ts'

describeStore('PostgreSQL', async (): Promise<StoreUnderTest> => {
  const database = await createTestDatabase()
  const { pool, connection } = database
  const one = async <Row extends pg.QueryResultRow>(sql: string, values: unknown[]): Promise<Row | null> =>
    (await pool.query<Row>(sql, values)).rows[0] ?? null
  const store = await createPostgresStore(connection)
  const others: PostgresStore[] = []
  return {
    store,
    otherLeader: async () => {
      const other = await createPostgresStore(connection)
      others.push(other)
      return other
    },
    submit: async (request, actor) => {
      const row = await one<{ id: number }>(
        `insert into command (request, actor, created_at) values ($1, $2, now())
         returning id, pg_notify('tradewind_command', '')`,
        [JSON.stringify(request), actor],
      )
      return row!.id
    },
    expireLease: async () => {
      await pool.query('update lease set expires_at = clock_timestamp()')
    },
    inspect: {
      run: (id) => one<RunRecord & pg.QueryResultRow>(`select ${runColumns} from dag_run r where id = $1`, [id]),
      ti: (id) => one<TiRecord & pg.QueryResultRow>(`select ${tiColumns} from task_instance ti where id = $1`, [id]),
      try: async (tiId, tryNumber) => {
        const row = await one<TryRow>(`select ${tryColumns} from try t where ti_id = $1 and try_number = $2`, [
          tiId,
          tryNumber,
        ])
        return row && toTryRecord(row)
      },
      note: async (tiId) =>
        (await one<{ note: string }>('select note from task_note where ti_id = $1', [tiId]))?.note ?? null,
      xcom: (tiId, tryNumber, key) =>
        one(
          `select ti_id as "tiId", try_number as "tryNumber", key, dag_run_id as "dagRunId", json from xcom
           where ti_id = $1 and try_number = $2 and key = $3`,
          [tiId, tryNumber, key],
        ),
      sagaRows: async (tiId) => {
        const row = await one<{ counts: string }>(
          `select (select count(*) from compensation where ti_id = $1) || ',' ||
             (select count(*) from dead_letter where ti_id = $1) || ',' ||
             (select count(*) from ti_override where ti_id = $1) as counts`,
          [tiId],
        )
        return row!.counts.split(',').map(Number)
      },
      variable: async (key) => {
        const row = await one('select value, is_secret, description from variable where key = $1', [key])
        return row && Object.values(row)
      },
      connection: async (id) => {
        const row = await one('select host, password, extra from connection where id = $1', [id])
        return row && Object.values(row)
      },
      request: async (id) =>
        (await one<{ request: string }>('select request from command where id = $1', [id]))!.request,
      events: async () =>
        (
          await pool.query<EventRecord & pg.QueryResultRow>(
            `select id, at, dag_run_id as "dagRunId", dag_id as "dagId", ti_id as "tiId", try_number as "tryNumber",
               kind, actor, cause, data from event order by id`,
          )
        ).rows,
      answer: async (id) => {
        const row = await one<{ answer: string | null; last_event_id: number }>(
          'select answer, last_event_id from command where id = $1',
          [id],
        )
        if (!row || row.answer === null) return null
        return { answer: JSON.parse(row.answer) as CommandAnswer, lastEventId: row.last_event_id }
      },
    },
    close: async () => {
      await Promise.all([store.close(), ...others.map((other) => other.close())])
      await database.drop()
    },
  }
})

describe('the PostgreSQL Store', () => {
  let database: TestDatabase
  let store: PostgresStore
  let epoch: number
  let nextId = 1
  beforeAll(async () => {
    database = await createTestDatabase()
    store = await createPostgresStore(database.connection)
    epoch = (await store.acquireLease('host-a:1:1'))!.epoch
  })
  afterAll(() => store.close())

  it('tells everybody the last event id with the commit', async () => {
    const listener = new pg.Client(database.connection)
    await listener.connect()
    await listener.query('listen tradewind_event')
    const heard = new Promise<string>((resolve) => {
      listener.on('notification', (hint) => resolve(hint.payload ?? ''))
    })
    const events = [event(nextId++), event(nextId++), event(nextId++)]
    await store.commit(epoch, { ...noWrites, events })
    expect(await heard).toBe(String(events[2]!.id))
    await listener.end()
  })

  it('refuses what no text may hold and goes on', async () => {
    const id = nextId++
    const result = await store.commit(epoch, { ...noWrites, events: [event(id, { cause: 'a\0b' })] })
    expect(result).toMatchObject({ status: 'data-error', sqlState: '22021' })
    const long = 'x'.repeat(10_000)
    const tooLong = [...long].map((_, i) => String.fromCharCode(0x4e00 + ((i * 7919) % 20_000))).join('')
    expect(
      await store.commit(epoch, { ...noWrites, insertedRuns: [run(900, 'sales', { runId: tooLong })] }),
    ).toMatchObject({ status: 'data-error' })
    expect(await store.commit(epoch, { ...noWrites, events: [event(id)] })).toEqual({ status: 'committed' })
  })

  it('makes partitions ahead of the ids', async () => {
    nextId = PARTITION_SIZE * 5 - 1
    const events = [event(nextId++), event(nextId++), event(nextId++)]
    expect(await store.commit(epoch, { ...noWrites, events })).toEqual({ status: 'committed' })
    expect((await store.load(epoch)).nextIds.event).toBe(nextId)
  })

  it('rejects when its connection is ended in the middle, and works again on a new one', async () => {
    await database.pool.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'tradewind leader'
         and datname = current_database()`,
    )
    const writes = { ...noWrites, events: [event(nextId++)] }
    const first = await store.commit(epoch, writes).catch((error: Error) => error)
    // Either the loss was seen before (a fresh connection is used) or the commit rejects; it never hangs or lies.
    if (first instanceof Error) expect(await store.commit(epoch, writes)).toEqual({ status: 'committed' })
    else expect(first).toEqual({ status: 'committed' })
  })

  it('is fenced by the epoch alone, on a connection that nobody ended', async () => {
    await store.commit(epoch, { ...noWrites, events: [event(nextId++)] })
    const before = await countEvents(database.pool)
    await database.pool.query('update lease set epoch = epoch + 1')
    const writes = { ...noWrites, events: [event(nextId)], insertedTis: [ti(700, 1, 'never')] }
    expect(await store.commit(epoch, writes)).toEqual({ status: 'fenced' })
    expect(await countEvents(database.pool)).toBe(before)
    expect((await database.pool.query('select from task_instance where id = 700')).rowCount).toBe(0)
    await database.pool.query('update lease set epoch = epoch - 1')
  })

  it('waits for an epoch that is being raised, and is fenced by it', async () => {
    const newLeader = new pg.Client(database.connection)
    await newLeader.connect()
    await newLeader.query('begin')
    await newLeader.query('update lease set epoch = epoch + 1')
    const before = await countEvents(database.pool)
    const inFlight = store.commit(epoch, { ...noWrites, events: [event(nextId)] })
    await waitUntil(
      database.pool,
      "select from pg_stat_activity where wait_event_type = 'Lock' and application_name = 'tradewind leader'",
    )
    await newLeader.query('commit')
    expect(await inFlight).toEqual({ status: 'fenced' })
    expect(await countEvents(database.pool)).toBe(before)
    await newLeader.query('update lease set epoch = epoch - 1')
    await newLeader.end()
  })

  it('an epoch cannot be raised while a commit is in flight', async () => {
    const blocker = new pg.Client(database.connection)
    await blocker.connect()
    const made = await store.commit(epoch, { ...noWrites, insertedTis: [ti(600, 1, 'slower')] })
    expect(made).toEqual({ status: 'committed' })
    await blocker.query('begin')
    await blocker.query('select from task_instance where id = 600 for update')
    const inFlight = store.commit(epoch, { ...noWrites, updatedTis: [ti(600, 1, 'slower', { state: 'success' })] })
    const waiting =
      "select from pg_stat_activity where wait_event_type = 'Lock' and application_name = 'tradewind leader'"
    await waitUntil(database.pool, waiting)
    let raised = false
    const raising = database.pool.query('update lease set epoch = epoch + 1').then(() => {
      raised = true
    })
    await waitUntil(
      database.pool,
      "select from pg_locks where not granted and locktype in ('tuple', 'transactionid') offset 1",
    )
    expect(raised).toBe(false)
    await blocker.query('rollback')
    await blocker.end()
    expect(await inFlight).toEqual({ status: 'committed' })
    await raising
    await database.pool.query('update lease set epoch = epoch - 1')
  })

  it('a takeover ends the commit in flight, which then has written nothing', async () => {
    const blocker = new pg.Client(database.connection)
    await blocker.connect()
    const made = await store.commit(epoch, { ...noWrites, insertedTis: [ti(500, 1, 'slow')] })
    expect(made).toEqual({ status: 'committed' })
    // The commit below needs a lease with its epoch, not one that is live; it holds the row while it waits.
    await database.pool.query('update lease set expires_at = clock_timestamp()')
    await blocker.query('begin')
    await blocker.query('select from task_instance where id = 500 for update')
    const inFlight = store
      .commit(epoch, { ...noWrites, updatedTis: [ti(500, 1, 'slow', { state: 'success' })], events: [event(nextId++)] })
      .catch((error: Error) => error)
    await waitUntil(database.pool, "select from pg_stat_activity where wait_event_type = 'Lock'")
    const other = await createPostgresStore(database.connection)
    const taking = other.acquireLease('host-b:1:1')
    // The old leader's connection is ended by the new one, so its commit cannot land after the epoch has risen.
    const outcome = await inFlight
    const term = await taking
    await blocker.query('rollback')
    await blocker.end()
    expect(outcome).toBeInstanceOf(Error)
    expect(term!.epoch).toBeGreaterThan(epoch)
    const state = await database.pool.query('select state from task_instance where id = 500')
    expect(state.rows).toEqual([{ state: 'none' }])
    await other.close()
  })
})

async function countEvents(pool: pg.Pool): Promise<number> {
  const { rows } = await pool.query<{ count: number }>('select count(*) as count from event')
  return rows[0]!.count
}

async function waitUntil(pool: pg.Pool, sql: string): Promise<void> {
  const until = Date.now() + 5_000
  for (;;) {
    if ((await pool.query(sql)).rowCount) return
    if (Date.now() > until) throw new Error(`did not come true: ${sql}`)
    await pool.query('select pg_sleep(0.005)')
  }
}
