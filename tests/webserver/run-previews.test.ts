/** Previews of marking and cancelling a run say what then happens; and what a try was given is shown by try. */
import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { SerializedDag } from '../../core/serialized-dag.ts'
import { createPostgresStore } from '../../database/store/postgres-store.ts'
import { createWebServer } from '../../webserver/create-web-server.ts'
import { dag, noWrites, run, ti, tryOf, version } from '../support/records.ts'
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts'
import { startLeader } from './leading-scheduler.ts'
import { parts } from './web-server.ts'

const AT = Date.UTC(2026, 0, 1)
const FLOW: SerializedDag = {
  format: 1,
  dagId: 'flow',
  tags: [],
  file: 'flow.ts',
  schedule: { kind: 'none' },
  timezone: 'UTC',
  tasks: [
    { taskId: 'read', kind: 'task', upstream: [], inputs: {} },
    {
      taskId: 'join',
      kind: 'task',
      upstream: ['read'],
      inputs: {
        rows: { kind: 'xcom', taskId: 'read' },
        region: { kind: 'param', name: 'region' },
        all: {
          kind: 'list',
          items: [
            { kind: 'literal', value: 7 },
            { kind: 'xcom', taskId: 'read' },
          ],
        },
      },
    },
    { taskId: 'end', kind: 'task', upstream: ['join'], inputs: {} },
  ],
  groups: [],
}

let database: TestDatabase
let app: FastifyInstance
let leader: { stop(): Promise<void> }

beforeAll(async () => {
  database = await createTestDatabase()
  const store = await createPostgresStore(database.connection)
  const { epoch } = (await store.acquireLease('host-a:1:1'))!
  const running = [1, 2, 3].map((id) => run(id, 'flow', { state: 'running', conf: '{"region":"eu"}', startDate: AT }))
  const written = await store.commit(epoch, {
    ...noWrites,
    dags: [dag('flow', { versionId: 1, isPaused: true })],
    insertedVersions: [version(1, 'flow', { serialized: FLOW })],
    insertedRuns: [...running, run(4, 'flow', { state: 'success' })],
    insertedTis: [1, 2, 3].flatMap((id) => [
      ti(10 * id, id, 'read', { state: 'success', tryNumber: 3, endDate: AT }),
      ti(10 * id + 1, id, 'join', { state: 'up_for_retry', tryNumber: 2, retryAt: AT + 1e12 }),
      ti(10 * id + 2, id, 'end'),
    ]),
    insertedTries: [
      tryOf(10, 1, 1, { state: 'success', queuedAt: AT + 1_000 }),
      tryOf(10, 2, 1, { state: 'success', queuedAt: AT + 3_000 }),
      tryOf(10, 3, 1, { state: 'success', queuedAt: AT + 5_000 }),
      tryOf(11, 1, 1, { state: 'failed', queuedAt: AT + 2_000 }),
      tryOf(11, 2, 1, { state: 'failed', queuedAt: AT + 4_000 }),
    ],
    xcoms: [
      { tiId: 10, tryNumber: 1, key: 'return_value', dagRunId: 1, json: '"first"' },
      { tiId: 10, tryNumber: 2, key: 'return_value', dagRunId: 1, json: '"second"' },
      { tiId: 10, tryNumber: 3, key: 'return_value', dagRunId: 1, json: JSON.stringify('x'.repeat(100_000)) },
    ],
  })
  expect(written.status).toBe('committed')
  await store.releaseLease(epoch)
  await store.close()
  app = createWebServer(parts({ pool: database.pool }))
  await app.ready()
  leader = await startLeader(database)
})
afterAll(async () => {
  await leader?.stop()
  await app.close()
})

interface Changes {
  readonly changes: readonly { readonly task_id: string; readonly state: string | null; readonly new_state: string }[]
}

async function ask(method: 'GET' | 'POST' | 'PATCH', path: string, body?: object) {
  const options = { method, url: `/api/v2/dags/flow/dagRuns/${path}` }
  const answer = await app.inject(body === undefined ? options : { ...options, payload: body })
  return { status: answer.statusCode, body: answer.json() }
}

async function states(id: number): Promise<Record<string, string | null>> {
  const { body } = await ask('GET', `manual__${id}/taskInstances`)
  const tis = body.task_instances as { task_id: string; state: string | null }[]
  return Object.fromEntries(tis.map((one) => [one.task_id, one.state]))
}

const planned = ({ changes }: Changes) => Object.fromEntries(changes.map((one) => [one.task_id, one.new_state]))

describe('what the preview says is what happens', () => {
  test.each([
    ['marking it as success', 1, 'PATCH', '', { state: 'success' }, { join: 'success', end: 'success' }],
    ['marking it as failed', 2, 'PATCH', '', { state: 'failed' }, { join: 'failed', end: 'skipped' }],
    ['cancelling it', 3, 'POST', '/cancel', {}, { join: 'failed', end: 'skipped' }],
  ] as const)('%s', async (_what, id, method, path, body, expected) => {
    const before = await states(id)
    const preview = await ask(method, `manual__${id}${path}/dry_run`, body)
    expect(preview.status).toBe(200)
    expect(planned(preview.body as Changes)).toEqual(expected)
    expect(await states(id), 'a preview changes nothing').toEqual(before)
    expect((await ask(method, `manual__${id}${path}`, body)).status).toBe(200)
    expect(await states(id)).toEqual({ ...before, ...expected })
  })

  test('a finished run has nothing to cancel; a task that is not there is told', async () => {
    expect((await ask('POST', 'manual__4/cancel/dry_run', {})).status).toBe(409)
    expect((await ask('POST', 'manual__9/cancel/dry_run', {})).status).toBe(404)
  })
})

describe('inputs', () => {
  const inputs = (query = '') => ask('GET', `manual__1/taskInstances/join/inputs${query}`)

  test('of each try: the results its upstreams had when it was queued', async () => {
    const first = await inputs('?try_number=1')
    expect(first.body.inputs).toMatchObject([
      { name: 'rows', sources: ['task:read'], value: 'first', truncated: false },
      { name: 'region', sources: ['param:region'], value: 'eu' },
      { name: 'all', sources: ['task:read'], value: [7, 'first'] },
    ])
    expect((await inputs('?try_number=2')).body.inputs[0]).toMatchObject({ value: 'second', bytes: 8 })
    expect((await inputs()).body).toMatchObject({ try_number: 2 })
  })

  test('a large one is cut; a task without a try shows what it would get', async () => {
    await database.pool.query('delete from try where ti_id = 11')
    await database.pool.query('update task_instance set try_number = 0 where id = 11')
    const { body } = await inputs()
    expect(body.try_number).toBe(null)
    expect(body.inputs[0]).toMatchObject({ value: null, truncated: true, bytes: 100_002 })
    expect(body.inputs[0].start).toHaveLength(2_000)
    expect((await inputs('?try_number=5')).status).toBe(404)
  })
})
