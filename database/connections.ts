/**
 * Connections: where the systems are that tasks talk to, password and extra encrypted. Invariant: these two leave only
 * through `readConnection`, never in a list. Index: primary key.
 */
import type pg from 'pg'
import { movedExtraKeys, movedFields } from '../core/connection-place.ts'
import type { ConnectionRecord } from '../core/ports/worker-api.ts'
import type { StoredConnection } from '../core/records.ts'
import type { Secrets } from './secrets/cipher.ts'

export interface ConnectionListItem extends Omit<ConnectionRecord, 'password' | 'extra'> {
  readonly description: string | null
  readonly hasPassword: boolean
  readonly hasExtra: boolean
  readonly updatedAt: number
}

export const connectionPlace = (id: string, column: 'password' | 'extra') => `connection:${id}:${column}`

export interface ConnectionInput extends Omit<StoredConnection, 'password' | 'extra' | 'description'> {
  readonly description?: string | null
  /** Plain. Left out: as it was. */
  readonly password?: string | null
  /** JSON text, plain. Left out: as it was. */
  readonly extra?: string | null
}

/** As it goes into the inbox and into the table. */
export function storedConnection(secrets: Secrets, input: ConnectionInput): StoredConnection {
  const { password, extra, description = null, ...plain } = input
  const seal = (text: string | null, column: 'password' | 'extra') =>
    text === null ? null : secrets.encrypt(text, connectionPlace(input.id, column))
  return {
    ...plain,
    description,
    ...(password === undefined ? {} : { password: seal(password, 'password') }),
    ...(extra === undefined ? {} : { extra: seal(extra, 'extra') }),
  }
}

/**
 * Why a change must be refused that would keep a secret and move its connection (`core/connection-place.ts`); `null`: it
 * may be made. An extra that cannot be read any more (its key is lost) may have named any place.
 */
export async function refusalOfMove(pool: pg.Pool, secrets: Secrets, input: ConnectionInput): Promise<string | null> {
  const result = await pool.query<Omit<StoredConnection, 'description'>>(
    'select id, type, host, schema, login, port, password, extra from connection where id = $1',
    [input.id],
  )
  const before = result.rows[0]
  if (before === undefined) return null
  const keeps = (name: 'password' | 'extra') => input[name] === undefined && before[name] != null
  const kept = (['password', 'extra'] as const).filter(keeps)
  const moved = kept.length === 0 ? [] : movedFields(before, input)
  if (keeps('password') && input.extra !== undefined) moved.push(...movedInExtra(secrets, before, input.extra))
  if (moved.length === 0) return null
  const names = kept.join(' and ')
  return (
    `connection "${input.id}" would lead elsewhere (${moved.join(', ')}) with the ${names} kept for where it leads now; ` +
    `send the ${names} again, or null to take ${kept.length > 1 ? 'them' : 'it'} away`
  )
}

function movedInExtra(
  secrets: Secrets,
  { id, extra: before = null }: Omit<StoredConnection, 'description'>,
  after: string | null,
): string[] {
  try {
    const plain = before === null ? null : secrets.decrypt(before, connectionPlace(id, 'extra'))
    return movedExtraKeys(plain, after).map((key) => `extra.${key}`)
  } catch {
    return ['extra']
  }
}

/** Inserts or replaces. */
export async function saveConnection(pool: pg.Pool, secrets: Secrets, input: ConnectionInput): Promise<void> {
  const { id, password, extra } = storedConnection(secrets, input)
  await pool.query(
    `insert into connection (id, type, description, host, schema, login, password, port, extra, updated_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, now())
     on conflict (id) do update set type = excluded.type, description = excluded.description, host = excluded.host,
       schema = excluded.schema, login = excluded.login, port = excluded.port, updated_at = excluded.updated_at,
       password = case when $10 then connection.password else excluded.password end,
       extra = case when $11 then connection.extra else excluded.extra end`,
    [
      id,
      input.type,
      input.description,
      input.host,
      input.schema,
      input.login,
      password ?? null,
      input.port,
      extra ?? null,
      password === undefined,
      extra === undefined,
    ],
  )
}

/** Decrypted; `null` without one. */
export async function readConnection(pool: pg.Pool, secrets: Secrets, id: string): Promise<ConnectionRecord | null> {
  const result = await pool.query<ConnectionRecord>(
    'select id, type, host, schema, login, password, port, extra from connection where id = $1',
    [id],
  )
  const row = result.rows[0]
  if (!row) return null
  const open = (text: string | null, column: 'password' | 'extra') =>
    text === null ? null : secrets.decrypt(text, connectionPlace(id, column))
  return { ...row, password: open(row.password, 'password'), extra: open(row.extra, 'extra') }
}

export async function listConnections(pool: pg.Pool): Promise<readonly ConnectionListItem[]> {
  const result = await pool.query<ConnectionListItem>(
    `select id, type, description, host, schema, login, port, password is not null as "hasPassword",
       extra is not null as "hasExtra", updated_at as "updatedAt" from connection order by id`,
  )
  return result.rows
}

/** Whether there was one. */
export async function deleteConnection(pool: pg.Pool, id: string): Promise<boolean> {
  const result = await pool.query('delete from connection where id = $1', [id])
  return result.rowCount === 1
}
