/** Runs a query that was built with knex over a pool of ours: knex writes SQL, pg carries it. */
import type { Knex } from 'knex'
import type pg from 'pg'

export async function runBuilt<Row extends object>(pool: pg.Pool, query: Knex.QueryBuilder): Promise<Row[]> {
  const { sql, bindings } = query.toSQL().toNative()
  const result = await pool.query(sql, [...bindings])
  return result.rows as Row[]
}
