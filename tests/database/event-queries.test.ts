/** Pages, counts and exports of the history over 60,000 events with gaps, clocks that differ, and runs that are followed. */
import { beforeAll, describe, expect, test } from 'vitest'
import { boundsOf } from '../../database/queries/event-bounds.ts'
import { countEvents } from '../../database/queries/event-counts.ts'
import { exportEvents } from '../../database/queries/event-export.ts'
import { type EventFilter, runsOfCorrelation } from '../../database/queries/event-filter.ts'
import { pageEvents } from '../../database/queries/event-pages.ts'
import { lastEventId } from '../../database/queries/last-event.ts'
import { createPostgresStore } from '../../database/store/postgres-store.ts'
import { event, noWrites } from '../support/records.ts'
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts'

const START = Date.UTC(2026, 0, 1)
const COUNT = 60_000
const SECOND = 1_000
/** One event a second; ids 20,001 to 30,000 are missing, as after a clean; every tenth leader's clock is 2 s behind. */
const AT = `to_timestamp(${START / SECOND} + i - case when (i / 1000) % 10 = 3 then 2 else 0 end)`

let database: TestDatabase

beforeAll(async () => {
  database = await createTestDatabase()
  const store = await createPostgresStore(database.connection)
  const { epoch } = (await store.acquireLease('host-a:1:1'))!
  await store.commit(epoch, { ...noWrites, events: [event(1, { at: START, kind: 'dag.added', dagId: 'dag_0' })] })
  await store.close()
  for (const sql of [
    `insert into dag_run (id, dag_id, run_id, run_type, state, version_id, run_after, queued_at, conf, triggered_by, correlation_id)
     select i, 'dag_' || i % 5, 'run-' || i, 'manual', 'success', 1, now(), now(), '{}', 'user:anna',
       case when i <= 3 then 'order 12345' end from generate_series(1, 1000) i`,
    `insert into task_instance (id, dag_run_id, task_id, map_index, state, try_number, max_tries, failures, losses)
     select i, 1 + (i - 1) / 10, 'task_' || i % 10, -1, 'success', 1, 4, 0, 0 from generate_series(1, 10000) i`,
    `insert into event (id, at, dag_run_id, dag_id, ti_id, try_number, kind, actor)
     select i, ${AT}, 1 + (i - 1) / 60, 'dag_' || (1 + (i - 1) / 60) % 5, 1 + (i - 1) / 6, 1,
       case when i % 100 = 0 then 'ti.failed' when i % 2 = 0 then 'ti.success' else 'ti.queued' end,
       case when i % 1000 = 0 then 'user:anna' else 'scheduler' end
     from generate_series(2, ${COUNT}) i where i <= 20000 or i > 30000`,
  ]) {
    await database.pool.query(sql)
  }
  await database.pool.query('vacuum analyze')
})

async function all(filter: EventFilter, falling = false): Promise<number[]> {
  const found: number[] = []
  for (let cursor: number | undefined; ; ) {
    const page = { ...filter, falling, limit: 700, ...(cursor === undefined ? {} : { cursor }) }
    const { events, next } = await pageEvents(database.pool, page)
    found.push(...events.map((one) => one.id))
    if (next === null) return found
    cursor = next
  }
}

const inSql = async (where: string) =>
  (await database.pool.query<{ id: number }>(`select id from event e where ${where} order by id`)).rows.map(
    (row) => row.id,
  )

const day = START + 15_000 * SECOND
const filters: [string, EventFilter, string][] = [
  ['everything', {}, 'true'],
  [
    'a time',
    { from: day, to: day + 100 * SECOND },
    `at between to_timestamp(${day / 1000}) and to_timestamp(${day / 1000 + 100})`,
  ],
  ['a time in the gap', { from: START + 21_000 * SECOND, to: START + 29_000 * SECOND }, 'false'],
  [
    'across the gap',
    { from: START + 19_990 * SECOND, to: START + 30_010 * SECOND },
    `at between to_timestamp(${START / 1000 + 19_990}) and to_timestamp(${START / 1000 + 30_010})`,
  ],
  [
    'since a leader whose clock is behind',
    { from: START + 3_000 * SECOND, to: START + 3_010 * SECOND },
    `at between to_timestamp(${START / 1000 + 3_000}) and to_timestamp(${START / 1000 + 3_010})`,
  ],
  ['before everything', { to: START - SECOND }, 'false'],
  ['after everything', { from: START + 100_000 * SECOND }, 'false'],
  ['a task', { taskId: 'task_7' }, "ti_id in (select id from task_instance where task_id = 'task_7')"],
  ['a kind of a Dag', { dagId: 'dag_3', kinds: ['ti.failed'] }, "dag_id = 'dag_3' and kind = 'ti.failed'"],
  ['some beginnings', { kinds: ['dag.', 'ti.fail.'] }, "kind like 'dag.%'"],
  ['a person', { actor: 'user:' }, "actor like 'user:%'"],
  ['one run', { dagRunIds: [7] }, 'dag_run_id = 7'],
  [
    'some runs',
    { dagRunIds: [7, 900, 12], kinds: ['ti.success'] },
    "dag_run_id in (7, 12, 900) and kind = 'ti.success'",
  ],
  ['no run', { dagRunIds: [] }, 'false'],
]

describe('what is asked for is found, whatever is between', () => {
  test.each(filters)('%s', async (_name, filter, where) => {
    const expected = await inSql(where)
    expect(await all(filter)).toEqual(expected)
    expect(await all(filter, true)).toEqual(expected.toReversed())
    let total = 0
    for (let cursor: number | null | undefined; cursor !== null; ) {
      const counted = await countEvents(database.pool, filter, cursor === undefined ? {} : { cursor })
      total += counted.groups.reduce((sum, { count }) => sum + count, 0)
      cursor = counted.next
    }
    expect(total).toBe(expected.length)
  })
})

test('the bounds of a time are near it', async () => {
  const { after, before } = await boundsOf(database.pool, { from: day, to: day + 100 * SECOND })
  expect(after).toBeGreaterThan(15_000 - 200)
  expect(before).toBeLessThan(15_100 + 200)
})

test('counts in groups', async () => {
  const filter = { dagId: 'dag_1', kinds: ['ti.failed'] }
  const { groups } = await countEvents(database.pool, filter, { by: 'task' })
  const { rows } = await database.pool.query<{ key: string; count: number }>(
    `select 'dag_1.' || t.task_id as key, count(*)::integer as count from event e join task_instance t on t.id = e.ti_id
     where e.dag_id = 'dag_1' and e.kind = 'ti.failed' group by 1 order by 2 desc, 1`,
  )
  expect(groups).toEqual(rows)
  const states = await countEvents(database.pool, { dagRunIds: [1] }, { by: 'state' })
  expect(states.groups).toEqual([
    { key: 'success', count: 30 },
    { key: 'queued', count: 29 },
  ])
  const days = await countEvents(database.pool, { dagRunIds: [1] }, { by: 'day' })
  expect(days.groups).toEqual([{ key: '2026-01-01', count: 59 }])
})

test('a correlation id is a business id or the number of a run', async () => {
  expect([...(await runsOfCorrelation(database.pool, 'order 12345'))].sort()).toEqual([1, 2, 3])
  expect(await runsOfCorrelation(database.pool, '77')).toEqual([77])
  expect(await runsOfCorrelation(database.pool, 'order 1')).toEqual([])
})

test('an export has all of them, once, up to the last one', async () => {
  const ids: number[] = []
  const upTo = await lastEventId(database.pool)
  for await (const page of exportEvents(database.pool, { kinds: ['ti.'] }, { upTo }))
    ids.push(...page.map((one) => one.id))
  expect(ids).toEqual(await inSql("kind like 'ti.%'"))
})
