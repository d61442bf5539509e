/**
 * How this room talks to PostgreSQL: clients and pools whose numbers are numbers and whose instants are epoch
 * milliseconds. Invariant: no value above 2^53 leaves here silently changed.
 */
import pg from 'pg'

const INT8 = 20
const NUMERIC = 1700
const INT8_ARRAY = 1016
const TIMESTAMPTZ = 1184

/** Type parsers of our own connections; the ones of `pg` itself are left alone, they are shared by the whole process. */
export const valueTypes: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') => {
    if (oid === INT8 || oid === NUMERIC) return toNumber
    if (oid === TIMESTAMPTZ) return toMillis
    if (oid === INT8_ARRAY) return (text: string) => (text === '{}' ? [] : text.slice(1, -1).split(',').map(toNumber))
    return pg.types.getTypeParser(oid, format as 'text')
  }) as pg.CustomTypesConfig['getTypeParser'],
}

function toNumber(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value)) throw new RangeError(`The number ${text} from the database is not a safe integer`)
  return value
}

/** `2026-01-01 00:00:00.123456+00`, in whatever zone the session is, as epoch milliseconds. */
function toMillis(text: string): number {
  const iso = text.replace(' ', 'T').replace(/([+-]\d\d)$/, '$1:00')
  const value = Date.parse(iso)
  if (Number.isNaN(value)) throw new RangeError(`The instant ${text} from the database cannot be read`)
  return value
}

/** Everything that differs from the caller's own settings: value types, keepalive, a name in `pg_stat_activity`. */
export function withDefaults(connection: pg.ClientConfig, name: string): pg.ClientConfig {
  return {
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 2_000,
    ...connection,
    application_name: name,
    types: valueTypes,
  }
}

/** A pool for callers outside the scheduler. Errors of idle connections are reported, never thrown. */
export function openPool(
  connection: pg.ClientConfig,
  options: {
    readonly name: string
    readonly max: number
    /** The server ends a statement that takes longer. Default: none. */
    readonly statementTimeoutMs?: number
    readonly onError?: (error: Error) => void
  },
): pg.Pool {
  const { statementTimeoutMs: statementTimeout } = options
  const pool = new pg.Pool({
    ...withDefaults(connection, options.name),
    ...(statementTimeout === undefined ? {} : { statement_timeout: statementTimeout }),
    max: options.max,
    idleTimeoutMillis: 10_000,
  })
  pool.on('error', (error) => options.onError?.(error))
  return pool
}

/** A connected client, closed again when `work` has ended however it ended. */
export async function withClient<T>(
  connection: pg.ClientConfig,
  name: string,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client(withDefaults(connection, name))
  // Without a listener a connection that breaks between two queries would end the process; the next query tells it.
  client.on('error', () => {})
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end().catch(() => {})
  }
}

/** Runs `work` in a transaction on `client`. */
export async function inTransaction<T>(
  client: pg.ClientBase,
  mode: 'read write' | 'repeatable read read only',
  work: () => Promise<T>,
): Promise<T> {
  await client.query(mode === 'read write' ? 'begin' : 'begin isolation level repeatable read read only')
  try {
    const result = await work()
    await client.query('commit')
    return result
  } catch (error) {
    await client.query('rollback').catch(() => {})
    throw error
  }
}
