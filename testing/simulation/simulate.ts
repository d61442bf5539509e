/**
 * One history: the real core and loop in a seeded world of random Dags, outcomes, crashes and faults. After every commit
 * the invariants are checked and memory is compared with the tables; at the end everything must have ended as the oracle
 * says. The same seed, or the same script, replays the same history.
 */
import type { Counter } from './coverage.ts'
import type { Script } from './script.ts'
import { World } from './world.ts'
import { writeScript } from './write-script.ts'

export interface History {
  readonly seed: number
  readonly violations: readonly string[]
  /** How often each kind of thing happened. */
  readonly coverage: ReadonlyMap<Counter, number>
  readonly runs: number
}

/** @param trace is told what every program logs and every trouble, for looking into one seed. */
export async function simulate(from: number | Script, trace: (line: string) => void = () => {}): Promise<History> {
  const script = typeof from === 'number' ? writeScript(from) : from
  const world = new World(script, trace)
  await world.run()
  return { seed: script.seed, violations: world.violations, coverage: world.coverage, runs: world.tables.runs.size }
}
