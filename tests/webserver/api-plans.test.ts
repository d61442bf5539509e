/**
 * The lists of the API at 200,000 rows: every statement they send goes by an index over `task_instance` and `event`, and a
 * page is quick wherever it lies.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { recentRuns } from '../../database/queries/dag-overview.ts'
import { countEvents } from '../../database/queries/event-counts.ts'
import { getEvent, pageEvents } from '../../database/queries/event-pages.ts'
import { packTis } from '../../database/queries/grid.ts'
import { lastEventId } from '../../database/queries/last-event.ts'
import { countRuns, pageRuns } from '../../database/queries/run-pages.ts'
import { lastTries, notesOf, pageTis } from '../../database/queries/ti-pages.ts'
import { readWaitingFacts } from '../../database/queries/waiting-facts.ts'
import { getXCom, listXComs } from '../../database/queries/xcom-pages.ts'
import { createPostgresStore } from '../../database/store/postgres-store.ts'
import { createWebServer } from '../../webserver/create-web-server.ts'
import type { Pool } from '../../webserver/pool.ts'
import { event, noWrites, ti } from '../support/records.ts'
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts'
import { parts } from './web-server.ts'

const ROWS = 200_000

interface PlanNode {
  readonly 'Node Type': string
  readonly 'Relation Name'?: string
  readonly Plans?: readonly PlanNode[]
}

let database: TestDatabase
const asked: { text: string; values: unknown[] }[] = []
/** The real pool, with an ear on it. */
let pool: Pool

beforeAll(async () => {
  database = await createTestDatabase()
  const store = await createPostgresStore(database.connection)
  const { epoch } = (await store.acquireLease('host-a:1:1'))!
  // Makes the first partitions.
  await store.commit(epoch, { ...noWrites, events: [event(0)] })
  await store.close()
  for (const sql of [
    `insert into dag_run (id, dag_id, run_id, run_type, state, version_id, logical_date, run_after, queued_at, conf, triggered_by)
     select i, 'dag_' || i % 50, 'run-' || i, 'scheduled', case when i % 1000 = 0 then 'running' else 'success' end, 1,
       to_timestamp(i * 60), now(), now(), '{}', 'schedule' from generate_series(1, ${ROWS / 10}) i`,
    'insert into open_run select id from dag_run where id % 1000 = 0',
    `insert into task_instance (id, dag_run_id, task_id, map_index, state, try_number, max_tries, failures, losses)
     select i, 1 + (i - 1) / 10, 'task_' || i % 10, -1, case when i % 50000 = 0 then 'failed' else 'success' end, 1, 4, 0, 0
     from generate_series(1, ${ROWS}) i`,
    `insert into try (ti_id, try_number, dag_run_id, queued_at, state)
     select i, 1, 1 + (i - 1) / 10, now(), 'success' from generate_series(1, ${ROWS}) i`,
    `insert into xcom (ti_id, try_number, key, dag_run_id, json)
     select i, 1, 'return_value', 1 + (i - 1) / 10, '{}' from generate_series(1, ${ROWS}) i`,
    `insert into event (id, at, dag_run_id, dag_id, kind, actor)
     select i, now(), 1 + (i - 1) / 30, 'dag_' || i % 50, 'ti.queued', 'scheduler' from generate_series(1, ${ROWS}) i`,
  ]) {
    await database.pool.query(sql)
  }
  await database.pool.query('vacuum analyze')
  pool = {
    query: (query: string | { text: string; values?: unknown[] }, values?: unknown[]) => {
      const text = typeof query === 'string' ? query : query.text
      asked.push({ text, values: values ?? (typeof query === 'string' ? [] : (query.values ?? [])) })
      return database.pool.query(text, asked.at(-1)!.values)
    },
  } as unknown as Pool
})
afterAll(() => {
  asked.length = 0
})

function scans(node: PlanNode): string[] {
  const table = (node['Relation Name'] ?? '').replace(/^event_0$/, 'event')
  const here =
    node['Node Type'] === 'Seq Scan' && ['task_instance', 'event', 'try', 'xcom'].includes(table) ? [table] : []
  return [...here, ...(node.Plans ?? []).flatMap(scans)]
}

/** No statement of the work reads a big table as a whole. */
async function goesByIndex(work: () => Promise<unknown>): Promise<void> {
  asked.length = 0
  await work()
  expect(asked.length).toBeGreaterThan(0)
  for (const { text, values } of [...asked]) {
    const { rows } = await database.pool.query<{ 'QUERY PLAN': [{ Plan: PlanNode }] }>(
      `explain (format json) ${text}`,
      values,
    )
    expect(scans(rows[0]!['QUERY PLAN'][0].Plan), text).toEqual([])
  }
}

const page = { falling: true, limit: 50 }
const runs = { order: 'id', falling: true, offset: 0, limit: 50 } as const

describe('by index', () => {
  test.each<[string, () => Promise<unknown>]>([
    ['task instances of everything', () => pageTis(pool, page)],
    ['far back', () => pageTis(pool, { ...page, cursor: { run: 400, ti: 3_993 } })],
    ['oldest first', () => pageTis(pool, { ...page, falling: false })],
    ['of a Dag', () => pageTis(pool, { ...page, dagId: 'dag_7' })],
    ['the failed ones', () => pageTis(pool, { ...page, states: ['failed'] })],
    ['the running ones', () => pageTis(pool, { ...page, states: ['running', 'queued'] })],
    ['of one task', () => pageTis(pool, { ...page, dagId: 'dag_7', taskIds: ['task_3'] })],
    [
      'last tries and notes',
      () => Promise.all([lastTries(pool, [ti(5, 1, 't', { tryNumber: 1 })]), notesOf(pool, [ti(5, 1, 't')])]),
    ],
    [
      'the grid',
      () =>
        packTis(
          pool,
          Array.from({ length: 365 }, (_, i) => 7 + 50 * i),
        ),
    ],
    ['XComs', () => Promise.all([listXComs(pool, 77), getXCom(pool, { tiId: 77, key: 'return_value' })])],
    ['events, newest', () => pageEvents(pool, page)],
    ['events, far back', () => pageEvents(pool, { ...page, cursor: 5_000 })],
    ['events, oldest first', () => pageEvents(pool, { ...page, falling: false })],
    ['events of a Dag', () => pageEvents(pool, { ...page, dagId: 'dag_7' })],
    ['events of a kind there is none of', () => pageEvents(pool, { ...page, kinds: ['run.'] })],
    ['events of a run', () => pageEvents(pool, { ...page, dagRunIds: [77] })],
    ['events of some runs', () => pageEvents(pool, { ...page, dagRunIds: [77, 78, 4_000] })],
    ['events of a time', () => pageEvents(pool, { ...page, from: Date.now() - 60_000, to: Date.now() })],
    ['events of a task', () => pageEvents(pool, { ...page, kinds: ['ti.failed'], taskId: 'task_3' })],
    // A span that is the whole table is read as one.
    ['counts', () => countEvents(pool, { kinds: ['ti.failed'], taskId: 'task_3' }, { cursor: ROWS - 5_000 })],
    ['counts of some runs', () => countEvents(pool, { dagRunIds: [77, 78] }, { by: 'task' })],
    ['one event', () => getEvent(pool, 77_777)],
    ['the last event', () => lastEventId(pool)],
    [
      'runs of everything, and of a Dag',
      () => Promise.all([pageRuns(pool, runs), pageRuns(pool, { ...runs, dagId: 'dag_7', cursor: 9_000 })]),
    ],
    ['what holds a task back', () => readWaitingFacts(pool, { id: 9_000, dagId: 'dag_0' })],
    ['newest runs of many Dags', () => recentRuns(pool, ['dag_1', 'dag_2', 'dag_3'], 14)],
  ])('%s', async (_name, work) => goesByIndex(work))
})

test('pages follow each other without gap or double, whatever is filtered', async () => {
  const seen: number[] = []
  let next: { run: number; ti: number } | null | undefined
  do {
    const found = await pageTis(database.pool, {
      ...page,
      states: ['failed'],
      limit: 2,
      ...(next ? { cursor: next } : {}),
    })
    seen.push(...found.tis.map((one) => one.id))
    next = found.next
  } while (next !== null)
  expect(seen).toEqual([200_000, 150_000, 100_000, 50_000])

  const ids: number[] = []
  let cursor: number | null | undefined
  do {
    const found = await pageEvents(database.pool, { falling: true, limit: 7_000, ...(cursor ? { cursor } : {}) })
    ids.push(...found.events.map((one) => one.id))
    cursor = found.next
  } while (cursor !== null)
  expect(ids).toEqual(Array.from({ length: ROWS }, (_, i) => ROWS - i))
})

test('the last id is found, and counting stops', async () => {
  expect(await lastEventId(database.pool)).toBe(ROWS)
  expect(await countRuns(database.pool, {})).toBe(10_000)
})

test('runs of all Dags in an order that no index has: refused where there are many', async () => {
  const app = createWebServer(parts({ pool: database.pool }))
  const list = async (query: string) => {
    const answer = await app.inject(`/api/v2/dags/~/dagRuns?limit=1&${query}`)
    return [answer.statusCode, answer.json<{ detail?: string }>().detail]
  }
  for (const order of ['-start_date', 'logical_date', 'state', 'dag_run_id', '-run_after', 'end_date', 'queued_at']) {
    expect(await list(`order_by=${order}`)).toEqual([
      400,
      expect.stringMatching(/fewer than 10000.*order_by id or -id/),
    ])
  }
  expect(await list('order_by=-id')).toEqual([200, undefined])
  expect(await list('order_by=-start_date&state=running')).toEqual([200, undefined])
  await app.close()
})
