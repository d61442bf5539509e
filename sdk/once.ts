/**
 * `once`: a write in the author's own PostgreSQL that is made once for its key, however often the task that makes it is
 * retried, killed or run beside itself. Invariant: the key, the result and all that `fn` writes are committed in one
 * transaction, so either all of it is there or nothing. A table of the author's database, `tradewind_once`, holds the keys.
 */
import { randomUUID } from 'node:crypto'

/** A connection to PostgreSQL, or a pool of them: a `Client` or `Pool` of `pg`, or anything that has their `query`. */
export interface SqlConnection {
  query(text: string, values?: unknown[]): PromiseLike<{ readonly rows: readonly unknown[] }>
}

/** What `fn` is given: the connection itself, or one of the pool. */
export type SqlTransaction<D> = D extends { connect: { (): Promise<infer C>; (callback: never): unknown } }
  ? C extends SqlConnection
    ? C
    : D
  : D extends { connect(): Promise<infer C> }
    ? C extends SqlConnection
      ? C
      : D
    : D

const TABLE =
  'create table if not exists tradewind_once (key text primary key, result text, at timestamptz not null default now())'
const CLAIM = 'insert into tradewind_once (key) values ($1) on conflict (key) do nothing returning key'
const LONGEST_KEY = 1_000
/** SQLSTATEs. */
const NO_TABLE = '42P01'
const MADE_MEANWHILE: ReadonlySet<unknown> = new Set(['42P07', '23505'])

/**
 * Runs `fn` in a transaction, unless that was done before with this key, and gives its result, as JSON carries it. Who comes
 * with the same key meanwhile waits and gets the same result. An error in `fn` undoes all of it and leaves the key free.
 * On a connection that is within a transaction it is a part of that.
 *
 * ```ts
 * const { id } = await once(pool, getContext().idempotencyKey, async (tx) => {
 *   const { rows } = await tx.query('insert into payment (amount) values ($1) returning id', [amount])
 *   return rows[0]
 * })
 * ```
 */
export async function once<D extends SqlConnection, T>(
  db: D,
  key: string,
  fn: (transaction: SqlTransaction<D>) => T | PromiseLike<T>,
): Promise<T> {
  if (typeof key !== 'string' || key === '' || key.length > LONGEST_KEY || key.includes('\0')) {
    throw new TypeError(
      `once() was given the key ${JSON.stringify(key)?.slice(0, 100)}; it has to be text of 1 to ${LONGEST_KEY} characters, as getContext().idempotencyKey is.`,
    )
  }
  const work = fn as (connection: SqlConnection) => T | PromiseLike<T>
  const json = isPool(db) ? await onPool(db, key, work) : await onConnection(db, key, work)
  return (json === null ? undefined : JSON.parse(json)) as T
}

type Work = (connection: SqlConnection) => unknown

interface PooledConnection extends SqlConnection {
  release(destroy?: boolean): void
  on?(event: 'error', listener: () => void): unknown
  off?(event: 'error', listener: () => void): unknown
}

interface ConnectionPool extends SqlConnection {
  readonly totalCount: number
  connect(): Promise<PooledConnection>
}

function isPool(db: SqlConnection): db is ConnectionPool {
  return 'totalCount' in db && typeof db.totalCount === 'number' && 'connect' in db && typeof db.connect === 'function'
}

async function onPool(pool: ConnectionPool, key: string, fn: Work): Promise<string | null> {
  const connection = await pool.connect()
  // A connection that breaks tells so twice; without a listener the second time would end the task's process.
  const ignore = () => {}
  connection.on?.('error', ignore)
  let isSound = false
  try {
    const result = await inTransaction(connection, key, fn)
    isSound = true
    return result
  } finally {
    connection.off?.('error', ignore)
    connection.release(!isSound)
  }
}

async function onConnection(connection: SqlConnection, key: string, fn: Work): Promise<string | null> {
  if (await isInTransaction(connection)) return await inSavepoint(connection, key, fn)
  return await inTransaction(connection, key, async (transaction) => {
    if (await isInTransaction(transaction)) return await fn(transaction)
    throw new TypeError(
      'once() was given a database that sends each query over another connection, so nothing could be done in one transaction. Pass a Pool of pg, or a single connection.',
    )
  })
}

/** A setting that lasts as long as its transaction: gone with the statement where there is none. */
async function isInTransaction(connection: SqlConnection): Promise<boolean> {
  const mark = randomUUID()
  await connection.query("select set_config('tradewind.once', $1, true)", [mark])
  const { rows } = await connection.query("select current_setting('tradewind.once', true) as mark")
  return (rows[0] as { readonly mark?: unknown } | undefined)?.mark === mark
}

async function inTransaction(connection: SqlConnection, key: string, fn: Work): Promise<string | null> {
  for (let first = true; ; first = false) {
    // Of a stricter isolation who waited for the same key would get an error instead of the result.
    await connection.query('begin isolation level read committed')
    try {
      const result = await claimAndDo(connection, key, fn)
      await connection.query('commit')
      return result
    } catch (error) {
      // What went wrong says more than that the connection is gone.
      await connection.query('rollback').then(undefined, () => undefined)
      if (!first || !(error instanceof TableMissing)) throw error
      await makeTable(connection)
    }
  }
}

/** In the transaction of the caller, who ends it. */
async function inSavepoint(connection: SqlConnection, key: string, fn: Work): Promise<string | null> {
  const within = async <T>(work: () => Promise<T>): Promise<T> => {
    await connection.query('savepoint tradewind_once')
    try {
      const result = await work()
      await connection.query('release savepoint tradewind_once')
      return result
    } catch (error) {
      await connection.query('rollback to savepoint tradewind_once').then(undefined, () => undefined)
      throw error
    }
  }
  try {
    return await within(() => claimAndDo(connection, key, fn))
  } catch (error) {
    if (!(error instanceof TableMissing)) throw error
  }
  await makeTable(connection, (make) => within(make))
  return await within(() => claimAndDo(connection, key, fn))
}

class TableMissing extends Error {}

/** The result as JSON text; `null`: `undefined`. */
async function claimAndDo(connection: SqlConnection, key: string, fn: Work): Promise<string | null> {
  while (!(await claim(connection, key))) {
    const known = await connection.query('select result from tradewind_once where key = $1', [key])
    // Otherwise somebody has deleted it meanwhile.
    if (known.rows.length > 0) return (known.rows[0] as { readonly result: string | null }).result
  }
  const value = await fn(connection)
  const json = value === undefined ? null : (JSON.stringify(value) ?? null)
  await connection.query('update tradewind_once set result = $2 where key = $1', [key, json])
  return json
}

/** Waits for whoever has claimed the key and not ended. */
async function claim(connection: SqlConnection, key: string): Promise<boolean> {
  try {
    return (await connection.query(CLAIM, [key])).rows.length > 0
  } catch (error) {
    throw codeOf(error) === NO_TABLE ? new TableMissing('There is no table tradewind_once.', { cause: error }) : error
  }
}

async function makeTable(
  connection: SqlConnection,
  around: (make: () => Promise<unknown>) => Promise<unknown> = (make) => make(),
): Promise<void> {
  try {
    await around(async () => await connection.query(TABLE))
  } catch (error) {
    if (MADE_MEANWHILE.has(codeOf(error))) return
    const cause = error instanceof Error ? error.message : String(error)
    throw new Error(
      `once() needs the table tradewind_once, which is not there and cannot be made (${cause}). Make it as a user that may: ${TABLE}`,
      { cause: error },
    )
  }
}

function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined
}
