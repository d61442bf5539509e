/**
 * Plans at 100,000 rows. The statements are prepared while the tables are empty and analysed, which is when a careless
 * plan would be made and kept; then the rows come.
 */
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TickWrites } from '../../core/ports/store.ts'
import { withDefaults } from '../../database/connect.ts'
import { listEvents, listEventsAfter } from '../../database/queries/events.ts'
import { countOpenStates } from '../../database/queries/overview.ts'
import { getRun, listRuns } from '../../database/queries/runs.ts'
import { getTi, listTis, listTries, listTriesOfRun } from '../../database/queries/task-instances.ts'
import { CommitStatements, leaderSettings } from '../../database/store/commit-statement.ts'
import { createPostgresStore } from '../../database/store/postgres-store.ts'
import { readReturnValues, readXCom } from '../../database/xcoms.ts'
import { event, execution, noWrites, run, ti, tryOf } from '../support/records.ts'
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts'

const ROWS = 100_000
const BIG_TABLES = ['task_instance', 'event', 'try', 'dag_run', 'xcom', 'command']

/** Of a busy scheduler: ends, starts, results, history, a run that ends and one that begins. */
const tickWrites: TickWrites = {
  ...noWrites,
  updatedTis: [ti(5, 1, 't', { state: 'success' }), ti(6, 1, 't', { state: 'queued' })],
  insertedTis: [ti(ROWS + 1, 1, 'new')],
  updatedTries: [tryOf(5, 1, 1, { state: 'success' })],
  insertedTries: [tryOf(6, 2, 1)],
  insertedExecutions: [execution(6, 2, 1, 1)],
  deletedExecutions: [{ tiId: 5, tryNumber: 1 }],
  updatedRuns: [run(7, 'sales', { state: 'success' })],
  insertedRuns: [run(ROWS + 1, 'sales')],
  // And a Dag that is being deleted.
  erasedTis: [ROWS - 1, ROWS],
  erasedRuns: [ROWS / 10],
  deletedDags: ['dag_7'],
  xcoms: [{ tiId: 5, tryNumber: 1, key: 'return_value', dagRunId: 1, json: '1' }],
  events: [event(ROWS + 1), event(ROWS + 2)],
  answers: [{ commandId: 1, answer: { ok: true, value: '1' }, lastEventId: 1 }],
}

interface PlanNode {
  readonly 'Node Type': string
  readonly 'Relation Name'?: string
  readonly Plans?: readonly PlanNode[]
}

let database: TestDatabase
let leader: pg.Client
beforeAll(async () => {
  database = await createTestDatabase()
  const store = await createPostgresStore(database.connection)
  const { epoch } = (await store.acquireLease('host-a:1:1'))!
  // Makes the first partitions.
  await store.commit(epoch, { ...noWrites, events: [event(0)] })
  await store.close()
  await database.pool.query('analyze')
  leader = new pg.Client(withDefaults(database.connection, 'tradewind plans'))
  await leader.connect()
  await leader.query(leaderSettings)
  const statement = new CommitStatements().statement(1, tickWrites)!
  await leader.query(`prepare tick as ${statement.text}`)
  // Planned now, on the empty tables.
  await leader.query(`explain execute tick (${literals(statement.values)})`)
  await fill()
})
afterAll(() => leader.end())

async function fill(): Promise<void> {
  for (const sql of [
    `insert into dag_run (id, dag_id, run_id, run_type, state, version_id, logical_date, run_after, queued_at, conf, triggered_by)
     select i, 'dag_' || i % 100, 'run-' || i, 'scheduled', case when i % 1000 = 0 then 'running' else 'success' end, 1,
       to_timestamp(i * 60), now(), now(), '{}', 'schedule' from generate_series(1, ${ROWS}) i`,
    'insert into open_run select id from dag_run where id % 1000 = 0',
    `insert into task_instance (id, dag_run_id, task_id, map_index, state, try_number, max_tries, failures, losses)
     select i, 1 + (i - 1) / 10, 'task_' || i % 10, -1, 'success', 1, 4, 0, 0 from generate_series(1, ${ROWS}) i`,
    `insert into try (ti_id, try_number, dag_run_id, queued_at, state)
     select i, 1, 1 + (i - 1) / 10, now(), 'success' from generate_series(1, ${ROWS}) i`,
    `insert into xcom (ti_id, try_number, key, dag_run_id, json)
     select i, 1, 'return_value', 1 + (i - 1) / 10, '{}' from generate_series(1, ${ROWS}) i`,
    `insert into event (id, at, dag_run_id, kind, actor)
     select i, now(), 1 + (i - 1) / 30, 'ti.queued', 'scheduler' from generate_series(1, ${ROWS}) i`,
    `insert into command (request, actor, created_at, answer)
     select '{}', 'user:anna', now(), '{}' from generate_series(1, ${ROWS}) i`,
  ]) {
    await database.pool.query(sql)
  }
}

function literals(values: readonly (string | number | null)[]): string {
  return values.map((value) => (value === null ? 'null' : pg.escapeLiteral(String(value)))).join(', ')
}

function scans(node: PlanNode): string[] {
  // All rows are in the first partition; reading the empty ones ahead costs nothing.
  const table = (node['Relation Name'] ?? '').replace(/^event_0$/, 'event')
  const here = node['Node Type'] === 'Seq Scan' && BIG_TABLES.includes(table) ? [table] : []
  return [...here, ...(node.Plans ?? []).flatMap(scans)]
}

async function scansOf(client: pg.ClientBase | pg.Pool, sql: string, values: unknown[] = []): Promise<string[]> {
  const { rows } = await client.query<{ 'QUERY PLAN': [{ Plan: PlanNode }] }>(`explain (format json) ${sql}`, values)
  return scans(rows[0]!['QUERY PLAN'][0].Plan)
}

describe('plans at 100,000 rows', () => {
  it('the tick goes by keys, though it was prepared on empty tables', async () => {
    const statement = new CommitStatements().statement(1, tickWrites)!
    expect(await scansOf(leader, `execute tick (${literals(statement.values)})`)).toEqual([])
    // Nor after statistics have come.
    await database.pool.query('analyze')
    expect(await scansOf(leader, `execute tick (${literals(statement.values)})`)).toEqual([])
  })

  it('the read models go by indexes', async () => {
    await database.pool.query('analyze')
    const asked: { text: string; values: unknown[] }[] = []
    // The real pool, with an ear on it.
    const pool = {
      query: (query: string | { text: string; values?: unknown[] }, values?: unknown[]) => {
        const text = typeof query === 'string' ? query : query.text
        asked.push({ text, values: values ?? (typeof query === 'string' ? [] : (query.values ?? [])) })
        return database.pool.query(text, asked.at(-1)!.values)
      },
    } as unknown as pg.Pool
    await listRuns(pool, { limit: 50 })
    await listRuns(pool, { dagId: 'dag_7', limit: 50, beforeId: 50_000 })
    await listRuns(pool, { dagId: 'dag_7', limit: 50, state: 'success' })
    await listRuns(pool, { limit: 50, state: 'running' })
    await getRun(pool, { dagId: 'dag_7', runId: 'run-7' })
    await getRun(pool, { id: 7 })
    await listTis(pool, 77)
    await getTi(pool, { dagRunId: 77, taskId: 'task_1' })
    await listTries(pool, 77)
    await listTriesOfRun(pool, 77)
    await listEvents(pool, 77)
    expect(await listEventsAfter(pool, { afterId: ROWS - 10 })).toHaveLength(10)
    await countOpenStates(pool)
    const tries = [{ tiId: 1, tryNumber: 1 }]
    await readReturnValues(pool, tries)
    const locator = { key: 'return_value', dagId: 'dag_7', runId: 'run-7', taskId: 'task_1', mapIndex: -1 }
    await readXCom(pool, { ...locator, includePriorDates: false })
    await readXCom(pool, { ...locator, includePriorDates: true })
    expect(asked.length).toBeGreaterThanOrEqual(16)
    for (const { text, values } of asked) expect(await scansOf(database.pool, text, values), text).toEqual([])
  })

  it('updates of state stay in their page', async () => {
    const store = await createPostgresStore(database.connection)
    await database.pool.query('update lease set expires_at = now()')
    const { epoch } = (await store.acquireLease('host-b:1:1'))!
    for (const state of ['queued', 'running', 'success'] as const) {
      const tis = Array.from({ length: 500 }, (_, i) => ti(1_000 + i * 100, 1, 't', { state, tryNumber: 1 }))
      expect(await store.commit(epoch, { ...noWrites, updatedTis: tis })).toEqual({ status: 'committed' })
    }
    await store.close()
    // Statistics of a backend are complete when it has gone.
    const { rows } = await database.pool.query<{ share: number }>(
      `select (100 * n_tup_hot_upd / greatest(n_tup_upd, 1))::integer as share from pg_stat_user_tables
       where relname = 'task_instance' and n_tup_upd >= 1500`,
    )
    expect(rows[0]?.share ?? 100).toBeGreaterThan(95)
  })
})
