/** Dead letters, compensations and the search over a real database: what is read, and how a change is cut into commands. */
import type { FastifyInstance, InjectOptions } from 'fastify'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createPostgresStore } from '../../database/store/postgres-store.ts'
import { createWebServer } from '../../webserver/create-web-server.ts'
import { deadLetter, noWrites, run, ti, tryOf } from '../support/records.ts'
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts'
import { startLeader } from './leading-scheduler.ts'
import { AT, seedShop } from './saga-seed.ts'
import { parts } from './web-server.ts'

let database: TestDatabase
let app: FastifyInstance

beforeAll(async () => {
  database = await createTestDatabase()
  await seedShop(database)
  app = createWebServer(parts({ pool: database.pool }))
  await app.ready()
})
afterAll(() => app.close())

async function ask(
  method: NonNullable<InjectOptions['method']>,
  path: string,
  payload?: object,
  headers: Record<string, string> = {},
) {
  const options: InjectOptions = { method, url: `/api/v2${path}`, headers }
  const answer = await app.inject(payload === undefined ? options : { ...options, payload })
  return { status: answer.statusCode, body: answer.json() }
}
const get = async (path: string) => {
  const { status, body } = await ask('GET', path)
  expect(status, JSON.stringify(body)).toBe(200)
  return body
}
const ids = (letters: readonly { readonly id: string }[]) => letters.map((one) => one.id)

describe('letters', () => {
  test('newest first, page by page', async () => {
    expect(ids((await get('/deadLetters')).dead_letters)).toEqual(['1-3', '3-2', '10-1', '9-1'])
    const seen: string[] = []
    for (let cursor = ''; ; ) {
      const page = await get(`/deadLetters?limit=1${cursor}`)
      seen.push(...ids(page.dead_letters))
      if (page.next_cursor === null) break
      cursor = `&cursor=${page.next_cursor}`
    }
    expect(seen).toEqual(['1-3', '3-2', '10-1', '9-1'])
  })

  test.each([
    ['kind=compensation', ['1-3']],
    ['dag_id=shop&dag_run_id=first', ['1-3', '3-2']],
    ['dag_id=shop&dag_run_id=none', []],
    ['correlation_id=order-12345&fingerprint=f1', ['3-2']],
    ['task_id=reserve', ['1-3', '10-1', '9-1']],
    ['text=WAREHOUSE', ['1-3']],
    [`at_gte=${new Date(AT + 100).toISOString()}`, ['1-3', '3-2']],
    ['status=discarded', []],
  ])('%s', async (query, expected) => {
    expect(ids((await get(`/deadLetters?${query}`)).dead_letters)).toEqual(expected)
  })

  test('one says whether what was completed was undone', async () => {
    expect((await get('/deadLetters?fingerprint=f1&dag_id=shop')).dead_letters[0]).toMatchObject({
      id: '3-2',
      dag_run_id: 'first',
      run_state: 'failed',
      correlation_id: 'order-12345',
      version_number: 1,
      compensation: 'compensation_failed',
      status: 'open',
      log_url: '/api/v2/dags/shop/dagRuns/first/taskInstances/ship/logs/2',
    })
  })

  test('by fault, with counts', async () => {
    const { groups } = await get('/deadLetters/groups')
    expect(groups).toMatchObject([
      { fingerprint: 'f2', count: 1, sample_id: '1-3', tasks: [{ dag_id: 'shop', task_id: 'reserve' }] },
      { fingerprint: 'f1', count: 3, sample_id: '3-2', message: 'Error: carrier says no' },
    ])
    expect(groups[1].first_at < groups[1].last_at).toBe(true)
    const first = await get('/deadLetters/groups?limit=1')
    const second = await get(`/deadLetters/groups?limit=1&cursor=${encodeURIComponent(first.next_cursor)}`)
    expect([first, second].map((page) => page.groups[0].fingerprint)).toEqual(['f2', 'f1'])
  })

  test('in full: the whole cause and what the try was given, not what a later compensation returned', async () => {
    const letter = await get('/deadLetters/3-2')
    expect(letter).toMatchObject({
      cause: { kind: 'error', stack: expect.stringContaining('at ship') },
      forward_try: 2,
      input_overrides: null,
      newest_version_number: 1,
    })
    expect(letter.inputs).toMatchObject([
      { name: 'charged', sources: ['task:charge'], value: { receipt: 7 } },
      { name: 'order', sources: ['param:orderId'], value: 12345 },
    ])
    expect(await get('/deadLetters/1-3')).toMatchObject({ kind: 'compensation', forward_try: 1 })
    expect((await ask('GET', '/deadLetters/1-1')).status).toBe(404)
    expect((await ask('GET', '/deadLetters/nonsense')).status).toBe(422)
  })

  test('are listed before they are redriven or discarded', async () => {
    const dry = { dry_run: true }
    const named = await ask('POST', '/deadLetters/redrive', { ...dry, ids: ['3-2', '99-1', '3-2'] })
    expect([named.body.unknown, named.body.letters]).toMatchObject([['99-1'], [{ id: '3-2', outcome: 'planned' }]])
    const fault = await ask('POST', '/deadLetters/discard', { ...dry, fingerprint: 'f1', reason: 'x' })
    expect(ids(fault.body.letters)).toEqual(['3-2', '10-1', '9-1'])
    const filtered = await ask('POST', '/deadLetters/redrive', { ...dry, filter: { task_id: 'ship' } })
    expect([ids(filtered.body.letters), filtered.body.more]).toEqual([['3-2'], false])
  })

  test.each([
    [{}, 400, 'Say which letters'],
    [{ ids: ['3-2'], fingerprint: 'f1' }, 400, 'Say which letters'],
    [{ filter: {} }, 400, 'chooses nothing'],
    [{ filter: { dag_run_id: 'first' } }, 400, 'give dag_id'],
    [{ ids: ['99-1'] }, 404, 'no dead letter 99-1'],
    [{ fingerprint: 'f1', inputs: { a: 1 } }, 400, 'inputs go with one letter'],
    [{ ids: ['3-2'] }, 503, 'npm start'],
  ])('a redrive of %j is refused', async (body, status, detail) => {
    const answer = await ask('POST', '/deadLetters/redrive', body)
    expect([answer.status, answer.body.detail]).toEqual([status, expect.stringContaining(detail)])
  })
})

describe('compensations', () => {
  test('with the tries that undid what', async () => {
    const { compensations, next_cursor: next } = await get('/dags/shop/dagRuns/first/compensations?limit=2')
    expect(compensations).toMatchObject([
      {
        task_id: 'reserve',
        state: 'compensation_failed',
        forward_try: 1,
        tries: [{ try_number: 2 }, { try_number: 3, message: 'Error: warehouse closed' }],
        failed_task: 'ship',
      },
      { task_id: 'charge', state: 'compensated', tries: [{ try_number: 2 }] },
    ])
    const rest = await get(`/dags/shop/dagRuns/first/compensations?limit=2&cursor=${next}`)
    expect([rest.compensations, rest.next_cursor]).toMatchObject([[{ task_id: 'ship', forward_state: 'failed' }], null])
  })

  test('are planned in the order in which they would be done', async () => {
    const planned = await ask('POST', '/dags/shop/dagRuns/third/compensate', { dry_run: true })
    expect(planned.body).toMatchObject({
      dry_run: true,
      task_ids: ['ship', 'charge', 'reserve'],
      planned: [
        { task_id: 'ship', exact_state: 'success', forward_try: 1, after: [] },
        { task_id: 'charge', after: ['ship'] },
        { task_id: 'reserve', after: ['charge'] },
      ],
    })
    // What failed to be undone is tried again; what was undone is not undone twice.
    const again = await ask('POST', '/dags/shop/dagRuns/first/compensate', { dry_run: true })
    expect(again.body).toMatchObject({ task_ids: ['reserve'], planned: [{ forward_try: 1, after: [] }] })
    const wrong = await ask('POST', '/dags/shop/dagRuns/third/compensate', { dry_run: true, task_ids: ['confirm'] })
    expect([wrong.status, wrong.body.code]).toEqual([409, 'not-compensable'])
    const unknown = await ask('POST', '/dags/shop/dagRuns/third/compensate', { dry_run: true, task_ids: ['shp'] })
    expect([unknown.status, unknown.body.detail]).toEqual([404, expect.stringContaining('"ship"')])
  })
})

describe("states in Airflow's words, with ours beside them", () => {
  test('of task instances and tries', async () => {
    const { task_instances: tis } = await get('/dags/shop/dagRuns/first/taskInstances')
    expect(tis.map((ti: { state: string; exact_state: string }) => [ti.state, ti.exact_state])).toEqual([
      ['failed', 'compensation_failed'],
      ['failed', 'compensated'],
      ['failed', 'compensated'],
      ['upstream_failed', 'upstream_failed'],
    ])
    const tries = (await get('/dags/shop/dagRuns/first/taskInstances/ship/tries')).task_instances
    expect(tries.map((one: { exact_state: string }) => one.exact_state)).toEqual([
      'up_for_retry',
      'failed',
      'compensated',
    ])
    expect(tries.map((one: { compensates_try: number | null }) => one.compensates_try)).toEqual([null, null, 2])
  })

  test.each([
    ['state=failed', ['reserve', 'charge', 'ship']],
    ['state=compensated', ['charge', 'ship']],
    ['exact_state=failed', []],
    ['state=failed&exact_state=compensation_failed', ['reserve']],
  ])('a filter by %s', async (query, expected) => {
    const page = await get(`/dags/shop/dagRuns/first/taskInstances?${query}`)
    expect(page.task_instances.map((ti: { task_id: string }) => ti.task_id)).toEqual(expected)
  })
})

describe('by correlation id', () => {
  test('runs and task instances', async () => {
    const { dag_runs: runs } = await get('/dags/~/dagRuns?correlation_id=order-12346')
    expect(runs).toMatchObject([{ dag_run_id: 'second', correlation_id: 'order-12346', trigger_key: 'k-2' }])
    const tis = await get('/dags/~/dagRuns/~/taskInstances?correlation_id=order-12346&task_id=charge')
    expect(tis.task_instances).toMatchObject([{ dag_run_id: 'second', task_id: 'charge' }])
    expect((await ask('GET', '/dags/shop/dagRuns/second/taskInstances?correlation_id=order-12346')).status).toBe(400)
  })
})

describe('search', () => {
  const found = async (q: string) => get(`/search?q=${encodeURIComponent(q)}`)

  test('why did order 12345 get stuck? In one request', async () => {
    const { runs } = await found('Why did order 12345 get stuck?')
    expect(runs).toMatchObject([{ run: { dag_run_id: 'first', exact_state: 'failed' }, matched_by: 'correlation_id' }])
    const [{ explanation, dead_letters: letters }] = runs
    expect(explanation.summary).toMatch(
      /^It failed at 2026-01-01 .*; task ship failed: Error: carrier says no; undone: charge, ship; could not be undone: reserve\.$/,
    )
    expect(explanation.task_instances[0]).toMatchObject({
      task_id: 'reserve',
      exact_state: 'compensation_failed',
      reasons: expect.arrayContaining([
        expect.objectContaining({ message: expect.stringContaining('warehouse closed') }),
      ]),
    })
    expect(ids(letters)).toEqual(['1-3', '3-2'])
  })

  test('one that waits says for what', async () => {
    const { runs } = await found('order-12346')
    expect(runs).toMatchObject([
      { run: { dag_run_id: 'second' }, explanation: { task_instances: [{ task_id: 'charge' }] } },
    ])
    expect(runs[0].explanation.summary).toContain('waiting for a retry: charge')
    const reasons = runs[0].explanation.task_instances[0].reasons.map((one: { code: string }) => one.code)
    expect(reasons).toContain('dag-paused')
  })

  test.each([
    ['777', 'third', 'correlation_prefix', false],
    ['order-777', 'third', 'correlation_id', true],
    ['what about order-77?', 'third', 'correlation_prefix', true],
    ['second', 'second', 'run_id', true],
    ['dead letter 3-2', 'first', 'dead_letter', true],
    ['run 3', 'third', 'number', true],
  ])('%s', async (q, runId, by, isFound) => {
    const { runs } = await found(q)
    const hits = runs.map((one: { run: { dag_run_id: string }; matched_by: string }) => [
      one.run.dag_run_id,
      one.matched_by,
    ])
    if (isFound) expect(hits).toContainEqual([runId, by])
    else expect(hits).not.toContainEqual([runId, by])
  })

  test('Dags and tasks by a part of their name', async () => {
    expect(await found('ship')).toMatchObject({ dags: [], tasks: [{ dag_id: 'shop', task_id: 'ship' }] })
    expect((await found('SHO')).dags).toMatchObject([{ dag_id: 'shop', is_paused: true }])
  })

  test('nothing of that name', async () => {
    expect(await found('nonsense 99')).toMatchObject({ runs: [], dags: [], tasks: [], more_runs: false })
  })
})

describe('with a scheduler', () => {
  const MANY = 250
  let leader: { stop(): Promise<void> }
  beforeAll(async () => {
    const store = await createPostgresStore(database.connection)
    const { epoch } = (await store.acquireLease('host-a:1:1'))!
    const numbers = Array.from({ length: MANY }, (_, i) => 1_000 + i)
    const written = await store.commit(epoch, {
      ...noWrites,
      insertedRuns: numbers.map((id) => run(id, 'shop', { runId: `many ${id}`, state: 'failed' })),
      insertedTis: numbers.map((id) => ti(id, id, 'confirm', { state: 'failed', tryNumber: 1 })),
      insertedTries: numbers.map((id) => tryOf(id, 1, id, { state: 'failed' })),
      deadLetters: numbers.map((id) =>
        deadLetter(id, id, { dagId: 'shop', taskId: 'confirm', fingerprint: 'many', at: AT + id }),
      ),
    })
    expect(written).toEqual({ status: 'committed' })
    await store.releaseLease(epoch)
    await store.close()
    leader = await startLeader(database)
  })
  afterAll(() => leader.stop())

  test('many letters become as many commands as it takes, and each gets its answer', async () => {
    const discard = { fingerprint: 'many', reason: 'known' }
    const { status, body } = await ask('POST', '/deadLetters/discard', discard, { 'idempotency-key': 'many' })
    expect([status, body.done, body.refused, body.more, body.letters.length]).toEqual([200, MANY, 0, false, MANY])
    const sent = await database.pool.query<{ letters: number }>(
      `select json_array_length((request::json) -> 'letters') as letters from command
       where (request::json) ->> 'kind' = 'discard-letters' order by id`,
    )
    expect(sent.rows.map((row) => row.letters)).toEqual([100, 100, 50])
    expect(await get('/deadLetters?fingerprint=many')).toEqual({ dead_letters: [], next_cursor: null })
    const { dead_letters: discarded } = await get('/deadLetters?fingerprint=many&status=discarded&limit=1')
    expect(discarded).toMatchObject([{ status: 'discarded', reason: 'known', actor: 'user:anna' }])
  })

  test('one that was settled is refused by itself', async () => {
    const ids = ['1000-1', '3-2']
    const { status, body } = await ask('POST', '/deadLetters/discard', { ids, reason: 'x' })
    expect([status, body.done, body.refused]).toEqual([200, 1, 1])
    expect(body.letters).toMatchObject([
      { id: '1000-1', outcome: 'refused', message: expect.stringContaining('discarded') },
      { id: '3-2', outcome: 'done', message: null },
    ])
  })
})
