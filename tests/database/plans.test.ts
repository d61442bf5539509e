/**
 * Plans at 100,000 rows. The statements are prepared while the tables are empty and analysed, which is when a careless
 * plan would be made and kept; then the rows come.
 */
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TickWrites } from '../../core/ports/store.ts'
import { withDefaults } from '../../database/connect.ts'
import { listCompensations, newestCompensations } from '../../database/queries/compensations.ts'
import { correlatedRunIds, runsByCorrelationPrefix } from '../../database/queries/correlated-runs.ts'
import { countOpenLetters, pageLetters } from '../../database/queries/dead-letters.ts'
import { listEvents, listEventsAfter } from '../../database/queries/events.ts'
import { getLetter } from '../../database/queries/letter-detail.ts'
import { pageLetterGroups } from '../../database/queries/letter-groups.ts'
import { countOpenStates } from '../../database/queries/overview.ts'
import { pageRuns } from '../../database/queries/run-pages.ts'
import { getRun, listRuns } from '../../database/queries/runs.ts'
import { getTi, listTis, listTries, listTriesOfRun } from '../../database/queries/task-instances.ts'
import { pageTis } from '../../database/queries/ti-pages.ts'
import { CommitStatements, leaderSettings } from '../../database/store/commit-statement.ts'
import { loadRunsByName } from '../../database/store/load.ts'
import { lookUp } from '../../database/store/look-up.ts'
import { createPostgresStore } from '../../database/store/postgres-store.ts'
import { readGivenValues, readReturnValues, readXCom } from '../../database/xcoms.ts'
import { compensation, deadLetter, event, execution, noWrites, run, ti, tryOf } from '../support/records.ts'
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts'

const ROWS = 100_000
const BIG_TABLES = [
  'task_instance',
  'event',
  'try',
  'dag_run',
  'xcom',
  'command',
  'compensation',
  'dead_letter',
  'ti_override',
]

/** Of a busy scheduler: ends, starts, results, history, a run that ends and one that begins, a saga, letters. */
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
  compensations: [compensation(5, 1, { state: 'compensated' }), compensation(ROWS + 1, 1)],
  deadLetters: [deadLetter(6, 1)],
  deadLetterOutcomes: [{ tiId: 7, tryNumber: 1, status: 'discarded', reason: 'known', actor: 'user:anna', at: 5 }],
  tiOverrides: [{ tiId: 5, dagRunId: 1, life: 1, inputs: null }],
}

interface PlanNode {
  readonly 'Node Type': string
  readonly 'Relation Name'?: string
  readonly 'Actual Rows'?: number
  readonly 'Actual Loops'?: number
  readonly 'Rows Removed by Filter'?: number
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
    `update dag_run set correlation_id = 'order-' || id / 2, trigger_key = 'key-' || id where id % 2 = 0`,
    `insert into compensation (ti_id, forward_try, dag_run_id, forward_state, state, planned_at, actor)
     select i, 1, 1 + (i - 1) / 10, 'success', 'compensated', now(), 'scheduler' from generate_series(1, ${ROWS}) i`,
    `insert into ti_override (ti_id, dag_run_id, life) select i, 1 + (i - 1) / 10, 1 from generate_series(1, ${ROWS}) i`,
    `insert into dead_letter (ti_id, try_number, dag_run_id, dag_id, task_id, map_index, version_id, kind, strategy,
       fingerprint, cause_kind, message, at, status, actor, settled_at)
     select i, 1, 1 + (i - 1) / 10, 'dag_' || i % 100, 'task_' || i % 10, -1, 1, 'task', 'retry', 'f' || i % 300, 'error',
       'message ' || i, to_timestamp(i), case when i % 1000 = 0 then 'open' else 'discarded' end, 'a',
       case when i % 1000 = 0 then null else now() end
     from generate_series(1, ${ROWS}) i`,
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

/** Rows that a statement takes from tables and their indexes, whether it keeps them or not. */
async function rowsRead(sql: string, values: unknown[]): Promise<number> {
  const { rows } = await database.pool.query<{ 'QUERY PLAN': [{ Plan: PlanNode }] }>(
    `explain (analyze, timing off, format json) ${sql}`,
    values,
  )
  const readBy = (node: PlanNode): number => {
    const each = (node['Actual Rows'] ?? 0) + (node['Rows Removed by Filter'] ?? 0)
    const here = node['Relation Name'] === undefined ? 0 : each * (node['Actual Loops'] ?? 1)
    return (node.Plans ?? []).reduce((sum, child) => sum + readBy(child), here)
  }
  return readBy(rows[0]!['QUERY PLAN'][0].Plan)
}

interface Asked {
  readonly text: string
  readonly values: unknown[]
}

/** The real pool, with an ear on it. */
function listenedTo(real: pg.Pool | pg.ClientBase): { pool: pg.Pool; asked: Asked[] } {
  const asked: Asked[] = []
  const pool = {
    query: (query: string | { text: string; values?: unknown[] }, values?: unknown[]) => {
      const text = typeof query === 'string' ? query : query.text
      asked.push({ text, values: values ?? (typeof query === 'string' ? [] : (query.values ?? [])) })
      return real.query(text, asked.at(-1)!.values)
    },
  } as unknown as pg.Pool
  return { pool, asked }
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
    const { pool, asked } = listenedTo(database.pool)
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

  it('so do those of sagas, letters and correlation ids', async () => {
    await database.pool.query('analyze')
    const { pool, asked } = listenedTo(database.pool)
    const cursor = { at: 50_000_000, tiId: 50_000, tryNumber: 1 }
    for (const statuses of [['open'], ['open', 'redriven', 'discarded']] as const) {
      expect((await pageLetters(pool, { statuses, limit: 20 })).letters).toHaveLength(20)
      expect((await pageLetters(pool, { statuses, limit: 20, cursor })).letters).toHaveLength(20)
      await pageLetters(pool, { statuses, limit: 20, dagId: 'dag_0' })
      await pageLetters(pool, { statuses, limit: 20, fingerprint: 'f100' })
      await pageLetters(pool, { statuses, limit: 20, fingerprint: 'f100', dagId: 'dag_0' })
      await pageLetters(pool, { statuses, limit: 20, from: 40_000_000, to: 60_000_000 })
      await pageLetters(pool, { statuses, limit: 20, text: 'nowhere' })
      await pageLetterGroups(pool, { statuses, limit: 5 })
      await pageLetterGroups(pool, { statuses, limit: 5, dagId: 'dag_0', from: 40_000_000 })
    }
    await readGivenValues(pool, [{ tiId: 1, tryNumber: 1 }], { tiId: 2, tryNumber: 1 })
    await pageLetters(pool, { limit: 20, dagRunId: 77 })
    await pageLetters(pool, { limit: 20, correlationId: 'order-7' })
    await countOpenLetters(pool)
    expect(await getLetter(pool, { tiId: 77, tryNumber: 1 })).not.toBeNull()
    expect(await listCompensations(pool, 77, { limit: 100 })).toHaveLength(10)
    expect(await newestCompensations(pool, 77)).toHaveLength(10)
    expect(await correlatedRunIds(pool, 'order-7')).toEqual([15, 14].filter((id) => id % 2 === 0))
    expect(await runsByCorrelationPrefix(pool, 'order-7', 20)).toHaveLength(20)
    await pageRuns(pool, { correlationId: 'order-7', order: 'id', falling: true, offset: 0, limit: 50 })
    await pageTis(pool, { correlationId: 'order-7', falling: true, limit: 50 })
    for (const { text, values } of asked) {
      expect(await scansOf(database.pool, text, values), text).toEqual([])
      // Nor by walking through a whole index: a span of letters and what is joined to them, or the counts of a page of groups.
      expect(await rowsRead(text, values), text).toBeLessThan(ROWS / 8)
    }
  })

  it('and what the leader loads for commands', async () => {
    const { pool, asked } = listenedTo(leader)
    const client = pool as unknown as pg.ClientBase
    const loaded = await loadRunsByName(client, [{ dagId: 'dag_7', runId: 'run-7' }])
    expect(loaded).toMatchObject({ compensations: { length: 10 }, tiOverrides: { length: 10 } })
    const found = await lookUp(client, {
      variables: [],
      connections: [],
      doomedDags: [],
      letters: [{ tiId: 77, tryNumber: 1 }],
      triggerKeys: [{ dagId: 'dag_8', key: 'key-8' }],
    })
    expect([found.letters.size, found.triggerKeys.size]).toEqual([1, 1])
    for (const { text, values } of asked.filter((one) => one.text.includes('select')))
      expect(await scansOf(leader, text, values), text).toEqual([])
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
