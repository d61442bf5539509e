/** Export here, import there: every row of every table arrives, or none. */
import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { saveConnection } from '../../database/connections.ts'
import { migrations, schemaVersion } from '../../database/migrations/migrate.ts'
import type { Migration } from '../../database/migrations/migration.ts'
import { createSecrets, generateSecretKey } from '../../database/secrets/cipher.ts'
import { PARTITION_SIZE } from '../../database/store/event-partitions.ts'
import { createPostgresStore } from '../../database/store/postgres-store.ts'
import { exportDatabase } from '../../database/transfer/export-database.ts'
import { TABLES } from '../../database/transfer/export-format.ts'
import { importDatabase } from '../../database/transfer/import-database.ts'
import { saveVariable } from '../../database/variables.ts'
import {
  compensation,
  dag,
  deadLetter,
  event,
  execution,
  noWrites,
  run,
  ti,
  tryOf,
  version,
} from '../support/records.ts'
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts'

const secrets = createSecrets({ current: generateSecretKey() })
let folder: string
let source: TestDatabase
let file: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tradewind-transfer-'))
  file = join(folder, 'all.tradewind')
  source = await createTestDatabase()
  await fill(source)
  await exportDatabase(source.connection, file)
})
afterAll(() => rm(folder, { recursive: true, force: true }))

describe('db export and db import', () => {
  it('knows every table of the schema', async () => {
    const { rows } = await source.pool.query<{ name: string }>(
      `select relname as name from pg_class where relnamespace = current_schema()::regnamespace
         and relkind in ('r', 'p') and not relispartition and relname <> 'schema_migration'`,
    )
    expect(rows.map((row) => row.name).sort()).toEqual([...TABLES].sort())
  })

  it('moves every row of every table', async () => {
    const target = await createTestDatabase()
    const result = await importDatabase(target.connection, file)
    let rows = 0
    for (const table of TABLES) {
      const before = await contents(source.pool, table)
      // A test that compares empty tables proves nothing.
      expect(before.length, table).toBeGreaterThan(0)
      rows += before.length
      expect(await contents(target.pool, table), table).toEqual(before)
    }
    expect(result.rows).toBe(rows)
  })

  it('goes on where the other stopped: ids, epoch, identities', async () => {
    const target = await createTestDatabase()
    await importDatabase(target.connection, file)
    const store = await createPostgresStore(target.connection)
    const term = await store.acquireLease('host-b:1:1')
    expect(term?.epoch).toBeGreaterThan(1)
    const snapshot = await store.load(term!.epoch)
    expect(snapshot.nextIds.event).toBe(PARTITION_SIZE + 2)
    const next = { ...noWrites, events: [event(PARTITION_SIZE + 2)] }
    expect(await store.commit(term!.epoch, next)).toEqual({ status: 'committed' })
    await store.close()
    const command = await target.pool.query(
      "insert into command (request, actor, created_at) values ('{}', 'user:anna', now()) returning id",
    )
    expect(command.rows).toEqual([{ id: 3 }])
  })

  it('goes into a database without a schema', async () => {
    const target = await createTestDatabase('empty')
    await importDatabase(target.connection, file)
    expect(await schemaVersion(target.connection)).toBe(migrations.at(-1)?.version)
    expect(await contents(target.pool, 'xcom')).toEqual(await contents(source.pool, 'xcom'))
  })

  it('brings an export of an older schema up to date', async () => {
    const later: Migration = {
      version: migrations.length + 1,
      name: 'priority of runs',
      statements: () => ['alter table dag_run add column priority integer', 'update dag_run set priority = 7'],
    }
    const target = await createTestDatabase()
    await importDatabase(target.connection, file, () => {}, [...migrations, later])
    expect(await schemaVersion(target.connection)).toBe(later.version)
    const { rows } = await target.pool.query('select distinct priority from dag_run')
    expect(rows).toEqual([{ priority: 7 }])
  })

  it('refuses a database that is in use, and leaves it as it is', async () => {
    const target = await createTestDatabase()
    await target.pool.query("insert into import_error (file, problems, at) values ('a.ts', '[]', now())")
    await expect(importDatabase(target.connection, file)).rejects.toThrow(/not empty.*import_error/)
    expect(await contents(target.pool, 'import_error')).toHaveLength(1)
  })

  it('refuses a database on which a scheduler works', async () => {
    const target = await createTestDatabase()
    const store = await createPostgresStore(target.connection)
    await store.acquireLease('host-c:1:1')
    await expect(importDatabase(target.connection, file)).rejects.toThrow(/host-c:1:1/)
    await store.close()
  })

  it('refuses a file that is cut off, changed, newer or no export, and writes nothing', async () => {
    const target = await createTestDatabase()
    const packed = await readFile(file)
    const lines = gunzipSync(packed).toString('utf8')
    const damaged: Readonly<Record<string, Buffer>> = {
      'ends too early': packed.subarray(0, packed.length - 100),
      'was cut off': gzipSync(lines.split('\n').slice(0, -2).join('\n')),
      'checksum does not match': gzipSync(lines.replace('a note', 'A note')),
      'made by a newer Tradewind': gzipSync(lines.replace(/"schemaVersion":\d+/, '"schemaVersion":999')),
      'is no Tradewind export': Buffer.from('hello'),
    }
    for (const [message, content] of Object.entries(damaged)) {
      const path = join(folder, createHash('sha256').update(message).digest('hex'))
      await writeFile(path, content)
      await expect(importDatabase(target.connection, path), message).rejects.toThrow(message)
    }
    await expect(importDatabase(target.connection, join(folder, 'none'))).rejects.toThrow(/There is no file/)
    expect(await contents(target.pool, 'dag_run')).toEqual([])
  })

  it('keeps secrets encrypted and the file private', async () => {
    const text = gunzipSync(await readFile(file)).toString('utf8')
    expect(text).not.toContain('hunter2')
    expect((await stat(file)).mode & 0o077).toBe(0)
    expect((await exportDatabase(source.connection, join(folder, 'again'))).secrets).toBe(2)
  })
})

/** Something in every table, with the characters that break careless formats. */
async function fill({ pool, connection }: TestDatabase): Promise<void> {
  const store = await createPostgresStore(connection)
  const { epoch } = (await store.acquireLease('host-a:1:1'))!
  const awkward = 'tab\t, newline\n, return\r, \u2028, "quotes", \\backslash\\, {braces}, ü, 𝄞, a note'
  const result = await store.commit(epoch, {
    ...noWrites,
    dags: [dag('sales', { lastLogicalDate: 1_700_000_000_123 })],
    insertedVersions: [version(1, 'sales')],
    importErrors: [{ file: awkward, problems: [], at: 5 }],
    insertedRuns: [
      run(1, 'sales', {
        state: 'running',
        note: awkward,
        triggerKey: awkward,
        correlationId: awkward,
        conf: '{"x":"\\u0000"}',
      }),
    ],
    insertedTis: Array.from({ length: 1_200 }, (_, i) => ti(i + 1, 1, `task_${i}`)),
    insertedTries: [tryOf(1, 1, 1, { cause: { kind: 'error', message: awkward } })],
    insertedExecutions: [execution(1, 1, 1, epoch)],
    xcoms: [{ tiId: 1, tryNumber: 1, key: 'k', dagRunId: 1, json: JSON.stringify(awkward) }],
    tiNotes: [{ tiId: 1, note: awkward }],
    compensations: [compensation(1, 1, { error: awkward })],
    deadLetters: [deadLetter(1, 1, { message: awkward })],
    tiOverrides: [{ tiId: 1, dagRunId: 1, life: 2, inputs: JSON.stringify({ awkward }) }],
    draining: true,
    events: [event(1, { cause: awkward }), event(PARTITION_SIZE + 1)],
  })
  expect(result).toEqual({ status: 'committed' })
  await store.releaseLease(epoch)
  await store.close()
  await pool.query("insert into command (request, actor, created_at) values ('{}', 'a', now()), ('{}', 'b', now())")
  await pool.query("insert into bundle (hash, format, code) values ('h', 'cjs', '\\x00ff0a5c')")
  await pool.query("insert into heartbeat (component, holder, at) values ('dag-processor', 'host-a', now())")
  await pool.query(
    "insert into secret_access (at, ti_id, try_number, action, kind, name) values (now(), 1, 1, 'get', 'variable', 'v')",
  )
  await pool.query(
    `insert into app_user (name, password_hash, role, created_at, password_changed_at) values ('anna', 'x', 'admin', now(), now());
     insert into api_token (name, token_hash, role, owner, created_at) values ('ci', 'y', 'viewer', 'anna', now());
     insert into session (id_hash, user_name, created_at, expires_at, seen_at) values ('z', 'anna', now(), now(), now())`,
  )
  await saveVariable(pool, secrets, { key: 'v', value: 'hunter2', isSecret: true, description: null })
  await saveConnection(pool, secrets, {
    id: 'c',
    type: 'postgres',
    host: 'h',
    schema: null,
    login: 'l',
    password: 'hunter2',
    port: 1,
    extra: null,
  })
}

/** Rows as text in a fixed order; the lease without what an import clears. */
async function contents(pool: pg.Pool, table: string): Promise<string[]> {
  const what = table === 'lease' ? 'name, epoch, renewed_at' : '*'
  const { rows } = await pool.query<{ line: string }>(
    `select t::text as line from (select ${what} from "${table}") t order by 1`,
  )
  return rows.map((row) => row.line)
}
