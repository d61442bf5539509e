/** `/metrics`: numbers of a real database and of the scheduler's side, readable for Prometheus, closed to strangers. */
import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createPostgresStore } from '../../database/store/postgres-store.ts'
import { DEFAULT_ACCESS } from '../../webserver/auth/index.ts'
import { createWebServer } from '../../webserver/create-web-server.ts'
import { createProgramMetrics } from '../../webserver/program-metrics.ts'
import { compensation, dag, deadLetter, execution, noWrites, run, ti, tryOf, version } from '../support/records.ts'
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts'
import { parts } from './web-server.ts'

let database: TestDatabase
const apps: FastifyInstance[] = []
const program = createProgramMetrics(() => ({ isLeading: true, runningTries: 3, slots: 8, waiting: 2 }))

beforeAll(async () => {
  database = await createTestDatabase()
  const store = await createPostgresStore(database.connection)
  const { epoch } = (await store.acquireLease('host-a:1:1'))!
  const ended = tryOf(2, 1, 1, { state: 'success', queuedAt: 1_000, startDate: 1_200, endDate: 3_700 })
  const writes = {
    ...noWrites,
    dags: [dag('late', { nextRunAfter: Date.now() - 60_000 }), dag('paused', { isPaused: true, nextRunAfter: 1 })],
    insertedVersions: [version(1, 'late')],
    pools: [{ name: 'ware"house', slots: 5, description: null }],
    insertedRuns: [run(1, 'late', { state: 'running' }), run(2, 'late', { logicalDate: 9 })],
    insertedTis: [ti(1, 1, 'a', { state: 'running' }), ti(2, 1, 'b', { state: 'success' })],
    insertedTries: [tryOf(1, 1, 1, { state: 'running' }), ended],
    insertedExecutions: [{ ...execution(1, 1, 1, epoch), units: '[["slots",1],["pool:ware\\"house",2]]' }],
    draining: true,
    deadLetters: [
      deadLetter(2, 1),
      deadLetter(2, 1, { tryNumber: 2, kind: 'compensation' }),
      deadLetter(2, 1, { tryNumber: 3 }),
    ],
    compensations: [compensation(2, 1, { state: 'compensated', endedAt: 2 }), compensation(1, 1)],
  }
  expect(await store.commit(epoch, writes)).toEqual({ status: 'committed' })
  const settled = {
    tiId: 2,
    tryNumber: 3,
    status: 'discarded',
    reason: 'done by hand',
    actor: 'user:anna',
    at: 9,
  } as const
  expect(await store.commit(epoch, { ...noWrites, deadLetterOutcomes: [settled] })).toEqual({ status: 'committed' })
  program.onCommit(writes)
  program.onTick(12)
  await store.close()
})
afterAll(async () => {
  for (const app of apps) await app.close()
})

function server(isOpen: boolean, over: Parameters<typeof parts>[0] = {}): FastifyInstance {
  const app = createWebServer(
    parts({
      pool: database.pool,
      access: DEFAULT_ACCESS,
      metrics: { isOpen, readProgram: () => program.read() },
      ...over,
    }),
  )
  apps.push(app)
  return app
}

it('has the numbers', async () => {
  const answer = await server(true).inject('/metrics')
  expect(answer.statusCode).toBe(200)
  expect(answer.headers['content-type']).toContain('text/plain')
  const lines = answer.body.split('\n')
  for (const line of [
    'tradewind_database_up 1',
    'tradewind_draining 1',
    'tradewind_scheduler_is_led 1',
    'tradewind_scheduler_is_leading 1',
    'tradewind_executor_running_tries 3',
    'tradewind_waiting_task_instances 2',
    'tradewind_runs{state="running"} 1',
    'tradewind_runs{state="queued"} 1',
    'tradewind_runs{state="compensating"} 0',
    'tradewind_open_dead_letters{kind="task"} 1',
    'tradewind_open_dead_letters{kind="compensation"} 1',
    'tradewind_dead_letters_total{kind="task"} 2',
    'tradewind_compensations_total{outcome="compensated"} 1',
    'tradewind_compensations_total{outcome="compensation_failed"} 0',
    'tradewind_task_instances{state="running"} 1',
    'tradewind_pool_slots{pool="ware\\"house"} 5',
    'tradewind_pool_used_slots{pool="ware\\"house"} 2',
    'tradewind_pool_used_slots{pool="default_pool"} 0',
    'tradewind_executions 1',
    'tradewind_dags{paused="true"} 1',
    'tradewind_tick_seconds_count 1',
    'tradewind_try_seconds_sum{state="success"} 2.5',
    'tradewind_try_queued_seconds_sum 0.2',
  ]) {
    expect(lines).toContain(line)
  }
  const lag = Number(/^tradewind_schedule_lag_seconds (.*)$/m.exec(answer.body)![1])
  expect(lag).toBeGreaterThan(55)
  expect(lag).toBeLessThan(120)
  expect(answer.body).toMatch(/^process_resident_memory_bytes \d/m)
})

it('is for viewers unless it was opened', async () => {
  expect((await server(false).inject('/metrics')).statusCode).toBe(401)
})

it('answers without a database', async () => {
  const { pool } = parts()
  const answer = await server(true, { pool }).inject('/metrics')
  expect(answer.body.split('\n')).toContain('tradewind_database_up 0')
  await pool.end()
})
