/** What the figures rest on: the server is asked whether it is durable, and the statistics are what they say. */
import pg from 'pg'
import { beforeAll, expect, test } from 'vitest'
import { requireDurable } from '../../benchmarks/measuring/durability.ts'
import { median, quantile, spread } from '../../benchmarks/measuring/statistics.ts'
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase('empty')
})

async function ask(...before: readonly string[]): Promise<void> {
  const client = new pg.Client(database.connection)
  await client.connect()
  try {
    for (const statement of before) await client.query(statement)
    await requireDurable(client)
  } finally {
    await client.end()
  }
}

test('a durable server is accepted', async () => {
  await expect(ask()).resolves.toBeUndefined()
})

test('a session without synchronous_commit is refused', async () => {
  await expect(ask('set synchronous_commit = off')).rejects.toThrow(/synchronous_commit is off/)
})

test('a database that takes synchronous_commit from others is refused', async () => {
  const name = database.connection.database
  await database.pool.query(`alter database ${name} set synchronous_commit = off`)
  // This session was opened before, or sets it back: the setting of the database still counts.
  await expect(ask('set synchronous_commit = on')).rejects.toThrow(/synchronous_commit=off/)
  await database.pool.query(`alter database ${name} reset synchronous_commit`)
})

test('quantiles', () => {
  expect(median([3, 1, 2])).toBe(2)
  expect(median([4, 1, 2, 3])).toBe(2.5)
  expect(quantile([5, 1, 4, 2, 3], 1)).toBe(5)
  expect(
    quantile(
      Array.from({ length: 101 }, (_, n) => n),
      0.95,
    ),
  ).toBe(95)
  expect(median([])).toBeNaN()
  expect(spread([1, 3, 2])).toBe('2.00 (1.00 to 3.00)')
})
