/** One task, then 10,000 that do nothing, then one: how many tasks a second when there is no end of ready ones. */
import type { Benchmark } from './benchmark.ts'
import { type Session, withSession } from './measuring/session.ts'
import { median, round, spread } from './measuring/statistics.ts'

const WIDTH = 10_000
const SLOTS = 8
const BAR = 6_000

export const fanOutDag = (dagId: string, width: number) => `
import { Dag } from 'tradewind'

const dag = new Dag('${dagId}', { schedule: null })
const first = dag.task('first', () => {})()
const last = dag.task('last', () => {})()
for (let n = 1; n <= ${width}; n += 1) dag.task(\`task_\${n}\`, () => {})().after(first).before(last)
`

/** Tasks a second of each run, after one that does not count. */
export async function measureFanOut(
  { folder, client }: Session,
  width: number,
  runs: number,
): Promise<readonly number[]> {
  await folder.put('fan_out.ts', fanOutDag('fan_out', width))
  await client.live('fan_out')
  await client.run('fan_out')
  const rates: number[] = []
  for (let n = 0; n < runs; n += 1) rates.push((width + 2) / ((await client.run('fan_out')).ms / 1_000))
  return rates
}

export const fanOut: Benchmark = {
  name: 'fan-out',
  what: `1 -> 10,000 written-out no-op tasks -> 1, ${SLOTS} slots, trigger to run success`,
  run: async ({ size, runs, profileTo, note }) => {
    const width = size === 'tiny' ? 100 : WIDTH
    const rates = await withSession({ profileTo, slots: SLOTS }, (session) => measureFanOut(session, width, runs))
    note(`tasks a second: ${spread(rates, 0)}`)
    const value = median(rates)
    return [
      {
        name: 'fan-out',
        value: round(value, 4),
        unit: 'tasks/s',
        ratio: round(value / BAR),
        against: `bar of ${BAR}`,
        bar: `>= ${BAR} tasks/s`,
        holds: value >= BAR,
      },
    ]
  },
}
