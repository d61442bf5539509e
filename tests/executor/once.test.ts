/** `once` on a real PostgreSQL: by every kind of connection, beside itself, after errors, and in children that are killed. */
import { createRequire } from 'node:module'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { once, type SqlConnection } from '../../sdk/index.ts'
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts'
import { CONTEXT, causeOf, dagOf, makeWorld, returned } from './harness.ts'

let database: TestDatabase
let pool: pg.Pool
beforeAll(async () => {
  database = await createTestDatabase('empty')
  pool = new pg.Pool({ ...database.connection, max: 6 })
  await pool.query('create table payment (id int generated always as identity, amount int)')
})
afterAll(() => pool.end())
beforeEach(async () => {
  await pool.query('truncate payment restart identity')
  await pool.query('drop table if exists tradewind_once')
})

const pay = (amount: number) => async (tx: SqlConnection) => {
  const { rows } = await tx.query('insert into payment (amount) values ($1) returning id, amount', [amount])
  return rows[0] as { id: number; amount: number }
}

async function payments(): Promise<number[]> {
  const { rows } = await pool.query<{ amount: number }>('select amount from payment order by id')
  return rows.map((row) => row.amount)
}

async function withClient<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(database.connection)
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

test.each([
  ['a pool', (work: (db: SqlConnection) => Promise<void>) => work(pool)],
  ['a client', (work: (db: SqlConnection) => Promise<void>) => withClient(work)],
  [
    'a client of a pool',
    async (work: (db: SqlConnection) => Promise<void>) => {
      const client = await pool.connect()
      await work(client).finally(() => client.release())
    },
  ],
  [
    'anything with query',
    (work: (db: SqlConnection) => Promise<void>) =>
      withClient((client) => work({ query: (text, values) => client.query<object>(text, values) })),
  ],
])('by %s the write is made once and its result is given again', async (_, open) => {
  await open(async (db) => {
    expect(await once(db, 'k', pay(5))).toEqual({ id: 1, amount: 5 })
    expect(await once(db, 'k', pay(6))).toEqual({ id: 1, amount: 5 })
    expect(await once(db, 'other', pay(7))).toEqual({ id: 2, amount: 7 })
  })
  expect(await payments()).toEqual([5, 7])
})

test('the result is what JSON carries, the first time too', async () => {
  const at = new Date(0)
  for (const _ of [1, 2]) {
    expect(await once(pool, 'date', () => ({ at, gone: undefined }))).toEqual({ at: '1970-01-01T00:00:00.000Z' })
    expect(await once(pool, 'nothing', () => undefined)).toBeUndefined()
    expect(await once(pool, 'null', () => null)).toBeNull()
    expect(await once(pool, 'nul', () => 'a\0b')).toBe('a\0b')
  }
})

test.each([
  ['a pool', () => once(pool, 'k', async (tx) => Promise.reject(await pay(5)(tx)))],
  ['a client', () => withClient((client) => once(client, 'k', async (tx) => Promise.reject(await pay(5)(tx))))],
])('by %s an error undoes all of it and leaves the key free', async (_, fails) => {
  await expect(fails()).rejects.toMatchObject({ amount: 5 })
  expect(await payments()).toEqual([])
  expect(await once(pool, 'k', pay(6))).toMatchObject({ amount: 6 })
  expect(await payments()).toEqual([6])
})

test('an error of the database that fn keeps to itself is one all the same', async () => {
  const swallow = once(pool, 'k', async (tx) => {
    await pay(5)(tx)
    await tx.query('select 1 / 0').catch(() => undefined)
  })
  await expect(swallow).rejects.toMatchObject({ code: '25P02' })
  expect(await payments()).toEqual([])
})

/** Until another connection of this database waits for a lock. */
async function somebodyWaits(): Promise<void> {
  for (;;) {
    const { rows } = await pool.query(
      "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
    )
    if (rows.length > 0) return
    await pool.query('select pg_sleep(0.005)')
  }
}

/** Begins to pay, and ends as told once others wait. */
async function payWhenTold(end: (row: object) => object) {
  const go = Promise.withResolvers<void>()
  const claimed = Promise.withResolvers<void>()
  const paid = once(pool, 'k', async (tx) => {
    const row = await pay(5)(tx)
    claimed.resolve()
    await go.promise
    return end(row)
  })
  await claimed.promise
  return { paid, go: go.resolve }
}

test('who comes with the key meanwhile waits and gets the first result', async () => {
  const { paid, go } = await payWhenTold((row) => row)
  const others = [once(pool, 'k', pay(6)), withClient((client) => once(client, 'k', pay(7)))]
  await somebodyWaits()
  go()
  expect(await Promise.all([paid, ...others])).toEqual(Array(3).fill({ id: 1, amount: 5 }))
  expect(await payments()).toEqual([5])
})

test('who waited for one that failed does it', async () => {
  const { paid, go } = await payWhenTold(() => {
    throw new Error('no money')
  })
  const second = once(pool, 'k', pay(6))
  await somebodyWaits()
  go()
  await expect(paid).rejects.toThrow('no money')
  expect(await second).toMatchObject({ amount: 6 })
  expect(await payments()).toEqual([6])
})

test('twenty at once, with no table before', async () => {
  const results = await Promise.all(Array.from({ length: 20 }, (_, n) => once(pool, `k${n % 2}`, pay(n))))
  expect(new Set(results.map((row) => row.id)).size).toBe(2)
  expect(await payments()).toHaveLength(2)
})

test('within a transaction of the author it is a part of that', async () => {
  await withClient(async (client) => {
    await client.query('begin')
    expect(await once(client, 'k', pay(5))).toMatchObject({ amount: 5 })
    await expect(once(client, 'fails', () => Promise.reject(new Error('no')))).rejects.toThrow('no')
    expect(await once(client, 'k', pay(6))).toMatchObject({ amount: 5 })
    await client.query('rollback')
    expect(await payments()).toEqual([])
    await client.query('begin')
    await once(client, 'k', (tx) => once(tx, 'inner', pay(7)))
    await client.query('commit')
  })
  expect(await payments()).toEqual([7])
  expect(await once(pool, 'inner', pay(8))).toMatchObject({ amount: 7 })
})

test('a database that spreads queries over connections is refused before anything is written', async () => {
  await withClient((a) =>
    withClient(async (b) => {
      let turn = 0
      const spread: SqlConnection = { query: (text, values) => (turn++ % 2 ? a : b).query<object>(text, values) }
      await expect(once(spread, 'k', pay(5))).rejects.toThrow('sends each query over another connection')
    }),
  )
  expect(await payments()).toEqual([])
})

test('a connection that breaks within it is an error and no crash; the pool goes on', async () => {
  const breaks = once(pool, 'k', async (tx) => {
    await pay(5)(tx)
    const { rows } = await tx.query<{ pid: number }>('select pg_backend_pid() as pid')
    await pool.query('select pg_terminate_backend($1)', [rows[0]?.pid])
    await tx.query('select 1')
  })
  await expect(breaks).rejects.toThrow()
  expect(await once(pool, 'k', pay(6))).toMatchObject({ amount: 6 })
  expect(await payments()).toEqual([6])
})

test('where the table may not be made, the error says what to do', async () => {
  await pool.query('revoke create on schema public from public')
  await pool.query('create role once_reader nologin')
  try {
    await withClient(async (client) => {
      await client.query('set role once_reader')
      await expect(once(client, 'k', () => 1)).rejects.toThrow(
        /cannot be made \(permission denied.*create table if not exists tradewind_once/,
      )
    })
  } finally {
    await pool.query('drop role once_reader')
  }
})

test.each(['', 'a\0b', 'x'.repeat(1_001)])('the key %j is refused', async (key) => {
  await expect(once(pool, key, () => 1)).rejects.toThrow('it has to be text of 1 to 1000 characters')
})

test.each([
  ['between its effect and its result', 'await kill()', '', [5]],
  ['within its transaction', '', 'await kill()', [5]],
])('a child killed %s: the retry finds or does what is right', async (_, after, within, expected) => {
  const world = await makeWorld({ slots: 1 })
  try {
    const path = createRequire(import.meta.url).resolve('pg')
    const bundleHash = world.bundle(
      dagOf(
        {
          pay: `async () => {
            const { tryNumber, idempotencyKey } = tw.getContext()
            const kill = async () => { if (tryNumber === 1) process.kill(process.pid, 'SIGKILL') }
            const client = new pg.Client(${JSON.stringify(database.connection)})
            await client.connect()
            const row = await tw.once(client, idempotencyKey, async (tx) => {
              const { rows } = await tx.query('insert into payment (amount) values (5) returning amount')
              ${within}
              return { ...rows[0], by: tryNumber }
            })
            ${after}
            await client.end()
            return row
          }`,
        },
        `const pg = require(${JSON.stringify(path)})`,
      ),
    )
    const context = { ...CONTEXT, idempotencyKey: 'pay-abc' }
    const change = { bundleHash, taskId: 'pay', context }
    const first = await world.run({ ...change, key: { tiId: 500, tryNumber: 1 } })
    expect(causeOf(first)).toMatchObject({ kind: 'signal', signal: 'SIGKILL' })
    const second = await world.run({ ...change, key: { tiId: 500, tryNumber: 2 } })
    expect(returned(second)).toEqual({ amount: 5, by: after === '' ? 2 : 1 })
    expect(await payments()).toEqual(expected)
  } finally {
    await world.stop()
  }
})
