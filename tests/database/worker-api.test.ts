/** What a try gets from the database: code, inputs, XComs, variables, connections, triggered runs. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { XComLocator } from '../../core/ports/worker-api.ts'
import type { CommandAnswer } from '../../core/records.ts'
import { type SubmitOptions, type SubmitResult, submitCommand } from '../../database/commands.ts'
import { listConnections, saveConnection } from '../../database/connections.ts'
import { createSecrets, generateSecretKey } from '../../database/secrets/cipher.ts'
import { createPostgresStore } from '../../database/store/postgres-store.ts'
import { listVariables, saveVariable } from '../../database/variables.ts'
import { createDatabaseWorkerApi } from '../../database/worker-api.ts'
import { compensation, noWrites, run, ti, tryOf } from '../support/records.ts'
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts'
import { startLeader } from '../webserver/leading-scheduler.ts'
import { seed } from '../webserver/seed.ts'

const secrets = createSecrets({ current: generateSecretKey() })
const submitted: { request: unknown; options: SubmitOptions }[] = []
let answer: SubmitResult
let database: TestDatabase
let api: ReturnType<typeof createDatabaseWorkerApi>
const by = { tiId: 1, tryNumber: 2 }

const at = (runId: string, over: Partial<XComLocator> = {}): XComLocator => ({
  key: 'k',
  dagId: 'sales',
  runId,
  taskId: 'extract',
  mapIndex: -1,
  includePriorDates: false,
  ...over,
})

beforeAll(async () => {
  database = await createTestDatabase()
  const store = await createPostgresStore(database.connection)
  const { epoch } = (await store.acquireLease('host-a:1:1'))!
  await store.commit(epoch, {
    ...noWrites,
    insertedRuns: [1, 2, 3, 4].map((id) =>
      run(id, 'sales', { runId: `day-${id}`, logicalDate: id * 1_000, correlationId: `o-${id}` }),
    ),
    insertedTis: [1, 2, 3, 4].map((id) => ti(id, id, 'extract', { tryNumber: 2 })),
    xcoms: [
      { tiId: 1, tryNumber: 1, key: 'return_value', dagRunId: 1, json: '"old"' },
      { tiId: 1, tryNumber: 2, key: 'return_value', dagRunId: 1, json: '{"rows":3}' },
      { tiId: 1, tryNumber: 1, key: 'k', dagRunId: 1, json: '1' },
      { tiId: 2, tryNumber: 1, key: 'k', dagRunId: 2, json: '2' },
    ],
  })
  await store.releaseLease(epoch)
  await store.close()
  api = createDatabaseWorkerApi(database.pool, {
    secrets,
    submit: async (request, options) => {
      submitted.push({ request, options })
      return answer
    },
    patienceMs: 0,
  })
})
afterAll(() => database.drop())

describe('the worker API of the local host', () => {
  it('keeps bundles by hash, once', async () => {
    const manifest = { bundleFormat: 1, sdkAbi: 1, nodeAbi: '137', externals: ['duckdb@1.0.0'] }
    const bundle = {
      hash: 'h1',
      format: 'cjs',
      code: 'exports.ü = 1\n'.repeat(1_000),
      sourceMap: '{}',
      manifest,
    } as const
    await api.saveBundle(bundle)
    await api.saveBundle({ ...bundle, code: 'something else' })
    expect(await api.getBundle('h1')).toEqual(bundle)
    await api.saveBundle({ hash: 'h2', format: 'esm', code: '', sourceMap: null })
    expect(await api.getBundle('h2')).toEqual({ hash: 'h2', format: 'esm', code: '', sourceMap: null })
    await expect(api.getBundle('h3')).rejects.toThrow(/h3 is not in the database.*Save the Dag file again/)
  })

  it('gives return values in the order asked, of exactly those tries', async () => {
    const tries = [{ tiId: 2, tryNumber: 1 }, by, { tiId: 1, tryNumber: 1 }]
    expect(await api.getReturnValues(tries)).toEqual([null, '{"rows":3}', '"old"'])
    expect(await api.getReturnValues([])).toEqual([])
  })

  it('gives what an undone try was given: of others the last try of that time that was no compensation', async () => {
    const store = await createPostgresStore(database.connection)
    const { epoch } = (await store.acquireLease('host-a:1:1'))!
    await store.commit(epoch, {
      ...noWrites,
      insertedTis: [
        ti(50, 1, 'up', { tryNumber: 4 }),
        ti(51, 1, 'undone', { tryNumber: 2 }),
        ti(52, 1, 'late', { tryNumber: 2 }),
      ],
      insertedTries: [
        tryOf(50, 1, 1, { queuedAt: 1_000 }),
        tryOf(50, 2, 1, { queuedAt: 2_000 }),
        tryOf(51, 1, 1, { queuedAt: 3_000 }),
        tryOf(50, 3, 1, { queuedAt: 4_000 }),
        tryOf(51, 2, 1, { queuedAt: 9_000 }),
        tryOf(52, 2, 1, { queuedAt: 5_000 }),
      ],
      compensations: [compensation(50, 1, { forwardTry: 1, firstTry: 2, lastTry: 2 })],
      xcoms: [
        { tiId: 50, tryNumber: 1, key: 'return_value', dagRunId: 1, json: '"given"' },
        { tiId: 50, tryNumber: 2, key: 'return_value', dagRunId: 1, json: '"of a compensation"' },
        { tiId: 50, tryNumber: 3, key: 'return_value', dagRunId: 1, json: '"later"' },
        { tiId: 51, tryNumber: 1, key: 'return_value', dagRunId: 1, json: '"own"' },
        { tiId: 52, tryNumber: 2, key: 'return_value', dagRunId: 1, json: '"all there is"' },
      ],
    })
    await store.releaseLease(epoch)
    await store.close()
    const undone = { tiId: 51, tryNumber: 1 }
    const [up, late] = [
      { tiId: 50, tryNumber: 3 },
      { tiId: 52, tryNumber: 2 },
    ]
    expect(await api.getReturnValues([up, undone, late], undone)).toEqual(['"given"', '"own"', '"all there is"'])
    expect(await api.getReturnValues([up, undone, late])).toEqual(['"later"', '"own"', '"all there is"'])
  })

  it('finds the XCom of the last try that has it', async () => {
    expect(await api.getXCom(at('day-1'))).toBe('1')
    expect(await api.getXCom(at('day-1', { key: 'return_value' }))).toBe('{"rows":3}')
    expect(await api.getXCom(at('day-3'))).toBeNull()
    expect(await api.getXCom(at('day-1', { taskId: 'other' }))).toBeNull()
  })

  it('looks at earlier dates when asked: the newest first, never later ones', async () => {
    const prior = { includePriorDates: true }
    expect(await api.getXCom(at('day-3', prior))).toBe('2')
    expect(await api.getXCom(at('day-2', prior))).toBe('2')
    expect(await api.getXCom(at('day-1', prior))).toBe('1')
    expect(await api.getXCom(at('day-1', { ...prior, key: 'none' }))).toBeNull()
  })

  it('binds what a try writes to the try', async () => {
    await api.setXCom(by, at('day-1', { key: 'mine' }), '1')
    await api.setXCom({ tiId: 1, tryNumber: 3 }, at('day-1', { key: 'mine' }), '2')
    expect(await api.getXCom(at('day-1', { key: 'mine' }))).toBe('2')
    const { rows } = await database.pool.query("select try_number, json from xcom where key = 'mine' order by 1")
    expect(rows).toEqual([
      { try_number: 2, json: '1' },
      { try_number: 3, json: '2' },
    ])
    await expect(api.setXCom(by, at('day-9'), '1')).rejects.toThrow(/"day-9".*no such task instance/)
  })

  it('hands out secrets, encrypted at rest and on record', async () => {
    const connection = {
      id: 'warehouse',
      type: 'postgres',
      host: 'db.example',
      schema: 'sales',
      login: 'etl',
      password: 'hunter2',
      port: 5432,
      extra: '{"token":"s3cret"}',
    }
    await saveConnection(database.pool, secrets, connection)
    await saveVariable(database.pool, secrets, { key: 'token', value: 'hunter2', isSecret: true, description: null })
    await saveVariable(database.pool, secrets, { key: 'region', value: 'eu', isSecret: false, description: 'where' })
    expect(await api.getConnection(by, 'warehouse')).toEqual(connection)
    expect(await api.getConnection(by, 'none')).toBeNull()
    expect(await api.getVariable(by, 'token')).toEqual({ value: 'hunter2', secret: true })
    expect(await api.getVariable(by, 'region')).toEqual({ value: 'eu', secret: false })
    expect(await api.getVariable(by, 'none')).toBeNull()
    const stored = await database.pool.query(
      'select t::text from connection t union all select t::text from variable t',
    )
    expect(JSON.stringify(stored.rows)).not.toMatch(/hunter2|s3cret/)
    const lists = JSON.stringify([await listConnections(database.pool), await listVariables(database.pool)])
    expect(lists).not.toMatch(/hunter2|s3cret|v1:/)
    const { rows } = await database.pool.query(
      'select ti_id, try_number, action, kind, name from secret_access order by id',
    )
    expect(rows).toEqual([
      { ti_id: 1, try_number: 2, action: 'get', kind: 'connection', name: 'warehouse' },
      { ti_id: 1, try_number: 2, action: 'get', kind: 'variable', name: 'token' },
    ])
  })

  it('triggers a run once for its TI, whatever the try', async () => {
    answer = {
      status: 'answered',
      commandId: 1,
      lastEventId: 1,
      answer: { ok: true, value: '{"dag_run_id":"manual__x"}' },
    }
    expect(await api.triggerDagRun(by, { dagId: 'report', conf: { a: 1 } }, 'go-x')).toEqual({ runId: 'manual__x' })
    expect(submitted.at(-1)).toMatchObject({
      request: { kind: 'trigger', dagId: 'report', conf: '{"a":1}', triggerKey: 'go-x', inheritedCorrelationId: 'o-1' },
      options: { actor: 'task:sales/day-1/extract' },
    })
    // Another command for the scheduler, which answers it with the same run: what was refused once can be asked again.
    await api.triggerDagRun({ ...by, tryNumber: 7 }, { dagId: 'report', conf: { a: 2 } }, 'go-x')
    const [first, second] = submitted.slice(-2)
    expect(second!.options.idempotencyKey).not.toBe(first!.options.idempotencyKey)
    expect(second!.request).toMatchObject({ triggerKey: 'go-x' })
    answer = {
      status: 'answered',
      commandId: 1,
      lastEventId: 1,
      answer: { ok: false, code: 'unknown-dag', message: 'there is no Dag "report"' },
    }
    const refused = api.triggerDagRun(by, { dagId: 'report', conf: {} }, 'go-x')
    await expect(refused).rejects.toThrow(/not triggered: there is no Dag/)
    answer = { status: 'no-leader' }
    await expect(api.triggerDagRun(by, { dagId: 'report', conf: {} }, 'go-x')).rejects.toThrow(
      /no scheduler is running/,
    )
  })

  describe('asks that a run be undone', () => {
    const request = { dagId: 'sales', runId: 'day-2', triggerKey: 'go-x', key: 'go-x/compensate/1' }
    const answered = (given: CommandAnswer) => {
      answer = { status: 'answered', commandId: 1, lastEventId: 1, answer: given }
    }

    it('once, however often a try asks', async () => {
      answered({ ok: true, value: '{"dag_run_id":"day-2","task_ids":["extract"]}' })
      const before = submitted.length
      expect(await api.compensateDagRun(by, request)).toMatchObject({ accepted: true })
      expect(await api.compensateDagRun({ ...by, tryNumber: 3 }, request)).toMatchObject({ accepted: true })
      expect(submitted.slice(before)).toEqual(
        Array(2).fill({
          request: { kind: 'compensate', dagId: 'sales', runId: 'day-2' },
          options: expect.objectContaining({
            actor: 'task:sales/day-1/extract',
            idempotencyKey: 'ti:1:compensate:go-x/compensate/1',
          }),
        }),
      )
    })

    it('by the key under which it was triggered, where the task never told its id', async () => {
      answered({ ok: true, value: '{}' })
      await database.pool.query("update dag_run set trigger_key = 'go-x' where run_id = 'day-3'")
      await api.compensateDagRun(by, { ...request, runId: null })
      expect(submitted.at(-1)).toMatchObject({ request: { kind: 'compensate', dagId: 'sales', runId: 'day-3' } })
      const before = submitted.length
      expect(await api.compensateDagRun(by, { ...request, runId: null, triggerKey: 'never' })).toEqual({
        accepted: false,
        message: 'The task had started no run of Dag "sales": there is nothing to undo.',
      })
      expect(submitted).toHaveLength(before)
    })

    it('is done where there is nothing left to undo, and asks again in the next try what was refused', async () => {
      answered({ ok: false, code: 'not-compensable', message: 'nothing was done' })
      expect(await api.compensateDagRun(by, request)).toMatchObject({
        accepted: false,
        message: expect.stringContaining('nothing was done'),
      })
      answered({ ok: false, code: 'run-not-found', message: 'there is no run "day-2"' })
      await expect(api.compensateDagRun(by, request)).rejects.toThrow(/was not undone: there is no run/)
      expect(submitted.at(-1)?.options.idempotencyKey).toBe('ti:1:compensate:go-x/compensate/1:2')
      answer = { status: 'no-leader' }
      await expect(api.compensateDagRun(by, request)).rejects.toThrow(/no scheduler is running/)
    })
  })
})

it('variables that a task changes: through the scheduler, seen at once, in the history, and a secret stays one', async () => {
  const own = await createTestDatabase()
  await seed(own, true)
  const leader = await startLeader(own)
  const live = createDatabaseWorkerApi(own.pool, { secrets, submit: (...asked) => submitCommand(own.pool, ...asked) })
  const try1 = { tiId: 1, tryNumber: 1 }
  await saveVariable(own.pool, secrets, { key: 'token', value: 'hunter2', isSecret: true, description: 'of the shop' })
  await live.setVariable(try1, 'token', 'renewed', null)
  expect(await live.getVariable(try1, 'token')).toEqual({ value: 'renewed', secret: true })
  await live.setVariable(try1, 'fresh', 'x', 'by a task')
  expect(await live.getVariable(try1, 'fresh')).toEqual({ value: 'x', secret: false })
  await live.setVariable(try1, 'fresh', 'y', null)
  await live.setVariable(try1, 'fresh', 'x', null)
  expect(await live.getVariable(try1, 'fresh')).toEqual({ value: 'x', secret: false })
  expect(await listVariables(own.pool)).toMatchObject([{ description: 'by a task' }, { description: 'of the shop' }])
  await live.deleteVariable(try1, 'fresh')
  await live.deleteVariable(try1, 'fresh')
  expect(await live.getVariable(try1, 'fresh')).toBeNull()
  await expect(live.setVariable(try1, 'a\0b', 'x', null)).rejects.toThrow()
  await leader.stop()
  const { rows } = await own.pool.query<{ what: string }>(
    "select kind || ' ' || actor || ' ' || cause as what from event where kind like 'variable.%' order by id",
  )
  const by1 = 'task:sales/scheduled__1/extract'
  expect(rows.map((row) => row.what)).toEqual([
    `variable.set ${by1} token (secret)`,
    `variable.set ${by1} fresh`,
    `variable.set ${by1} fresh`,
    `variable.set ${by1} fresh`,
    `variable.deleted ${by1} fresh`,
  ])
  const kept = await own.pool.query('select request, answer from command')
  expect(JSON.stringify(kept.rows)).not.toMatch(/renewed|v1:/)
})

it('runs that tasks trigger: one for a key, however often, at once and after a restart; they inherit the correlation id', async () => {
  const own = await createTestDatabase()
  await seed(own, true)
  await own.pool.query("update dag_run set correlation_id = 'order-7' where id = 1")
  const live = createDatabaseWorkerApi(own.pool, { secrets, submit: (...asked) => submitCommand(own.pool, ...asked) })
  const ask = (tryNumber: number, key: string) =>
    live.triggerDagRun({ tiId: 1, tryNumber }, { dagId: 'sales', conf: { n: tryNumber } }, key)
  const before = await startLeader(own)
  const [first, ...others] = await Promise.all([1, 2, 3, 4].map((tryNumber) => ask(tryNumber, 'go-1')))
  for (const other of others) expect(other).toEqual(first)
  await before.stop()
  const after = await startLeader(own)
  expect(await ask(5, 'go-1')).toEqual(first)
  const another = await ask(6, 'go-2')
  expect(another).not.toEqual(first)
  await after.stop()
  const { rows } = await own.pool.query(
    'select run_id, trigger_key, correlation_id, triggered_by from dag_run where trigger_key is not null order by id',
  )
  const by1 = { correlation_id: 'order-7', triggered_by: 'task:sales/scheduled__1/extract' }
  expect(rows).toEqual([
    { run_id: first!.runId, trigger_key: 'go-1', ...by1 },
    { run_id: another.runId, trigger_key: 'go-2', ...by1 },
  ])
})
