/**
 * Brings a database to the program's schema. Invariants: forward only; all missing migrations in one transaction under
 * an advisory lock, so any number of programs may start at once; a program older than the schema refuses to go on.
 */
import type pg from 'pg'
import { inTransaction, withClient } from '../connect.ts'
import { sqlBuilder } from '../sql-builder.ts'
import { firstSchema } from './0001-first-schema.ts'
import { operateIt } from './0002-operate-it.ts'
import { sagas } from './0003-sagas.ts'
import { eventData } from './0004-event-data.ts'
import type { Migration } from './migration.ts'

/** All of them, in order. */
export const migrations: readonly Migration[] = [firstSchema, operateIt, sagas, eventData]

const OLDEST_SERVER = 14
/** Any fixed number; "trade" in ASCII. */
const LOCK = 0x7472616465

export interface MigrationResult {
  readonly from: number
  readonly to: number
}

/** Runs what is missing and returns the versions before and after. Safe to call at every start, by many at once. */
export async function migrate(
  connection: pg.ClientConfig,
  all: readonly Migration[] = migrations,
): Promise<MigrationResult> {
  return withClient(connection, 'tradewind migrate', async (client) => {
    await checkServer(client)
    return inTransaction(client, 'read write', async () => {
      await lockSchema(client)
      return migrateTo(client, latest(all), all)
    })
  })
}

/** Version of the schema in that database; 0 when there is none. */
export async function schemaVersion(connection: pg.ClientConfig): Promise<number> {
  return withClient(connection, 'tradewind check', versionOf)
}

/** Throws, with the remedy, unless the database has exactly the program's schema. */
export async function checkSchema(connection: pg.ClientConfig, all: readonly Migration[] = migrations): Promise<void> {
  await withClient(connection, 'tradewind check', async (client) => {
    await checkServer(client)
    const version = await versionOf(client)
    if (version > latest(all)) throw newerSchema(version, latest(all))
    if (version < latest(all)) {
      throw new Error(
        `The database has schema version ${version}, this program needs ${latest(all)}. Run \`tradewind db migrate\`.`,
      )
    }
  })
}

/** Held to the end of the transaction; a second migration waits for it. */
export async function lockSchema(client: pg.ClientBase): Promise<void> {
  await client.query('select pg_advisory_xact_lock($1)', [LOCK])
}

/** Inside the caller's transaction and lock. */
export async function migrateTo(
  client: pg.ClientBase,
  target: number,
  all: readonly Migration[],
): Promise<MigrationResult> {
  const from = await versionOf(client)
  if (from > latest(all)) throw newerSchema(from, latest(all))
  await client.query(
    'create table if not exists schema_migration ' +
      '(version integer primary key, name text not null, applied_at timestamptz not null default now())',
  )
  for (const migration of all) {
    if (migration.version <= from || migration.version > target) continue
    for (const statement of migration.statements(sqlBuilder)) await client.query(statement)
    await client.query('insert into schema_migration (version, name) values ($1, $2)', [
      migration.version,
      migration.name,
    ])
  }
  return { from, to: Math.max(from, target) }
}

export async function versionOf(client: pg.ClientBase): Promise<number> {
  const known = await client.query<{ known: boolean }>("select to_regclass('schema_migration') is not null as known")
  if (!known.rows[0]?.known) return 0
  const result = await client.query<{ version: number | null }>('select max(version) as version from schema_migration')
  return result.rows[0]?.version ?? 0
}

export function latest(all: readonly Migration[]): number {
  return all.at(-1)?.version ?? 0
}

async function checkServer(client: pg.ClientBase): Promise<void> {
  const result = await client.query<{ number: string }>("select current_setting('server_version_num') as number")
  const major = Math.floor(Number(result.rows[0]?.number) / 10_000)
  if (major < OLDEST_SERVER) {
    throw new Error(`The database server is PostgreSQL ${major}; Tradewind needs ${OLDEST_SERVER} or newer.`)
  }
}

function newerSchema(version: number, ours: number): Error {
  return new Error(
    `The database has schema version ${version}, newer than this program's ${ours}: it was migrated by a newer ` +
      'Tradewind. Start that version, or restore an export from before the upgrade.',
  )
}
