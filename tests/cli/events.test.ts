/**
 * The event log of a program that runs: filters, counts, exports and following, here and from elsewhere; and the state
 * tables rebuilt from a snapshot in the middle and the events after it. Real database, real children.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { platformDefaults } from '../../core/config/platform-defaults-from-config.ts'
import { readConfig } from '../../core/config/read-config.ts'
import { compareTables } from '../../core/event-log/compare-tables.ts'
import { replay, type Tables } from '../../core/event-log/replay.ts'
import type { EventRecord } from '../../core/records.ts'
import { openPool } from '../../database/connect.ts'
import { runningServer } from '../../database/embedded/server.ts'
import { readStateTables, readWholeEvents } from '../../database/queries/state-tables.ts'
import { readVersions } from '../../database/verify-events.ts'
import { ProgramInFolder } from './program-in-folder.ts'

const DAGS = `import { Dag, getClient, getContext } from 'tradewind'

const orders = new Dag('orders', { params: { order: '0' }, correlationId: 'order-{params.order}' })
const reserve = orders.task('reserve', () => 'goods', { compensate: () => {} })
const charge = orders.task('charge', () => 'money', {
  compensate: { run: () => { if (getContext().tryNumber < 3) throw new Error('the bank sleeps') }, retries: 2, retryDelay: '1 s' },
})
const ship = orders.task('ship', async () => {
  if ((await getClient().getVariable('broken')) === 'yes') throw new Error('no lorry')
}, { retries: 1, retryDelay: '1 s' })
ship().after(charge().after(reserve()))

const loads = new Dag('loads')
const flaky = loads.task('flaky', () => { if (getContext().tryNumber < 2) throw new Error('once') ; return 1 }, { retries: 2, retryDelay: '1 s' })
const choose = loads.task('choose', ({ n }: { n: number }) => n > 0)
const yes = loads.task('yes', () => 'yes')
const no = loads.task('no', () => 'no')
loads.if(choose({ n: flaky() })).then(yes()).else(no())

new Dag('endless').task('wait', () => new Promise(() => {}), { timeout: '10 min', retries: 0 })()
`

const program = new ProgramInFolder()
const { config } = readConfig({ env: {}, flags: {}, machine: { cores: 2 } })
const defaults = platformDefaults(config)
let remote: Readonly<Record<string, string>>
let pool: pg.Pool
let snapshot: { tables: Tables; lastEventId: number }

beforeAll(async () => {
  writeFileSync(join(program.folder, 'dags', 'dags.ts'), DAGS)
  program.start()
  const url = await program.line(/^http:\/\/127\.0\.0\.1:\d+$/)
  await program.line(/Dag endless is live/)
  const { token } = await program.json<{ token: string }>(['tokens', 'create', 'tests', '--role', 'admin'])
  remote = { TRADEWIND_URL: url, TRADEWIND_TOKEN: token }
  const server = await runningServer(join(program.folder, '.tradewind', 'postgres'))
  if (server === null) throw new Error('no server is running')
  pool = openPool(server, { name: 'tradewind test', max: 2 })
  await ok('variables', 'set', 'broken', 'yes')
})
afterAll(async () => {
  await pool?.end()
  await program.end()
})

async function ok(...args: string[]): Promise<void> {
  const { code, stderr } = await program.cli(args)
  expect(code, `${args.join(' ')}: ${stderr}`).toBe(0)
}

async function ended(dagId: string, runId: string, state: string): Promise<void> {
  const show = () => program.json<{ state: string }>(['runs', 'show', dagId, runId])
  await expect.poll(show, { timeout: 60_000, interval: 200 }).toMatchObject({ state })
}

/** Retries, a saga that is undone, a clear, a mark, cancels, notes, pools, a deleted run, a Dag paused, a file that broke. */
async function makeHistory(): Promise<void> {
  await ok('dags', 'trigger', 'orders', '--run-id', 'undone', '--conf', '{"order":"12345"}')
  await ok('dags', 'trigger', 'loads', '--run-id', 'second')
  await ok('dags', 'trigger', 'endless', '--run-id', 'cancelled')
  await ended('loads', 'second', 'success')
  await ended('orders', 'undone', 'failed')
  await ok('variables', 'set', 'broken', 'no')
  await ok('tasks', 'clear', 'loads', 'choose', '--run', 'second', '--downstream', '--yes')
  await ok('runs', 'cancel', 'endless', 'cancelled')
  await ended('endless', 'cancelled', 'failed')
  await ended('loads', 'second', 'success')
  await ok('tasks', 'mark', 'loads', 'no', '--run', 'second', '--as', 'failed', '--yes')
  await ok('runs', 'note', 'loads', 'second', 'looked at')
  await ok('pools', 'set', 'small', '2')
  await ok('dags', 'pause', 'loads')
  await ok('dags', 'trigger', 'loads', '--run-id', 'waits')
  await ok('runs', 'delete', 'loads', 'first', '--yes')
  writeFileSync(join(program.folder, 'dags', 'broken.ts'), 'export const = 1')
  await expect.poll(() => counted(['--kind', 'import_error']), { timeout: 30_000 }).toBe(1)
}

async function counted(args: readonly string[], env = {}): Promise<number> {
  return (await program.json<{ total: number }>(['events', 'count', ...args], { env })).total
}

test('a snapshot is taken, and much happens after it', { timeout: 120_000 }, async () => {
  await ok('dags', 'trigger', 'loads', '--run-id', 'first')
  await ended('loads', 'first', 'success')
  snapshot = await readStateTables(pool, defaults)
  await makeHistory()
})

test('the state tables are rebuilt from the snapshot and the events after it, row by row', async () => {
  const now = await readStateTables(pool, defaults)
  const events: EventRecord[] = []
  for await (const event of readWholeEvents(pool, snapshot.lastEventId, now.lastEventId)) events.push(event)
  expect(events.length).toBeGreaterThan(50)
  const before = compareTables(snapshot.tables, now.tables)
  expect(before.length).toBeGreaterThan(20)
  replay(snapshot.tables, events, await readVersions(pool, null, defaults))
  expect(compareTables(snapshot.tables, now.tables)).toEqual([])
})

test('db verify-events compares runs from their first event on', async () => {
  const found = await program.json<{ equal: number; untold: number; different: unknown[] }>(['db', 'verify-events'])
  expect(found).toEqual({ equal: 4, untold: 0, different: [] })
  await pool.query("update task_instance set state = 'success' where state = 'failed'")
  const { code, stdout } = await program.cli(['db', 'verify-events', '--dag', 'orders'])
  await pool.query("update task_instance set state = 'failed' where state = 'success' and task_id = 'ship'")
  expect([code, stdout]).toEqual([
    1,
    expect.stringMatching(/^0 runs are what their events say.\norders undone: tis \d+: .*ship/),
  ])
})

describe.each(['here', 'from elsewhere'])('%s', (place) => {
  const env = () => (place === 'here' ? {} : remote)
  const lines = async (...args: string[]) => {
    const { code, stdout, stderr } = await program.cli(['events', ...args, '--json'], { env: env() })
    expect(code, stderr).toBe(0)
    const found = stdout
      .trim()
      .split('\n')
      .filter((line) => line !== '')
    return found.map((line) => JSON.parse(line) as { id: number; kind: string; task_id: string | null; actor: string })
  }

  test('what happened to an order', async () => {
    const events = await lines('--correlation', 'order-12345', '-n', '500')
    const told = events.map((event) => [event.kind, event.task_id].filter((one) => one !== null).join(' '))
    const order = ['run.queued', 'run.running', 'ti.success charge', 'ti.failed ship', 'run.compensating']
    const undone = ['ti.compensated charge', 'ti.compensated reserve', 'run.failed']
    expect(told.filter((one) => [...order, ...undone].includes(one))).toEqual([...order, ...undone])
    expect(events.map((event) => event.id)).toEqual(events.map((event) => event.id).sort((a, b) => a - b))
  })

  test.each([
    [['--task', 'ship', '--state', 'failed', '--since', 'today'], 1],
    [['--task', 'flaky', '--kind', 'ti.up_for_retry'], 1],
    [['--dag', 'endless', '--state', 'failed'], 2],
    [['--kind', 'run.deleted'], 1],
    [['--kind', 'run.deleted', '--actor', 'scheduler'], 0],
    [['--correlation', 'order-12345', '--kind', 'run.queued'], 1],
    [['--until', '2001-01-01'], 0],
  ])('count %j', async (args, expected) => {
    expect(await counted(args, env())).toBe(expected)
  })

  test('counts in groups', async () => {
    const args = ['events', 'count', '--by', 'state', '--dag', 'orders', '--kind', 'run.']
    const { code, stdout } = await program.cli(args, { env: env() })
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^STATE +EVENTS\n/)])
    expect(stdout).toMatch(/compensating +1/)
  })

  test('an export has them all, oldest first', async () => {
    const file = join(program.folder, `export ${place}.jsonl`)
    const { events } = await program.json<{ events: number }>(['events', '--export', file], { env: env() })
    const found = readFileSync(file, 'utf8').trim().split('\n')
    expect(found).toHaveLength(events)
    const ids = found.map((line) => (JSON.parse(line) as { id: number }).id)
    expect(ids[0]).toBe(1)
    expect(ids).toEqual(ids.toSorted((a, b) => a - b))
    expect(new Set(ids).size).toBe(ids.length)
  })

  test('lines are aligned and fit', async () => {
    const { stdout } = await program.cli(['events', '--dag', 'loads', '-n', '5'], { env: env() })
    const starts = stdout
      .trim()
      .split('\n')
      .map((line) => line.search(/(?<=Z {2})\S/))
    expect(new Set(starts)).toEqual(new Set([26]))
  })
})

test('what is followed from elsewhere comes by the socket, at once and once', async () => {
  const follow = program.following(
    ['events', '--follow', '--kind', 'dag.paused', '--kind', 'dag.unpaused', '-n', '1', '--json'],
    remote,
  )
  try {
    const first = JSON.parse(await follow.next()) as { id: number; kind: string }
    await ok('dags', 'pause', 'orders')
    const next = JSON.parse(await follow.next()) as { id: number; kind: string; dag_id: string }
    expect([next.kind, next.dag_id]).toEqual(['dag.paused', 'orders'])
    await ok('dags', 'unpause', 'orders')
    const last = JSON.parse(await follow.next()) as { id: number; kind: string }
    expect(last.kind).toBe('dag.unpaused')
    expect([first.id, next.id, last.id]).toEqual([first.id, next.id, last.id].toSorted((a, b) => a - b))
  } finally {
    follow.child.kill('SIGKILL')
  }
})
