/**
 * How long a start takes until the page answers, in an empty folder and in one that was used before, and what memory the
 * program takes with all its processes but PostgreSQL: idle, after work, and at its largest under a fan-out.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Benchmark, Result } from './benchmark.ts'
import { chainDag } from './chain-light.ts'
import { fanOutDag } from './fan-out.ts'
import { BenchFolder, type RunningProgram } from './measuring/bench-folder.ts'
import { type ProgramMemory, programMemory } from './measuring/memory.ts'
import { type Session, withSession } from './measuring/session.ts'
import { median, round, spread } from './measuring/statistics.ts'

const BAR_WARM_S = 2
const BAR_IDLE_MB = 200
/** Idle children beyond those that are kept have ended by then (`executor.idle_time`). */
const SETTLE_MS = 35_000
const SAMPLE_EVERY_MS = 200

interface MemorySizes {
  readonly runs: number
  readonly width: number
  readonly settleMs: number
}

/** Seconds from the start of the process until the page has answered. */
async function untilPage(program: RunningProgram): Promise<number> {
  const answer = await fetch(await program.ready)
  const page = await answer.text()
  if (!answer.ok || !page.includes('<html'))
    throw new Error(`The page answered ${answer.status}: ${page.slice(0, 200)}`)
  return (performance.now() - program.startedAt) / 1_000
}

async function measureStarts(runs: number) {
  const cold: number[] = []
  const warm: number[] = []
  for (let n = 0; n < runs; n += 1) {
    const folder = await BenchFolder.make()
    try {
      await folder.put('chain.ts', chainDag('chain', 40, 10))
      for (const starts of [cold, warm]) {
        const program = await folder.start()
        starts.push(await untilPage(program))
        await program.stop()
      }
    } finally {
      await folder.remove()
    }
  }
  return { cold, warm }
}

async function measureMemory({ folder, program, client }: Session, { runs, width, settleMs }: MemorySizes) {
  await folder.put('chain.ts', chainDag('chain', 40, 10))
  await folder.put('fan_out.ts', fanOutDag('fan_out', width))
  await client.live('chain')
  await client.live('fan_out')
  await client.run('chain')
  await sleep(settleMs)
  const idle: ProgramMemory[] = []
  const busy: ProgramMemory[] = []
  for (let n = 0; n < runs; n += 1) {
    idle.push(...(await largestDuring(program.pid, () => sleep(SAMPLE_EVERY_MS))))
  }
  for (let n = 0; n < runs; n += 1) busy.push(...(await largestDuring(program.pid, () => client.run('fan_out'))))
  return { idle, busy }
}

/** The largest of the samples taken meanwhile; none where the system does not tell. */
async function largestDuring(pid: number, work: () => Promise<unknown>): Promise<readonly ProgramMemory[]> {
  const samples: ProgramMemory[] = []
  const state = { isDone: false }
  const sampling = (async () => {
    do {
      const now = await programMemory(pid)
      if (now !== null) samples.push(now)
      await sleep(SAMPLE_EVERY_MS)
    } while (!state.isDone)
  })()
  await work()
  state.isDone = true
  await sampling
  return samples.toSorted((a, b) => b.mb - a.mb).slice(0, 1)
}

export const startMemory: Benchmark = {
  name: 'start-memory',
  what: 'cold and warm start to the first answered page; PSS of all but PostgreSQL, idle and under fan-out',
  run: async ({ size, runs, profileTo, note }) => {
    const isTiny = size === 'tiny'
    const { cold, warm } = await measureStarts(runs)
    note(`cold start, s: ${spread(cold)}; warm: ${spread(warm)}`)
    const sizes = { runs, width: isTiny ? 50 : 10_000, settleMs: isTiny ? 0 : SETTLE_MS }
    const { idle, busy } = await withSession({ profileTo }, (session) => measureMemory(session, sizes))
    note(`processes when idle: ${idle.at(-1)?.processes ?? '?'}; under fan-out: ${busy.at(-1)?.processes ?? '?'}`)
    const results: Result[] = [
      withBar('cold-start', median(cold), 's', null),
      withBar('warm-start', median(warm), 's', BAR_WARM_S),
    ]
    if (idle.length > 0) results.push(withBar('memory-idle', median(idle.map((one) => one.mb)), 'MB', BAR_IDLE_MB))
    if (busy.length > 0) results.push(withBar('memory-fan-out', median(busy.map((one) => one.mb)), 'MB', null))
    return results
  },
}

function withBar(name: string, value: number, unit: string, bar: number | null): Result {
  if (bar === null) return { name, value: round(value), unit, ratio: null, against: null, bar: null, holds: null }
  return {
    name,
    value: round(value),
    unit,
    ratio: round(value / bar),
    against: `bar of ${bar} ${unit}`,
    bar: `<= ${bar} ${unit}`,
    holds: value <= bar,
  }
}
