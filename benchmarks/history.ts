/**
 * The chain and the fan-out with a million task instances and four million events behind them, against the same on a
 * database without: two programs, run in turn. A cost that grows with history is a defect, whatever it is.
 */
import pg from 'pg'
import { startEmbeddedServer } from '../database/embedded/server.ts'
import type { Benchmark, BenchmarkOptions, Result } from './benchmark.ts'
import { chainDag } from './chain-light.ts'
import { fanOutDag } from './fan-out.ts'
import type { BenchFolder } from './measuring/bench-folder.ts'
import type { Client } from './measuring/client.ts'
import { type HistorySize, loadHistory, settleHistory } from './measuring/load-history.ts'
import { withFolder, withProgram } from './measuring/session.ts'
import { median, round, spread } from './measuring/statistics.ts'

const BAR = 1.2
const CHAIN_TASKS = 40
const SLOTS = 8

const SIZES: Readonly<Record<BenchmarkOptions['size'], HistorySize>> = {
  tiny: { runs: 50, tasksPerRun: CHAIN_TASKS, eventsPerTask: 4 },
  standard: { runs: 25_000, tasksPerRun: CHAIN_TASKS, eventsPerTask: 4 },
  large: { runs: 125_000, tasksPerRun: CHAIN_TASKS, eventsPerTask: 4 },
}

export const history: Benchmark = {
  name: 'history',
  what: 'chain-light and fan-out with 1 M TIs and 4 M events behind them (--large: 5 M and 20 M), analysed and not',
  run: ({ size, runs, note }) =>
    withFolder((empty) =>
      withFolder(async (full) => {
        const width = size === 'tiny' ? 20 : 10_000
        for (const folder of [empty, full]) await makeUsed(folder, width)
        const loadStarted = performance.now()
        await onServer(full, (client) => loadHistory(client, 'chain', SIZES[size]))
        note(`history made in ${((performance.now() - loadStarted) / 1_000).toFixed(0)} s`)
        return withProgram(empty, { slots: SLOTS }, ({ client: ofEmpty }) =>
          withProgram(full, { slots: SLOTS }, async ({ client: ofFull }) => {
            const raw = await compare(ofEmpty, ofFull, '-unanalysed', { runs, width, note })
            await settleHistory(ofFull.db)
            return [...raw, ...(await compare(ofEmpty, ofFull, '', { runs, width, note }))]
          }),
        )
      }),
    ),
}

/** Both Dags live and run once, so that their versions are there. */
async function makeUsed(folder: BenchFolder, width: number): Promise<void> {
  await folder.put('chain.ts', chainDag('chain', CHAIN_TASKS, 10))
  await folder.put('fan_out.ts', fanOutDag('fan_out', width))
  await withProgram(folder, { slots: SLOTS }, async ({ client }) => {
    for (const dagId of ['chain', 'fan_out']) {
      await client.live(dagId)
      await client.run(dagId)
    }
  })
}

/** The server alone: what is put into it, the program finds at its next start. */
async function onServer(folder: BenchFolder, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const server = await startEmbeddedServer({ dataDir: folder.postgres, log: () => {} })
  try {
    const client = new pg.Client(server.connection)
    await client.connect()
    await work(client).finally(() => client.end())
  } finally {
    await server.stop()
  }
}

interface Comparison {
  readonly runs: number
  readonly width: number
  readonly note: (line: string) => void
}

async function compare(empty: Client, full: Client, suffix: string, options: Comparison): Promise<readonly Result[]> {
  const { runs, width, note } = options
  const results: Result[] = []
  for (const [dagId, name, tasks, repeats] of [
    ['chain', `history-chain${suffix}`, CHAIN_TASKS, 3 * runs],
    ['fan_out', `history-fan-out${suffix}`, width + 2, runs],
  ] as const) {
    for (const client of [empty, full]) await client.run(dagId)
    const figures = { empty: [] as number[], full: [] as number[] }
    for (let n = 0; n < repeats; n += 1) {
      figures.empty.push((await empty.run(dagId)).ms / tasks)
      figures.full.push((await full.run(dagId)).ms / tasks)
    }
    note(`${name}, ms a task: ${spread(figures.full, 3)}; without history: ${spread(figures.empty, 3)}`)
    const ratio = median(figures.full) / median(figures.empty)
    results.push({
      name,
      value: round(median(figures.full)),
      unit: 'ms/task',
      ratio: round(ratio),
      against: `empty database ${median(figures.empty).toFixed(3)} ms/task`,
      bar: `<= ${BAR} x`,
      holds: ratio <= BAR,
    })
  }
  return results
}
