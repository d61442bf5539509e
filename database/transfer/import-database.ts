/**
 * Reads an export into an empty database, on any supported server. Invariants: all or nothing, in one transaction; the
 * checksum is verified before it commits; an export of an older schema goes into that schema, which is then migrated.
 */
import { createHash, type Hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { StringDecoder } from 'node:string_decoder'
import { createGunzip } from 'node:zlib'
import type pg from 'pg'
import { inTransaction, withClient } from '../connect.ts'
import { latest, lockSchema, migrateTo, migrations, versionOf } from '../migrations/migrate.ts'
import type { Migration } from '../migrations/migration.ts'
import { attachPartitions } from '../store/event-partitions.ts'
import {
  EXPORT_FORMAT,
  type ExportHeader,
  type ExportTable,
  type ExportTrailer,
  quoteName,
  SEEDED_TABLES,
  TABLES,
} from './export-format.ts'

const BATCH_ROWS = 500
const BATCH_CHARACTERS = 4_000_000

export interface ImportResult {
  readonly rows: number
  /** Schema version of the file; the database has the program's afterwards. */
  readonly fromSchema: number
}

export async function importDatabase(
  connection: pg.ClientConfig,
  file: string,
  onProgress: (rows: number) => void = () => {},
  all: readonly Migration[] = migrations,
): Promise<ImportResult> {
  return withClient(connection, 'tradewind import', (client) =>
    inTransaction(client, 'read write', async () => {
      await client.query("set local timezone = 'UTC'; set local statement_timeout = 0")
      await lockSchema(client)
      const importing = new Importing(client, file, onProgress, all)
      try {
        for await (const line of linesOf(file)) await importing.take(line)
      } catch (error) {
        throw readable(error, file)
      }
      return importing.finish()
    }),
  )
}

class Importing {
  readonly #client: pg.ClientBase
  readonly #file: string
  readonly #onProgress: (rows: number) => void
  readonly #all: readonly Migration[]
  readonly #hash: Hash = createHash('sha256')
  #header: ExportHeader | null = null
  #table: ExportTable | null = null
  #trailer: ExportTrailer | null = null
  #batch: string[] = []
  #batchCharacters = 0
  #rows = 0

  constructor(client: pg.ClientBase, file: string, onProgress: (rows: number) => void, all: readonly Migration[]) {
    this.#client = client
    this.#file = file
    this.#onProgress = onProgress
    this.#all = all
  }

  async take(line: string): Promise<void> {
    if (this.#trailer !== null) throw new Error(`${this.#file} goes on after its end; it was damaged.`)
    if (line.startsWith('#')) return this.#takeOwnLine(line)
    this.#hash.update(`${line}\n`)
    if (this.#table === null) throw new Error(`${this.#file} has a row outside of a table; it was damaged.`)
    this.#batch.push(line)
    this.#batchCharacters += line.length
    if (this.#batch.length >= BATCH_ROWS || this.#batchCharacters >= BATCH_CHARACTERS) await this.#flush()
  }

  async finish(): Promise<ImportResult> {
    if (this.#header === null || this.#trailer === null) {
      throw new Error(`${this.#file} ends too early: it was cut off. Export again, or copy it again.`)
    }
    if (this.#trailer.sha256 !== this.#hash.digest('hex') || this.#trailer.rows !== this.#rows) {
      throw new Error(`${this.#file} was changed or damaged: its checksum does not match. Copy or export it again.`)
    }
    await restartIdentities(this.#client)
    // The old leader's connection is on another server.
    await this.#client.query(
      'update lease set holder = null, token = null, backend_pid = null, backend_start = null, expires_at = now()',
    )
    await migrateTo(this.#client, latest(this.#all), this.#all)
    return { rows: this.#rows, fromSchema: this.#header.schemaVersion }
  }

  async #takeOwnLine(line: string): Promise<void> {
    await this.#flush()
    const own = JSON.parse(line.slice(1)) as ExportHeader | ExportTable | ExportTrailer
    if ('end' in own) {
      this.#trailer = own
      return
    }
    this.#hash.update(`${line}\n`)
    if ('tradewind' in own) {
      this.#header = own
      await this.#prepare(own)
      return
    }
    if (this.#header === null) throw new Error(`${this.#file} is no Tradewind export: it has no header.`)
    if (!TABLES.includes(own.table)) {
      throw new Error(`${this.#file} has a table "${own.table}" that this program does not know; it was damaged.`)
    }
    this.#table = own
    if (own.firstId !== undefined) await attachPartitions(this.#client, own.firstId, own.lastId ?? own.firstId)
  }

  async #prepare(header: ExportHeader): Promise<void> {
    const newest = latest(this.#all)
    if (header.format !== EXPORT_FORMAT || header.schemaVersion > newest) {
      throw new Error(
        `${this.#file} was made by a newer Tradewind (format ${header.format}, schema ${header.schemaVersion}; this ` +
          `program knows ${EXPORT_FORMAT} and ${newest}). Import it with that version or a newer one.`,
      )
    }
    const version = await versionOf(this.#client)
    if (version > newest) await migrateTo(this.#client, newest, this.#all)
    if (version > 0) await this.#checkEmpty()
    if (version > 0 && version !== header.schemaVersion) await this.#dropSchema()
    await migrateTo(this.#client, header.schemaVersion, this.#all)
    const present = await presentTables(this.#client)
    await this.#client.query(`truncate ${present.map(quoteName).join(', ')}`)
  }

  async #checkEmpty(): Promise<void> {
    for (const table of await presentTables(this.#client)) {
      if (SEEDED_TABLES.has(table)) continue
      const found = await this.#client.query(`select from ${quoteName(table)} limit 1`)
      if (!found.rowCount) continue
      throw new Error(
        `The database is not empty (there are rows in "${table}"). Import into an empty one: another DATABASE_URL, or ` +
          'another data folder.',
      )
    }
    const lease = await this.#client.query<{ holder: string | null }>(
      'select holder from lease where expires_at > clock_timestamp() for update',
    )
    if (lease.rowCount) {
      throw new Error(`A scheduler (${lease.rows[0]?.holder}) works on the database. Stop it, then import.`)
    }
  }

  async #dropSchema(): Promise<void> {
    const tables = [...(await presentTables(this.#client)), 'schema_migration']
    await this.#client.query(`drop table ${tables.map(quoteName).join(', ')} cascade`)
  }

  async #flush(): Promise<void> {
    if (this.#batch.length === 0 || this.#table === null) return
    const table = quoteName(this.#table.table)
    const columns = this.#table.columns.map(quoteName).join(', ')
    await this.#client.query(
      `insert into ${table} (${columns}) overriding system value
       select ${columns} from json_populate_recordset(null::${table}, $1::json)`,
      [`[${this.#batch.join(',')}]`],
    )
    this.#rows += this.#batch.length
    this.#batch = []
    this.#batchCharacters = 0
    this.#onProgress(this.#rows)
  }
}

async function presentTables(client: pg.ClientBase): Promise<string[]> {
  const result = await client.query<{ name: string }>(
    'select name from unnest($1::text[]) as name where to_regclass(quote_ident(name)) is not null',
    [TABLES],
  )
  return result.rows.map((row) => row.name)
}

async function restartIdentities(client: pg.ClientBase): Promise<void> {
  const identities = await client.query<{ table: string; column: string; sequence: string }>(
    `select c.relname as table, a.attname as column, pg_get_serial_sequence(quote_ident(c.relname), a.attname) as sequence
     from pg_attribute a join pg_class c on c.oid = a.attrelid
     where a.attidentity <> '' and c.relname = any ($1) and pg_table_is_visible(c.oid)`,
    [TABLES],
  )
  for (const { table, column, sequence } of identities.rows) {
    await client.query(
      `select setval($1, coalesce(max(${quoteName(column)}), 1), max(${quoteName(column)}) is not null)
       from ${quoteName(table)}`,
      [sequence],
    )
  }
}

async function* linesOf(file: string): AsyncGenerator<string> {
  const source = createReadStream(file)
  const unpacked = createGunzip()
  source.on('error', (error) => unpacked.destroy(error))
  source.pipe(unpacked)
  const decoder = new StringDecoder('utf8')
  let rest = ''
  try {
    // By \n alone: `readline` also breaks at U+2028, which may stand inside a row.
    for await (const chunk of unpacked) {
      const lines = (rest + decoder.write(chunk as Buffer)).split('\n')
      rest = lines.pop() ?? ''
      yield* lines
    }
    rest += decoder.end()
    if (rest !== '') yield rest
  } finally {
    source.destroy()
    unpacked.destroy()
  }
}

function readable(error: unknown, file: string): Error {
  const { code, message } = error as { code?: string; message: string }
  if (code === 'ENOENT') return new Error(`There is no file ${file}.`)
  if (code === 'Z_DATA_ERROR') return new Error(`${file} is no Tradewind export, or it was damaged: ${message}.`)
  if (code === 'Z_BUF_ERROR') return new Error(`${file} ends too early: it was cut off. Export or copy it again.`)
  return error instanceof Error ? error : new Error(String(error))
}
