/**
 * A thousand files whose Dags fall due at the same second, and before that nothing but ten Dags that tick a hundred
 * milliseconds apart: how late a tick is when there is nothing to do, and when there is everything. A run counts as created,
 * or as done, when its commit was heard of; lateness is by the wall clock of the same machine.
 */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Benchmark, Result } from './benchmark.ts'
import type { Client } from './measuring/client.ts'
import { type Session, withSession } from './measuring/session.ts'
import { median, quantile, round, spread } from './measuring/statistics.ts'

const BAR_CREATED_S = 1
const BAR_DONE_S = 10
const BAR_LATE_MS = 50
const METRONOMES = 10
const PERIOD_MS = 1_000
const UNPAUSED_AT_ONCE = 8

interface Sizes {
  readonly files: number
  readonly everyMs: number
  readonly idleTicks: number
}

const SIZES: Readonly<Record<'tiny' | 'standard', Sizes>> = {
  tiny: { files: 10, everyMs: 5_000, idleTicks: 20 },
  standard: { files: 1_000, everyMs: 20_000, idleTicks: 600 },
}

/** Paused, so that no tick comes before all of them are live. */
const stormDag = (n: number, everyMs: number) => `
import { Dag } from 'tradewind'

const dag = new Dag('storm_${n}', { schedule: { every: '${everyMs} ms' }, isPausedUponCreation: true })
const one = dag.task('one', () => ${n})
const two = dag.task('two', ({ value }: { value: number }) => value + 1)
two({ value: one() })
`

const metronomeDag = (n: number) => `
import { Dag } from 'tradewind'

const dag = new Dag('metronome_${n}', {
  schedule: { every: '${PERIOD_MS} ms' },
  startDate: '${new Date(Date.UTC(2026, 0, 1) + (n * PERIOD_MS) / METRONOMES).toISOString()}',
})
dag.task('tick', () => {})()
`

export const storm: Benchmark = {
  name: 'storm',
  what: '1,000 Dag files due at the same second, two tasks each, children cold for them; before it 600 ticks when idle',
  run: async ({ size, runs, profileTo, note }) => {
    const { everyMs, files: count, idleTicks } = SIZES[size === 'tiny' ? 'tiny' : 'standard']
    const files: Record<string, string> = {}
    for (let n = 0; n < count; n += 1) files[`storm_${n}.ts`] = stormDag(n, everyMs)
    return withSession({ profileTo, files }, async (session) => {
      await countActive(session.client, 'storm', count)
      const idle = await measureIdle(session, idleTicks, note)
      await unpauseAll(session.client, count)
      const first = Math.ceil((Date.now() + 2_000) / everyMs) * everyMs
      const ticks = Array.from({ length: runs }, (_, n) => first + n * everyMs)
      return [...(await measureStorm(session.client, ticks, count, note)), idle]
    })
  },
}

/** Waits until `count` of these Dags are live. */
async function countActive(client: Client, name: string, count: number): Promise<void> {
  await client.until<{ n: number }>(
    'select count(*)::int as n from dag where dag_id like $1 and is_active',
    [`${name}%`],
    ([row]) => row!.n === count,
  )
}

async function unpauseAll(client: Client, count: number): Promise<void> {
  const left = Array.from({ length: count }, (_, n) => n)
  const one = async () => {
    for (let n = left.pop(); n !== undefined; n = left.pop()) {
      await client.api('PATCH', `/dags/storm_${n}`, { is_paused: false })
    }
  }
  await Promise.all(Array.from({ length: UNPAUSED_AT_ONCE }, one))
}

async function measureStorm(
  client: Client,
  ticks: readonly number[],
  count: number,
  note: (line: string) => void,
): Promise<readonly Result[]> {
  const dates = ticks.map((tick) => new Date(tick))
  await sleep(ticks.at(-1)! - Date.now())
  await client.until<{ n: number }>(
    `select count(*)::int as n from dag_run where dag_id like 'storm_%' and run_after = any($1) and state = 'success'`,
    [dates],
    ([row]) => row!.n === count * ticks.length,
    { everyMs: 500 },
  )
  const { rows } = await client.db.query<{ tick: number; queued: number; ended: number }>(
    `select r.run_after as tick, max(e.id) filter (where e.kind = 'run.queued') as queued,
            max(e.id) filter (where e.kind = 'run.success') as ended
     from dag_run r join event e on e.dag_run_id = r.id
     where r.dag_id like 'storm_%' and r.run_after = any($1) group by 1 order by 1`,
    [dates],
  )
  const seconds = (kind: 'queued' | 'ended') =>
    Promise.all(rows.map(async (row) => ((await client.heardOf(row[kind])).wallAt - row.tick) / 1_000))
  const created = await seconds('queued')
  const done = await seconds('ended')
  note(`s after the tick until all were created: ${spread(created)}; done: ${spread(done)}`)
  return [
    line('storm', median(done), 's until all runs are done', BAR_DONE_S),
    line('storm-created', median(created), 's until every run is created', BAR_CREATED_S),
  ]
}

async function measureIdle({ client, folder }: Session, count: number, note: (line: string) => void): Promise<Result> {
  const names = Array.from({ length: METRONOMES }, (_, n) => `metronome_${n}.ts`)
  for (const [n, name] of names.entries()) await folder.put(name, metronomeDag(n))
  await countActive(client, 'metronome', METRONOMES)
  const from = Date.now() + 2 * PERIOD_MS
  const to = from + (count / METRONOMES) * PERIOD_MS
  await sleep(to + PERIOD_MS - Date.now())
  for (const name of names) await rm(join(folder.dags, name))
  const { rows } = await client.db.query<{ tick: number; queued: number }>(
    `select r.run_after as tick, min(e.id) as queued from dag_run r join event e on e.dag_run_id = r.id
     where r.dag_id like 'metronome_%' and e.kind = 'run.queued' and r.run_after >= $1 and r.run_after < $2
     group by r.id, r.run_after`,
    [new Date(from), new Date(to)],
  )
  const late = await Promise.all(rows.map(async (row) => (await client.heardOf(row.queued)).wallAt - row.tick))
  // A tick that made no run because the next one was due: late by a whole period at least.
  const missed = count - rows.length
  for (let n = 0; n < missed; n += 1) late.push(PERIOD_MS)
  const shown = [0.5, 0.99, 1].map((share) => quantile(late, share).toFixed(0))
  note(`ms late when idle: median ${shown[0]}, p99 ${shown[1]}, worst ${shown[2]}; of ${count} ticks ${missed} missed`)
  return line('storm-idle-tick', quantile(late, 0.99), 'ms late, p99', BAR_LATE_MS)
}

function line(name: string, value: number, unit: string, bar: number): Result {
  const short = unit.split(' ')[0]
  return {
    name,
    value: round(value),
    unit,
    ratio: round(value / bar),
    against: `bar of ${bar} ${short}`,
    bar: `<= ${bar} ${short}`,
    holds: value <= bar,
  }
}
