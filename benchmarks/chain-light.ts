/** One run of 40 tasks one after another, each naive fibo(10): what a hop costs when the task costs nothing. */
import type { Benchmark, Result } from './benchmark.ts'
import { openHopLimit } from './measuring/hop-limit.ts'
import { type Session, withSession } from './measuring/session.ts'
import { median, round, spread } from './measuring/statistics.ts'

const TASKS = 40
const BAR_MS = 1.5
const BAR_RATIO = 4
/** A machine whose limit is above this cannot judge the bar. */
const VOID_ABOVE_MS = 0.6

export const chainDag = (dagId: string, tasks: number, fibo: number) => `
import { Dag } from 'tradewind'

const dag = new Dag('${dagId}', { schedule: null })
const fibo = (n: number): number => (n < 2 ? n : fibo(n - 1) + fibo(n - 2))

let before = dag.task('task_1', () => fibo(${fibo}))()
for (let n = 2; n <= ${tasks}; n += 1) {
  before = dag.task(\`task_\${n}\`, () => fibo(${fibo}))().after(before)
}
`

export interface ChainFigures {
  /** Milliseconds a task, of each run. */
  readonly own: readonly number[]
  /** Milliseconds a hop of the limit, measured between them. */
  readonly limit: readonly number[]
}

/** Runs the chain and the limit in turn, after two runs that do not count. */
export async function measureChain({ folder, client }: Session, tasks: number, runs: number): Promise<ChainFigures> {
  await folder.put('chain_light.ts', chainDag('chain_light', tasks, 10))
  await client.live('chain_light')
  const limit = await openHopLimit(await folder.connection())
  try {
    for (let warm = 0; warm < 2; warm += 1) await client.run('chain_light')
    const figures = { own: [] as number[], limit: [] as number[] }
    for (let n = 0; n < runs; n += 1) {
      figures.limit.push((await limit.measure(tasks)) / tasks)
      figures.own.push((await client.run('chain_light')).ms / tasks)
    }
    return figures
  } finally {
    await limit.close()
  }
}

export const chainLight: Benchmark = {
  name: 'chain-light',
  what: 'one run of 40 sequential tasks, naive fibo(10), trigger to run success',
  run: async ({ size, runs, profileTo, note }) => {
    const tasks = size === 'tiny' ? 5 : TASKS
    const { own, limit } = await withSession({ profileTo }, (session) => measureChain(session, tasks, 3 * runs))
    note(`ms a task: ${spread(own)}; the limit: ${spread(limit)}`)
    const value = median(own)
    const ratio = value / median(limit)
    const result: Result = {
      name: 'chain-light',
      value: round(value),
      unit: 'ms/task',
      ratio: round(ratio),
      against: `limit ${median(limit).toFixed(3)} ms/hop`,
      bar: `<= ${BAR_MS} ms and <= ${BAR_RATIO} x (void above ${VOID_ABOVE_MS} ms/hop)`,
      holds: median(limit) > VOID_ABOVE_MS ? null : value <= BAR_MS && ratio <= BAR_RATIO,
    }
    return [result]
  },
}
