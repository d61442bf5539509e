/** Dead letters as people read them: pages, groups, one with all that is known of it, and whether it was compensated. */
import { beforeAll, describe, expect, it } from 'vitest'
import type { CompensationRecord, DeadLetterRecord } from '../../core/records.ts'
import {
  countOpenLetters,
  type LetterCursor,
  type LetterFilter,
  pageLetters,
} from '../../database/queries/dead-letters.ts'
import { getLetter } from '../../database/queries/letter-detail.ts'
import { type LetterGroup, pageLetterGroups } from '../../database/queries/letter-groups.ts'
import { createPostgresStore } from '../../database/store/postgres-store.ts'
import { compensation, dag, deadLetter, noWrites, run, ti, tryOf, version } from '../support/records.ts'
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts'

const AT = 1_700_000_000_000

/** Fills a database of its own. */
async function filled(writes: Partial<typeof noWrites>): Promise<TestDatabase> {
  const database = await createTestDatabase()
  const store = await createPostgresStore(database.connection)
  const { epoch } = (await store.acquireLease('host-a:1:1'))!
  expect(await store.commit(epoch, { ...noWrites, ...writes })).toEqual({ status: 'committed' })
  await store.close()
  return database
}

const settled = (letter: DeadLetterRecord, status: 'redriven' | 'discarded') => ({
  tiId: letter.tiId,
  tryNumber: letter.tryNumber,
  status,
  reason: status === 'discarded' ? 'known' : null,
  actor: 'user:anna',
  at: AT + 99,
})

describe('a page', () => {
  const letters = Array.from({ length: 12 }, (_, i) =>
    deadLetter(i + 1, i < 6 ? 1 : 2, {
      // Four share each instant.
      at: AT + Math.floor(i / 4) * 1_000,
      dagId: i < 6 ? 'sales' : 'orders',
      taskId: i % 2 === 0 ? 'charge' : 'ship',
      fingerprint: i % 3 === 0 ? 'f-stock' : 'f-card',
      kind: i === 11 ? 'compensation' : 'task',
      message: `Out of STOCK: item ${i}`,
    }),
  )
  let database: TestDatabase
  beforeAll(async () => {
    database = await filled({
      insertedVersions: [version(1, 'sales', { versionNumber: 7 })],
      insertedRuns: [
        run(1, 'sales', { state: 'failed', correlationId: 'order 1' }),
        run(2, 'orders', { state: 'failed', correlationId: 'order 2' }),
      ],
      insertedTis: letters.map((letter) => ti(letter.tiId, letter.dagRunId, `t${letter.tiId}`)),
      deadLetters: letters,
    })
    const store = await createPostgresStore(database.connection)
    await database.pool.query('update lease set expires_at = now()')
    const { epoch } = (await store.acquireLease('host-b:1:1'))!
    const deadLetterOutcomes = [settled(letters[1]!, 'redriven'), settled(letters[10]!, 'discarded')]
    await store.commit(epoch, { ...noWrites, deadLetterOutcomes })
    await store.close()
  })

  /** TIs, page by page to the end. */
  async function all(filter: LetterFilter, limit = 100): Promise<number[]> {
    const found: number[] = []
    let cursor: LetterCursor | undefined
    for (let pages = 0; pages < 50; pages++) {
      const page = await pageLetters(database.pool, { ...filter, limit, ...(cursor === undefined ? {} : { cursor }) })
      expect(page.letters.length).toBeLessThanOrEqual(limit)
      found.push(...page.letters.map((letter) => letter.tiId))
      if (page.next === null) return found
      cursor = page.next
    }
    throw new Error('the pages do not end')
  }

  it('is of open ones, newest first, each once, whatever its size', async () => {
    const open = [12, 10, 9, 8, 7, 6, 5, 4, 3, 1]
    for (const limit of [1, 3, 5, 100]) expect(await all({}, limit), `${limit}`).toEqual(open)
    expect(await countOpenLetters(database.pool)).toBe(10)
  })

  it('is filtered', async () => {
    const everything = ['open', 'redriven', 'discarded'] as const
    for (const limit of [1, 2, 100]) {
      expect(await all({ statuses: everything }, limit)).toEqual([12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1])
      expect(await all({ statuses: ['redriven', 'discarded'] }, limit)).toEqual([11, 2])
      expect(await all({ statuses: [] }, limit)).toEqual([])
      expect(await all({ dagId: 'sales' }, limit)).toEqual([6, 5, 4, 3, 1])
      expect(await all({ dagRunId: 2 }, limit)).toEqual([12, 10, 9, 8, 7])
      expect(await all({ dagId: 'sales', dagRunId: 2 }, limit)).toEqual([])
      expect(await all({ taskId: 'ship' }, limit)).toEqual([12, 10, 8, 6, 4])
      expect(await all({ fingerprint: 'f-stock' }, limit)).toEqual([10, 7, 4, 1])
      expect(await all({ fingerprint: 'f-stock', dagId: 'orders' }, limit)).toEqual([10, 7])
      expect(await all({ kind: 'compensation' }, limit)).toEqual([12])
      expect(await all({ from: AT + 1_000, to: AT + 1_000 }, limit)).toEqual([8, 7, 6, 5])
      expect(await all({ correlationId: 'order 1' }, limit)).toEqual([6, 5, 4, 3, 1])
      expect(await all({ correlationId: 'order 1', dagRunId: 2 }, limit)).toEqual([])
      expect(await all({ correlationId: 'order' }, limit)).toEqual([])
      expect(await all({ text: 'of stock: ITEM 1' }, limit)).toEqual([12])
      expect(await all({ text: '%' }, limit)).toEqual([])
    }
  })

  it('shows its run and version', async () => {
    const { letters: found } = await pageLetters(database.pool, { statuses: ['discarded'], limit: 1 })
    expect(found).toEqual([
      {
        ...letters[10],
        status: 'discarded',
        reason: 'known',
        actor: 'user:anna',
        settledAt: AT + 99,
        runId: 'manual__2',
        runState: 'failed',
        correlationId: 'order 2',
        versionNumber: 7,
        compensation: 'none',
      },
    ])
  })

  it('that has to look far says where to go on', async () => {
    const { pool } = await filled({
      insertedRuns: [run(1, 'sales')],
      deadLetters: Array.from({ length: 5_100 }, (_, i) =>
        deadLetter(i + 1, 1, { at: AT + i, taskId: i < 3 ? 'rare' : 'a' }),
      ),
    })
    const page = await pageLetters(pool, { taskId: 'rare', limit: 2 })
    expect(page.letters.map((letter) => letter.tiId)).toEqual([3, 2])
    const rest = await pageLetters(pool, { taskId: 'rare', limit: 2, cursor: page.next! })
    expect(rest).toMatchObject({ letters: [{ tiId: 1 }], next: null })
    expect(await pageLetters(pool, { taskId: 'none', limit: 2 })).toEqual({ letters: [], next: null })
  })
})

describe('groups', () => {
  let database: TestDatabase
  beforeAll(async () => {
    const make = (tiId: number, fingerprint: string, over: Partial<DeadLetterRecord>) =>
      deadLetter(tiId, 1, { fingerprint, at: AT + tiId, message: `${fingerprint} ${tiId}`, ...over })
    const letters = [
      make(1, 'f-a', { taskId: 'charge' }),
      make(2, 'f-b', {}),
      make(3, 'f-a', { dagId: 'orders' }),
      make(4, 'f-c', { causeKind: 'timeout' }),
      make(5, 'f-a', { taskId: 'charge' }),
      make(6, 'f-d', {}),
    ]
    database = await filled({ insertedRuns: [run(1, 'sales')], deadLetters: letters })
    await database.pool.query(
      `update dead_letter set status = 'discarded', actor = 'a', settled_at = now() where ti_id in (5, 6)`,
    )
  })
  const shown = (groups: readonly LetterGroup[]) => groups.map(({ fingerprint, count }) => `${fingerprint} ${count}`)

  it('tell how often, since when, until when, where and what', async () => {
    const groups = await pageLetterGroups(database.pool, { limit: 10 })
    expect(shown(groups)).toEqual(['f-c 1', 'f-a 2', 'f-b 1'])
    expect(groups[1]).toEqual({
      fingerprint: 'f-a',
      count: 2,
      firstAt: AT + 1,
      lastAt: AT + 3,
      message: 'f-a 3',
      causeKind: 'error',
      newest: { at: AT + 3, tiId: 3, tryNumber: 1 },
      places: [
        { dagId: 'orders', taskId: 'ship' },
        { dagId: 'sales', taskId: 'charge' },
      ],
    })
  })

  it('are filtered and paged', async () => {
    const { pool } = database
    const statuses = ['open', 'redriven', 'discarded'] as const
    expect(shown(await pageLetterGroups(pool, { statuses, limit: 9 }))).toEqual(['f-d 1', 'f-a 3', 'f-c 1', 'f-b 1'])
    expect(shown(await pageLetterGroups(pool, { statuses: ['redriven'], limit: 9 }))).toEqual([])
    expect(shown(await pageLetterGroups(pool, { dagId: 'orders', limit: 9 }))).toEqual(['f-a 1'])
    expect(shown(await pageLetterGroups(pool, { dagId: 'sales', limit: 9 }))).toEqual(['f-c 1', 'f-b 1', 'f-a 1'])
    expect(shown(await pageLetterGroups(pool, { from: AT + 2, to: AT + 3, limit: 9 }))).toEqual(['f-a 1', 'f-b 1'])
    const [first] = await pageLetterGroups(pool, { limit: 1 })
    const cursor = { lastAt: first!.lastAt, fingerprint: first!.fingerprint }
    expect(shown(await pageLetterGroups(pool, { limit: 2, cursor }))).toEqual(['f-a 2', 'f-b 1'])
  })
})

describe('whether it was compensated', () => {
  /** Run 1: `charge` (in the saga) and `ship` failed at AT; the compensation rows differ. */
  async function told(
    compensations: readonly CompensationRecord[],
    { letter = {}, tries = [] }: { letter?: Partial<DeadLetterRecord>; tries?: ReturnType<typeof tryOf>[] } = {},
  ) {
    const serialized = {
      ...version(1, 'sales').serialized,
      tasks: [
        { taskId: 'reserve', kind: 'task' as const, upstream: [], inputs: {}, groupId: 'inner' },
        { taskId: 'charge', kind: 'task' as const, upstream: ['reserve'], inputs: {}, groupId: 'inner' },
        { taskId: 'ship', kind: 'task' as const, upstream: [], inputs: {} },
      ],
      groups: [
        { groupId: 'order', saga: true },
        { groupId: 'inner', parentId: 'order' },
      ],
    }
    const database = await filled({
      dags: [dag('sales', { versionId: 2 })],
      insertedVersions: [version(1, 'sales', { serialized }), version(2, 'sales', { versionNumber: 2 })],
      insertedRuns: [run(1, 'sales', { state: 'failed' }), run(2, 'sales', { state: 'failed' })],
      insertedTis: [ti(1, 1, 'reserve'), ti(2, 1, 'charge'), ti(3, 1, 'ship'), ti(4, 2, 'reserve')],
      insertedTries: [tryOf(3, 1, 1, { queuedAt: AT - 9, cause: { kind: 'error', message: 'all of it' } }), ...tries],
      deadLetters: [deadLetter(3, 1, { at: AT, ...letter })],
      compensations,
      tiOverrides: [{ tiId: 3, dagRunId: 1, life: 2, inputs: '{"a":1}' }],
    })
    const { tiId, tryNumber } = { tiId: 3, tryNumber: 1, ...letter }
    const detail = await getLetter(database.pool, { tiId, tryNumber })
    const [listed] = (await pageLetters(database.pool, { limit: 1 })).letters
    expect(listed!.compensation).toBe(detail!.compensation)
    await database.drop()
    return detail!
  }
  const row = (over: Partial<CompensationRecord>, tiId = 1) => compensation(tiId, 1, { plannedAt: AT, ...over })

  it('not, without compensations, or with those of another run, of an earlier failure, or withdrawn ones', async () => {
    expect(await told([])).toMatchObject({
      compensation: 'none',
      try: { tryNumber: 1, cause: { message: 'all of it' } },
      forward: { tryNumber: 1, queuedAt: AT - 9 },
      forwardTry: 1,
      life: 2,
      inputOverrides: '{"a":1}',
      versionNumber: 1,
      newestVersionNumber: 2,
    })
    expect((await told([compensation(4, 2, { plannedAt: AT })])).compensation).toBe('none')
    expect((await told([row({ plannedAt: AT - 1, state: 'compensated' })])).compensation).toBe('none')
    expect((await told([row({ state: 'withdrawn' })])).compensation).toBe('none')
  })

  it('it is, it was, or some of it could not be', async () => {
    const done = row({ state: 'compensated' })
    expect((await told([done])).compensation).toBe('compensated')
    expect((await told([done, row({ state: 'compensating' }, 2)])).compensation).toBe('compensating')
    expect((await told([done, row({ state: 'compensation_failed' }, 2)])).compensation).toBe('compensation_failed')
  })

  it('not, when that came after the task had run again', async () => {
    const again = tryOf(3, 2, 1, { queuedAt: AT + 5 })
    const later = row({ plannedAt: AT + 6, state: 'compensated' })
    expect((await told([later], { tries: [again] })).compensation).toBe('none')
    expect((await told([row({ plannedAt: AT + 4, state: 'compensated' })], { tries: [again] })).compensation).toBe(
      'compensated',
    )
    // A try that undid what it did midway is no new one.
    const own = compensation(3, 1, {
      forwardState: 'failed',
      state: 'compensated',
      plannedAt: AT + 6,
      firstTry: 2,
      lastTry: 2,
    })
    expect((await told([later, own], { tries: [again] })).compensation).toBe('compensated')
  })

  it('by its saga, when it is in one', async () => {
    const ofSaga = row({ scope: 'order', state: 'compensated' })
    expect((await told([ofSaga])).compensation).toBe('none')
    expect((await told([ofSaga], { letter: { tiId: 2, taskId: 'charge' } })).compensation).toBe('compensated')
    expect(
      (await told([row({ scope: 'other', state: 'compensated' })], { letter: { tiId: 2, taskId: 'charge' } }))
        .compensation,
    ).toBe('none')
  })

  it('of a failed compensation: what became of it; its inputs are those of the try it undoes', async () => {
    const letter = { tiId: 1, tryNumber: 3, taskId: 'reserve', kind: 'compensation' as const, at: AT + 8 }
    const tries = [tryOf(1, 1, 1, { queuedAt: AT - 50 }), tryOf(1, 2, 1), tryOf(1, 3, 1)]
    const failed = row({ state: 'compensation_failed', firstTry: 2, lastTry: 3 })
    expect(await told([failed, row({ state: 'compensated' }, 2)], { letter, tries })).toMatchObject({
      compensation: 'compensation_failed',
      forwardTry: 1,
      forward: { queuedAt: AT - 50 },
      try: { tryNumber: 3 },
    })
    const again = row({ state: 'compensating', firstTry: 2, lastTry: 4 })
    expect((await told([again], { letter, tries: [...tries, tryOf(1, 4, 1)] })).compensation).toBe('compensating')
  })

  it('there is no such letter', async () => {
    const { pool } = await createTestDatabase()
    expect(await getLetter(pool, { tiId: 1, tryNumber: 1 })).toBeNull()
  })
})
