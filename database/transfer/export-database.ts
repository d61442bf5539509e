/**
 * Writes all tables into one file, as of one instant, while the program runs. Invariants: bounded memory whatever the
 * size; the file appears under its name only when it is complete.
 *
 * Secrets stay encrypted in it: whoever imports it needs the key as well.
 */
import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import type pg from 'pg'
import { inTransaction, withClient } from '../connect.ts'
import { versionOf } from '../migrations/migrate.ts'
import {
  EXPORT_FORMAT,
  type ExportHeader,
  type ExportTable,
  type ExportTrailer,
  quoteName,
  TABLES,
} from './export-format.ts'

/** Rows in one fetch; a bundle may have a megabyte. */
const FETCH_ROWS = 500
const FETCH_BUNDLES = 8

export interface ExportResult {
  readonly rows: number
  /** Encrypted values in the file: without the key they are lost. */
  readonly secrets: number
  readonly schemaVersion: number
}

export async function exportDatabase(
  connection: pg.ClientConfig,
  file: string,
  onProgress: (rows: number) => void = () => {},
): Promise<ExportResult> {
  const partial = `${file}.partial`
  try {
    const result = await withClient(connection, 'tradewind export', (client) =>
      inTransaction(client, 'repeatable read read only', async () => {
        await client.query(
          "set local timezone = 'UTC'; set local bytea_output = 'hex'; set local statement_timeout = 0",
        )
        const schemaVersion = await versionOf(client)
        if (schemaVersion === 0) throw new Error('There is nothing to export: the database has no Tradewind schema.')
        const counter = { rows: 0 }
        const lines = exportLines(client, schemaVersion, counter, onProgress)
        await pipeline(lines, createGzip({ level: 6 }), createWriteStream(partial, { mode: 0o600 }))
        const secrets = await client.query<{ count: number }>(
          `select (select count(*) from variable where is_secret) + (select count(password) from connection) +
             (select count(extra) from connection) as count`,
        )
        return { rows: counter.rows, secrets: secrets.rows[0]?.count ?? 0, schemaVersion }
      }),
    )
    const handle = await open(partial, 'r')
    await handle.sync()
    await handle.close()
    await rename(partial, file)
    return result
  } catch (error) {
    await rm(partial, { force: true })
    throw error
  }
}

async function* exportLines(
  client: pg.ClientBase,
  schemaVersion: number,
  counter: { rows: number },
  onProgress: (rows: number) => void,
): AsyncGenerator<string> {
  const hash = createHash('sha256')
  const hashed = (chunk: string) => {
    hash.update(chunk)
    return chunk
  }
  const server = await client.query<{ version: string }>("select current_setting('server_version') as version")
  const header: ExportHeader = {
    tradewind: 'export',
    format: EXPORT_FORMAT,
    schemaVersion,
    createdAt: new Date().toISOString(),
    serverVersion: server.rows[0]?.version ?? '',
  }
  yield hashed(`#${JSON.stringify(header)}\n`)
  for (const table of TABLES) {
    yield hashed(`#${JSON.stringify(await describeTable(client, table))}\n`)
    const size = table === 'bundle' ? FETCH_BUNDLES : FETCH_ROWS
    await client.query(
      `declare export_rows no scroll cursor for select to_json(t)::text as line from ${quoteName(table)} t`,
    )
    for (;;) {
      const { rows } = await client.query<{ line: string }>(`fetch ${size} from export_rows`)
      if (rows.length === 0) break
      counter.rows += rows.length
      yield hashed(`${rows.map((row) => row.line).join('\n')}\n`)
      onProgress(counter.rows)
    }
    await client.query('close export_rows')
  }
  const trailer: ExportTrailer = { end: true, rows: counter.rows, sha256: hash.digest('hex') }
  yield `#${JSON.stringify(trailer)}\n`
}

async function describeTable(client: pg.ClientBase, table: string): Promise<ExportTable> {
  const columns = await client.query<{ name: string }>(
    `select attname as name from pg_attribute
     where attrelid = $1::regclass and attnum > 0 and not attisdropped order by attnum`,
    [quoteName(table)],
  )
  const described = { table, columns: columns.rows.map((row) => row.name) }
  if (table !== 'event') return described
  const ids = await client.query<{ first: number | null; last: number | null }>(
    'select min(id) as first, max(id) as last from event',
  )
  const { first, last } = ids.rows[0] ?? { first: null, last: null }
  return first === null || last === null ? described : { ...described, firstId: first, lastId: last }
}
