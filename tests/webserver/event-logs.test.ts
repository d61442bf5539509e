/** The event log over HTTP: filters, counts, the export as it is sent. Every answer is held to its schema. */
import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createWebServer } from '../../webserver/create-web-server.ts'
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts'
import { seed } from './seed.ts'
import { parts } from './web-server.ts'

let database: TestDatabase
let app: FastifyInstance

beforeAll(async () => {
  database = await createTestDatabase()
  await seed(database)
  app = createWebServer(parts({ pool: database.pool }))
  await app.ready()
})
afterAll(() => app.close())

async function get(path: string, status = 200) {
  const answer = await app.inject(`/api/v2/eventLogs${path}`)
  expect(answer.statusCode, answer.body).toBe(status)
  return answer.json()
}

describe('filters', () => {
  test.each([
    ['?correlation_id=order-1', 'select id from dag_run where correlation_id = $$order-1$$'],
    ['?correlation_id=2', 'select 2'],
    ['?correlation_id=nothing', 'select -1'],
    ['?correlation_id=order-1&dag_id=old', 'select -1'],
  ])('%s', async (query, runs) => {
    const { rows } = await database.pool.query<{ id: number }>(
      `select id from event where dag_run_id in (${runs}) order by id desc`,
    )
    const { event_logs } = await get(query)
    expect(event_logs.map((one: { event_log_id: number }) => one.event_log_id)).toEqual(rows.map(({ id }) => id))
  })

  test.each([
    ['?state=failed', [3]],
    ['?state=failed&state=queued', [3, 1]],
    ['?task_id=check', [3]],
    ['?task_id=check&state=success', []],
    ['?owner=user:', [4]],
    ['?state=failed&dag_id=sales&before=2001-01-01T00:00:00Z', []],
  ])('%s', async (query, ids) => {
    expect((await get(query)).event_logs.map((one: { event_log_id: number }) => one.event_log_id)).toEqual(ids)
  })

  test('what cannot be is refused', async () => {
    expect((await get('?map_index=1&task_id=check', 400)).detail).toMatch(/give task_id, run_id and dag_id/)
    expect((await get('?run_id=manual__2', 400)).detail).toMatch(/give dag_id with it/)
    expect((await get(`?${'state=failed&'.repeat(26)}`, 400)).detail).toMatch(/52 kinds .* at most 50/)
  })
})

test('counts', async () => {
  expect(await get('/count')).toEqual({ total: 4, groups: [], next_cursor: null })
  expect(await get('/count?by=kind&dag_id=sales')).toEqual({
    total: 3,
    groups: [
      { key: 'run.queued', count: 1 },
      { key: 'ti.failed', count: 1 },
      { key: 'ti.success', count: 1 },
    ],
    next_cursor: null,
  })
  expect((await get('/count?by=task&state=failed')).groups).toEqual([{ key: 'sales.check', count: 1 }])
})

test('the export is JSON lines, oldest first, of what the filter says', async () => {
  const answer = await app.inject('/api/v2/eventLogs/export?dag_id=sales')
  expect(answer.headers['content-type']).toMatch(/^application\/x-ndjson/)
  expect(answer.headers['content-disposition']).toMatch(/events\.jsonl/)
  const lines = answer.body.trim().split('\n')
  const events = lines.map((line) => JSON.parse(line) as { event_log_id: number; task_instance_number: number | null })
  expect(events.map((one) => one.event_log_id)).toEqual([1, 2, 3])
  expect(events[2]).toEqual((await get('?event=ti.failed')).event_logs[0])
  expect((await app.inject('/api/v2/eventLogs/export?dag_id=none')).body).toBe('')
})
