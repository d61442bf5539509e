/** Compensations of a run, runs by correlation id, and values of tries that did the task's work rather than undo it. */
import { beforeAll, describe, expect, it } from 'vitest'
import { listCompensations, newestCompensations } from '../../database/queries/compensations.ts'
import { correlatedRunIds, runsByCorrelationPrefix } from '../../database/queries/correlated-runs.ts'
import { upstreamValues } from '../../database/queries/input-tries.ts'
import { countRuns, pageRuns } from '../../database/queries/run-pages.ts'
import { pageTis } from '../../database/queries/ti-pages.ts'
import { readWaitingFacts } from '../../database/queries/waiting-facts.ts'
import { getXCom } from '../../database/queries/xcom-pages.ts'
import { createPostgresStore } from '../../database/store/postgres-store.ts'
import { readXCom } from '../../database/xcoms.ts'
import { compensation, noWrites, run, ti, tryOf } from '../support/records.ts'
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts'

let database: TestDatabase

const rows = [
  compensation(1, 1, { forwardTry: 1, state: 'compensated', firstTry: 2, lastTry: 3, endedAt: 1_700_000_000_500 }),
  compensation(1, 1, { forwardTry: 4, firstTry: 5, lastTry: 5, scope: 'order' }),
  compensation(2, 1, { state: 'withdrawn', forwardState: 'failed', actor: 'user:anna', failedTask: null }),
  compensation(3, 2),
]
const value = (tiId: number, tryNumber: number, json: string, key = 'return_value') => ({
  tiId,
  tryNumber,
  key,
  dagRunId: 1,
  json,
})

beforeAll(async () => {
  database = await createTestDatabase()
  const store = await createPostgresStore(database.connection)
  const { epoch } = (await store.acquireLease('host-a:1:1'))!
  const committed = await store.commit(epoch, {
    ...noWrites,
    insertedRuns: [
      run(1, 'sales', { state: 'compensating', correlationId: 'order-12', logicalDate: 100 }),
      run(2, 'sales', { state: 'failed', correlationId: 'order-12', logicalDate: 200 }),
      run(3, 'sales', { state: 'queued', correlationId: 'order-123' }),
      run(4, 'sales', { correlationId: 'order_12', state: 'success' }),
      run(5, 'other', { correlationId: 'ä%', state: 'success' }),
      run(6, 'other', { state: 'success' }),
    ],
    insertedTis: [
      ti(1, 1, 'reserve', { state: 'compensating', tryNumber: 5 }),
      ti(2, 1, 'charge', { state: 'failed', tryNumber: 1 }),
      ti(3, 2, 'reserve'),
      ti(4, 2, 'ask'),
    ],
    insertedTries: [1, 2, 3, 4, 5].map((n) => tryOf(1, n, 1, { queuedAt: n * 1_000, state: 'success' })),
    compensations: rows,
    // Forward tries 1 and 4; the others undid them.
    xcoms: [1, 2, 3, 4, 5].map((n) => value(1, n, `${n}`)).concat(value(1, 4, '"a"', 'k'), value(1, 5, '"b"', 'k')),
  })
  expect(committed).toEqual({ status: 'committed' })
  await store.close()
})

describe('compensations of a run', () => {
  it('come with their task and tries, page by page', async () => {
    const { pool } = database
    const all = await listCompensations(pool, 1, { limit: 100 })
    expect(all.map(({ tries, ...row }) => [row, tries.map((one) => one.tryNumber)])).toEqual([
      [{ ...rows[0], taskId: 'reserve', mapIndex: -1, tiState: 'compensating' }, [2, 3]],
      [{ ...rows[1], taskId: 'reserve', mapIndex: -1, tiState: 'compensating' }, [5]],
      [{ ...rows[2], taskId: 'charge', mapIndex: -1, tiState: 'failed' }, []],
    ])
    const paged = await listCompensations(pool, 1, { limit: 1 })
    const next = await listCompensations(pool, 1, { limit: 5, cursor: paged[0]! })
    expect([...paged, ...next]).toEqual(all)
    expect(await listCompensations(pool, 9, { limit: 5 })).toEqual([])
  })

  it('the newest of each task instance', async () => {
    expect(await newestCompensations(database.pool, 1)).toEqual([rows[1], rows[2]])
  })

  it('count as active for those that wait behind them', async () => {
    const facts = await readWaitingFacts(database.pool, { id: 3, dagId: 'sales' })
    expect(facts).toMatchObject({ runningRuns: 1, queuedBefore: 0 })
  })
})

describe('a correlation id', () => {
  it('finds its runs, exactly', async () => {
    const { pool } = database
    expect(await correlatedRunIds(pool, 'order-12')).toEqual([2, 1])
    expect(await correlatedRunIds(pool, 'order')).toEqual([])
    const page = { correlationId: 'order-12', order: 'id', falling: true, offset: 0, limit: 10 } as const
    expect((await pageRuns(pool, page)).map((one) => [one.id, one.correlationId])).toEqual([
      [2, 'order-12'],
      [1, 'order-12'],
    ])
    expect(await countRuns(pool, { correlationId: 'order-12', states: ['failed'] })).toBe(1)
  })

  it('finds runs by what it begins with, literally', async () => {
    const found = async (prefix: string, limit = 10) =>
      (await runsByCorrelationPrefix(database.pool, prefix, limit)).map((one) => one.id)
    expect(await found('order-12')).toEqual([2, 1, 3])
    expect(await found('order-12', 2)).toEqual([2, 1])
    expect(await found('order_')).toEqual([4])
    expect(await found('ä%')).toEqual([5])
    expect(await found('%')).toEqual([])
    expect(await found('\\')).toEqual([])
  })

  it('finds the task instances of its runs', async () => {
    const { pool } = database
    const all = await pageTis(pool, { correlationId: 'order-12', falling: true, limit: 10 })
    expect(all.tis.map((one) => one.id)).toEqual([3, 4, 1, 2])
    const first = await pageTis(pool, { correlationId: 'order-12', falling: true, limit: 3 })
    const rest = await pageTis(pool, { correlationId: 'order-12', falling: true, limit: 3, cursor: first.next! })
    expect([...first.tis, ...rest.tis]).toEqual(all.tis)
    expect((await pageTis(pool, { correlationId: 'order', falling: true, limit: 3 })).tis).toEqual([])
  })
})

describe('the value of a task that was undone', () => {
  const locator = { key: 'return_value', dagId: 'sales', runId: 'manual__1', taskId: 'reserve', mapIndex: -1 }

  it('is what the task returned, not what undid it', async () => {
    const { pool } = database
    expect(await readXCom(pool, { ...locator, includePriorDates: false })).toBe('4')
    expect(await readXCom(pool, { ...locator, runId: 'manual__2', includePriorDates: true })).toBe('4')
    expect((await getXCom(pool, { tiId: 1, key: 'return_value' }))?.json).toBe('4')
    expect((await getXCom(pool, { tiId: 1, key: 'return_value', tryNumber: 5 }))?.json).toBe('5')
  })

  it('but what its compensation set by name is read', async () => {
    expect(await readXCom(database.pool, { ...locator, key: 'k', includePriorDates: false })).toBe('"b"')
    expect((await getXCom(database.pool, { tiId: 1, key: 'k' }))?.json).toBe('"b"')
  })

  it('and so is what a try below was given', async () => {
    const given = async (queuedAt: number | null) =>
      (await upstreamValues(database.pool, { dagRunId: 1, taskIds: ['reserve'], queuedAt }, 1_000))[0]?.json
    expect([await given(1_500), await given(3_500), await given(4_500), await given(null)]).toEqual([
      '1',
      '1',
      '4',
      '4',
    ])
  })
})
