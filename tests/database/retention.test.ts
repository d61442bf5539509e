/** Retention deletes what is old and finished, and nothing else. */
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type pg from 'pg'
import { describe, expect, it } from 'vitest'
import { cleanDatabase } from '../../database/retention/clean.ts'
import { PARTITION_SIZE } from '../../database/store/event-partitions.ts'
import { createPostgresStore } from '../../database/store/postgres-store.ts'
import { cleanLogs } from '../../executor/clean-logs.ts'
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
import { createTestDatabase } from '../support/test-database.ts'

const DAY = 24 * 60 * 60 * 1_000
const NOW = Date.now()
const OLD = NOW - 100 * DAY
const YOUNG = NOW - DAY
const keep = { runs: 90 * DAY, xcoms: 90 * DAY, deadLetters: 90 * DAY, bundles: 90 * DAY, events: 90 * DAY }

async function filled() {
  const database = await createTestDatabase()
  const store = await createPostgresStore(database.connection)
  const { epoch } = (await store.acquireLease('host-a:1:1'))!
  const old = { queuedAt: OLD, startDate: OLD, endDate: OLD, logicalDate: null } as const
  const committed = await store.commit(epoch, {
    ...noWrites,
    dags: [dag('sales', { versionId: 3 })],
    insertedVersions: [
      version(1, 'sales', { createdAt: OLD }),
      version(2, 'sales', { versionNumber: 2, createdAt: OLD }),
      version(3, 'sales', { versionNumber: 3, createdAt: OLD }),
    ],
    insertedRuns: [
      run(1, 'sales', { ...old, state: 'success' }),
      run(2, 'sales', { ...old, state: 'running', endDate: null, versionId: 2 }),
      run(3, 'sales', { ...old, state: 'failed', endDate: YOUNG, versionId: 2 }),
      run(4, 'sales', { ...old, state: 'failed' }),
      run(5, 'sales', { ...old, state: 'success' }),
    ],
    insertedTis: [1, 2, 3, 4, 5].map((id) => ti(id, id, 'a', { state: 'success' })),
    insertedTries: [1, 2, 3, 4, 5].map((id) => tryOf(id, 1, id)),
    // Its process has not ended yet.
    insertedExecutions: [execution(4, 1, 4, epoch)],
    xcoms: [1, 2, 3, 4, 5].map((id) => ({ tiId: id, tryNumber: 1, key: 'k', dagRunId: id, json: '1' })),
    tiNotes: [{ tiId: 1, note: 'x' }],
    compensations: [1, 2].map((id) => compensation(id, id)),
    deadLetters: [1, 2].map((id) => deadLetter(id, id, { at: OLD })),
    tiOverrides: [1, 2].map((id) => ({ tiId: id, dagRunId: id, life: 1, inputs: null })),
    events: [event(1, { at: OLD }), event(PARTITION_SIZE, { at: OLD }), event(2 * PARTITION_SIZE, { at: YOUNG })],
  })
  expect(committed).toEqual({ status: 'committed' })
  await database.pool.query(
    `insert into bundle (hash, format, code, created_at) values
       ('bundle-1', 'cjs', '', now() - interval '100 d'), ('bundle-3', 'cjs', '', now() - interval '100 d'),
       ('nobody', 'cjs', '', now() - interval '100 d'), ('young', 'cjs', '', now());
     insert into command (request, actor, created_at, answer, answered_at) values
       ('{}', 'a', now() - interval '100 d', '{}', now() - interval '100 d'), ('{}', 'a', now() - interval '100 d', null, null);
     insert into app_user (name, password_hash, role, created_at, password_changed_at) values ('anna', 'x', 'admin', now(), now());
     insert into session (id_hash, user_name, created_at, expires_at, seen_at) values
       ('a', 'anna', now(), now() - interval '1 d', now()), ('b', 'anna', now(), now() + interval '1 d', now());
     insert into api_token (name, token_hash, role, owner, created_at, expires_at) values
       ('sign-in', 'a', 'viewer', 'anna', now(), now() - interval '2 d'), ('ci', 'b', 'viewer', 'anna', now(), now() - interval '2 d')`,
  )
  return { ...database, store, epoch }
}

const ids = async (pool: pg.Pool, sql: string) => (await pool.query<{ id: unknown }>(sql)).rows.map((row) => row.id)

describe('the database', () => {
  it('loses what is old and finished, and nothing else', async () => {
    const { pool, store, epoch } = await filled()
    const dry = await cleanDatabase(pool, { limits: keep, now: NOW, dryRun: true })
    expect(await ids(pool, 'select id from dag_run order by id')).toEqual([1, 2, 3, 4, 5])
    const done = await cleanDatabase(pool, { limits: keep, now: NOW, dryRun: false })
    expect(await ids(pool, 'select id from dag_run order by id')).toEqual([2, 3, 4])
    expect(await ids(pool, 'select id from task_instance order by id')).toEqual([2, 3, 4])
    expect(await ids(pool, 'select ti_id as id from try order by ti_id')).toEqual([2, 3, 4])
    // The run that still has a process stays; its values, long over, do not.
    expect(await ids(pool, 'select ti_id as id from xcom order by ti_id')).toEqual([2, 3])
    expect(await ids(pool, 'select ti_id as id from task_note')).toEqual([])
    for (const table of ['compensation', 'dead_letter', 'ti_override'])
      expect(await ids(pool, `select ti_id as id from ${table}`), table).toEqual([2])
    expect(await ids(pool, 'select id from event order by id')).toEqual([2 * PARTITION_SIZE])
    expect(await ids(pool, 'select version_id as id from dag_version order by 1')).toEqual([1, 2, 3])
    expect(await ids(pool, 'select hash as id from bundle order by 1')).toEqual(['bundle-1', 'bundle-3', 'young'])
    expect(await ids(pool, 'select id_hash as id from session')).toEqual(['b'])
    expect(await ids(pool, 'select name as id from api_token')).toEqual(['ci'])
    expect(await ids(pool, 'select answer is null as id from command')).toEqual([true])
    const counts = (lines: typeof done) => Object.fromEntries(lines!.map((line) => [line.what, line.rows]))
    expect(counts(dry)).toMatchObject({ runs: 3, XComs: 3, events: 2, bundles: 1, sessions: 1 })
    expect(counts(done)).toMatchObject({ runs: 2, XComs: 1, events: 2, bundles: 1, sessions: 1 })
    for (const line of dry!) expect(line.tableBytes).toBeGreaterThan(0)
    // The highest run is gone; its number, which the history knows, is not given again, and the scheduler goes on.
    const snapshot = await store.load(epoch)
    expect(snapshot.nextIds).toMatchObject({ run: 6, ti: 6, event: 2 * PARTITION_SIZE + 1 })
    const next = { ...noWrites, events: [event(2 * PARTITION_SIZE + 1)] }
    expect(await store.commit(epoch, next)).toEqual({ status: 'committed' })
    await store.close()
  })

  it('does not wait for what the leader writes, so neither is broken off; that run stays for the next time', async () => {
    const { pool, store, epoch } = await filled()
    const lockWaits = async () => {
      const waiting = `select count(*) as n from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
      return (await pool.query<{ n: number }>(waiting)).rows[0]!.n
    }
    const blocker = await pool.connect()
    await blocker.query('begin')
    await blocker.query('select from task_instance where id = 2 for update')
    // A clear of the old run 1: its TI is written, then the statement waits for that of run 2; run 1 itself comes later.
    const committing = store.commit(epoch, {
      ...noWrites,
      updatedTis: [ti(1, 1, 'a'), ti(2, 2, 'a')],
      updatedRuns: [run(1, 'sales', { queuedAt: NOW, logicalDate: null })],
    })
    await expect.poll(lockWaits, { interval: 10 }).toBe(1)
    let isOver = false
    const cleaning = cleanDatabase(pool, { limits: keep, now: NOW, dryRun: false }).finally(() => {
      isOver = true
    })
    await expect.poll(async () => isOver || (await lockWaits()) === 2, { interval: 10 }).toBe(true)
    await blocker.query('rollback')
    blocker.release()
    expect(await Promise.allSettled([committing])).toEqual([{ status: 'fulfilled', value: { status: 'committed' } }])
    expect((await cleaning)!.find((line) => line.what === 'runs')).toMatchObject({ rows: 1 })
    expect(await ids(pool, 'select id from dag_run order by id')).toEqual([1, 2, 3, 4])
    expect(await ids(pool, 'select id from task_instance order by id')).toEqual([1, 2, 3, 4])
    await store.close()
  })

  it('dead letters go when they were settled long ago; open ones stay with their run', async () => {
    const { pool, store, epoch } = await filled()
    const letter = (tiId: number, tryNumber: number) => deadLetter(tiId, 3, { tryNumber, at: OLD })
    const outcome = (tiId: number, tryNumber: number, at: number) =>
      ({ tiId, tryNumber, status: 'discarded', reason: 'known', actor: 'user:anna', at }) as const
    const many = Array.from({ length: 5_001 }, (_, i) => letter(3, i + 10))
    await store.commit(epoch, { ...noWrites, deadLetters: [letter(3, 1), letter(3, 2), letter(3, 3), ...many] })
    const deadLetterOutcomes = [
      outcome(3, 2, OLD),
      outcome(3, 3, YOUNG),
      ...many.map(({ tiId, tryNumber }) => outcome(tiId, tryNumber, OLD)),
    ]
    await store.commit(epoch, { ...noWrites, deadLetterOutcomes })
    const clean = async (dryRun: boolean) => {
      const lines = await cleanDatabase(pool, { limits: keep, now: NOW, dryRun })
      return lines!.find((line) => line.what === 'settled dead letters')!.rows
    }
    expect([await clean(true), await clean(false), await clean(false)]).toEqual([5_002, 5_002, 0])
    expect(await ids(pool, 'select try_number as id from dead_letter where ti_id = 3 order by 1')).toEqual([1, 3])
    await store.close()
  })

  it('events of a small history go too, from the oldest on, and the newest stays', async () => {
    const { pool, connection } = await createTestDatabase()
    const store = await createPostgresStore(connection)
    const { epoch } = (await store.acquireLease('host-a:1:1'))!
    const events = Array.from({ length: 12_000 }, (_, i) => event(i + 1, { at: i < 11_000 ? OLD : YOUNG }))
    expect(await store.commit(epoch, { ...noWrites, events })).toEqual({ status: 'committed' })
    const clean = async (now: number, dryRun: boolean) => {
      const lines = await cleanDatabase(pool, { limits: keep, now, dryRun })
      return lines!.find((line) => line.what === 'events')!.rows
    }
    expect([await clean(NOW, true), await clean(NOW, false)]).toEqual([11_000, 11_000])
    expect(await ids(pool, 'select min(id) as id from event')).toEqual([11_001])
    expect(await clean(NOW, false)).toBe(0)
    const muchLater = NOW + 1_000 * DAY
    expect([await clean(muchLater, true), await clean(muchLater, false)]).toEqual([999, 999])
    expect(await ids(pool, 'select id from event')).toEqual([12_000])
    expect((await store.load(epoch)).nextIds.event).toBe(12_001)
    await store.close()
  })

  it('one cleaning at a time', async () => {
    const { pool, store } = await filled()
    const client = await pool.connect()
    await client.query('select pg_advisory_lock($1)', [0x636c65616e])
    expect(await cleanDatabase(pool, { limits: keep, now: NOW, dryRun: false })).toBeNull()
    client.release(true)
    await store.close()
  })
})

it('logs go by their last line, empty folders with them', async () => {
  const root = await mkdtemp(join(tmpdir(), 'tradewind-logs-'))
  const write = async (path: string, at: number) => {
    await mkdir(join(root, path, '..'), { recursive: true })
    await writeFile(join(root, path), 'line\n')
    await utimes(join(root, path), at / 1_000, at / 1_000)
  }
  await write('dag=a/run=1/task=t/try=1.jsonl', OLD)
  await write('dag=a/run=2/task=t/try=1.jsonl', OLD)
  await write('dag=a/run=2/task=t/try=2.jsonl', YOUNG)
  await write('dag=a/run=2/task=t/notes.txt', OLD)
  for (const path of ['dag=a/run=1/task=t', 'dag=a/run=1', 'dag=a'])
    await utimes(join(root, path), OLD / 1_000, OLD / 1_000)
  const options = { now: NOW, dryRun: true }
  expect(await cleanLogs(root, NOW - 90 * DAY, options)).toEqual({ files: 2, bytes: 10, totalBytes: 15 })
  expect(await cleanLogs(root, NOW - 90 * DAY, { ...options, dryRun: false })).toMatchObject({ files: 2 })
  const left = await readdir(root, { recursive: true })
  expect(left.sort()).toEqual([
    'dag=a',
    'dag=a/run=2',
    'dag=a/run=2/task=t',
    'dag=a/run=2/task=t/notes.txt',
    'dag=a/run=2/task=t/try=2.jsonl',
  ])
  await rm(root, { recursive: true })
})
