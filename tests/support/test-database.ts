/**
 * A database of its own for a test file: a clone of the migrated template, in about 20 ms. Dropped at the end, which fails
 * when the test left a connection open.
 */
import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { afterAll, inject } from 'vitest'
import { openPool } from '../../database/connect.ts'

export interface TestDatabase {
  readonly connection: pg.ClientConfig
  /** Closed by the end of the file. */
  readonly pool: pg.Pool
  /** Drops it now instead of at the end of the file. */
  drop(): Promise<void>
}

/** `empty`: without our schema. Called in a hook, at the top of a `describe` or in a test. */
export async function createTestDatabase(kind: 'migrated' | 'empty' = 'migrated'): Promise<TestDatabase> {
  const server = inject('postgres')
  const name = `t_${randomBytes(6).toString('hex')}`
  const source = kind === 'migrated' ? server.template : 'template0'
  await onServer(server.connection, (client) => client.query(`create database ${name} template ${source}`))
  const connection = { ...server.connection, database: name }
  const pool = openPool(connection, { name: 'tradewind test', max: 4 })
  let dropped = false
  const drop = async () => {
    if (dropped) return
    dropped = true
    await pool.end()
    await onServer(server.connection, async (client) => {
      const leaked = await remainingConnections(client, name)
      await client.query(`drop database ${name} with (force)`)
      if (leaked.length > 0) throw new Error(`Connections left open at the end of the test: ${leaked.join('; ')}`)
    })
  }
  registerDrop(drop)
  return { connection, pool, drop }
}

const drops: (() => Promise<void>)[] = []
afterAll(async () => {
  const all = drops.splice(0)
  const results = await Promise.allSettled(all.map((drop) => drop()))
  for (const result of results) if (result.status === 'rejected') throw result.reason
})
function registerDrop(drop: () => Promise<void>): void {
  drops.push(drop)
}

/** A closed client's backend takes a moment to go; one that stays is a leak. */
async function remainingConnections(client: pg.Client, database: string): Promise<string[]> {
  const until = Date.now() + 2_000
  for (;;) {
    const { rows } = await client.query<{ what: string }>(
      "select application_name || ': ' || left(query, 80) as what from pg_stat_activity where datname = $1",
      [database],
    )
    if (rows.length === 0 || Date.now() > until) return rows.map((row) => row.what)
    await client.query('select pg_sleep(0.01)')
  }
}

async function onServer(connection: pg.ClientConfig, work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client(connection)
  await client.connect()
  try {
    await work(client)
  } finally {
    await client.end()
  }
}
