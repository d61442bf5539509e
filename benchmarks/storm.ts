/**
 * A thousand files whose Dags fall due at the same second, five times, and then nothing but ten Dags that tick a hundred
 * milliseconds apart: how late a tick is when there is everything to do, and when there is nothing. A run counts as created
 * when its commit was heard of; lateness is by the wall clock of the same machine.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Benchmark, Result } from './benchmark.ts'
import type { Client } from './measuring/client.ts'
import { withSession } from './measuring/session.ts'
import { median, quantile, round, spread } from './measuring/statistics.ts'

const BAR_CREATED_S = 1
const BAR_DONE_S = 10
const BAR_LATE_MS = 50
const METRONOMES = 10

interface Sizes {
  readonly files: number
  /** Time the program has to read the folder before the first tick. */
  readonly leadMs: number
  readonly everyMs: number
  readonly idleTicks: number
}

const SIZES: Readonly<Record<'tiny' | 'standard', Sizes>> = {
  tiny: { files: 10, leadMs: 5_000, everyMs: 3_000, idleTicks: 20 },
  standard: { files: 1_000, leadMs: 60_000, everyMs: 20_000, idleTicks: 600 },
}

const stormDag = (n: number, { first, last, everyMs }: { first: number; last: number; everyMs: number }) => `
import { Dag } from 'tradewind'

const dag = new Dag('storm_${n}', {
  schedule: { every: '${everyMs} ms' },
  startDate: '${new Date(first).toISOString()}',
  endDate: '${new Date(last).toISOString()}',
})
const one = dag.task('one', () => ${n})
const two = dag.task('two', ({ value }: { value: number }) => value + 1)
two({ value: one() })
`

const metronomeDag = (n: number, start: number) => `
import { Dag } from 'tradewind'

const dag = new Dag('metronome_${n}', { schedule: { every: '1 s' }, startDate: '${new Date(start).toISOString()}' })
dag.task('tick', () => {})()
`

export const storm: Benchmark = {
  name: 'storm',
  what: '1,000 Dag files due at the same second, two tasks each, children cold for them; then 600 ticks when idle',
  run: async ({ size, runs, profileTo, note }) => {
    const sizes = SIZES[size === 'tiny' ? 'tiny' : 'standard']
    const { everyMs, files: count } = sizes
    const first = Math.ceil((Date.now() + sizes.leadMs) / everyMs) * everyMs
    const last = first + (runs - 1) * everyMs
    const files: Record<string, string> = {}
    for (let n = 0; n < count; n += 1) files[`storm_${n}.ts`] = stormDag(n, { first, last, everyMs })
    return withSession({ profileTo, files }, async ({ folder, client }) => {
      await client.until<{ n: number }>(
        'select count(*)::int as n from dag where is_active',
        [],
        ([row]) => row!.n === count,
      )
      const spare = first - Date.now()
      if (spare < 0)
        throw new Error(`The ${count} files were live ${-spare} ms after their first tick: nothing was measured`)
      note(`all ${count} files were live ${(spare / 1_000).toFixed(1)} s before the first tick`)
      const stormed = await measureStorm(client, last, count * runs, note)
      for (let n = 0; n < METRONOMES; n += 1) await folder.put(`metronome_${n}.ts`, metronomeDag(n, first + n * 100))
      return [...stormed, await measureIdle(client, sizes.idleTicks, note)]
    })
  },
}

async function measureStorm(
  client: Client,
  last: number,
  total: number,
  note: (line: string) => void,
): Promise<readonly Result[]> {
  await sleep(last - Date.now())
  await client.until<{ n: number }>(
    `select count(*)::int as n from dag_run where dag_id like 'storm_%' and state = 'success'`,
    [],
    ([row]) => row!.n === total,
    { everyMs: 500 },
  )
  const { rows } = await client.db.query<{ tick: number; runs: number; queued: number; ended: number }>(
    `select r.run_after as tick, count(distinct r.id)::int as runs,
            max(e.id) filter (where e.kind = 'run.queued') as queued,
            max(e.id) filter (where e.kind = 'run.success') as ended
     from dag_run r join event e on e.dag_run_id = r.id
     where r.dag_id like 'storm_%' group by 1 order by 1`,
  )
  const late = (tick: number, event: number) => (client.heardOf(event).wallAt - tick) / 1_000
  const created = rows.map((row) => late(row.tick, row.queued))
  const done = rows.map((row) => late(row.tick, row.ended))
  note(`s after the tick until all were created: ${spread(created)}; done: ${spread(done)}`)
  return [
    line('storm-created', median(created), 's until every run is created', BAR_CREATED_S),
    line('storm', median(done), 's until all runs are done', BAR_DONE_S),
  ]
}

async function measureIdle(client: Client, ticks: number, note: (line: string) => void): Promise<Result> {
  await client.until<{ n: number }>(
    `select count(*)::int as n from dag where dag_id like 'metronome_%'`,
    [],
    ([row]) => {
      return row!.n === METRONOMES
    },
  )
  const from = Date.now() + 2_000
  const to = from + (ticks / METRONOMES) * 1_000
  await sleep(to + 1_000 - Date.now())
  const { rows } = await client.db.query<{ tick: number; queued: number }>(
    `select r.run_after as tick, min(e.id) as queued from dag_run r join event e on e.dag_run_id = r.id
     where r.dag_id like 'metronome_%' and e.kind = 'run.queued' and r.run_after >= $1 and r.run_after < $2 group by r.id, 1`,
    [new Date(from), new Date(to)],
  )
  if (rows.length !== ticks) throw new Error(`${rows.length} ticks fired in the time of ${ticks}`)
  const late = rows.map((row) => client.heardOf(row.queued).wallAt - row.tick)
  note(
    `ms late when idle: median ${quantile(late, 0.5).toFixed(1)}, p99 ${quantile(late, 0.99).toFixed(1)}, worst ${Math.max(...late)}`,
  )
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
