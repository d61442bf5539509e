/**
 * knex without a connection: it writes SQL, and pg carries it. So a query, a migration and a test can run it in a
 * transaction of their own.
 */
import knex, { type Knex } from 'knex'

export const sqlBuilder: Knex = knex({ client: 'pg' })
