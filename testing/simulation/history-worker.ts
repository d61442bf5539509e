/** A thread that runs histories: seeds come in small portions, what became of them goes back. */
import { parentPort } from 'node:worker_threads'
import { addCoverage, type Counter, type Coverage } from './coverage.ts'
import { simulate } from './simulate.ts'

export interface Portion {
  readonly from: number
  readonly count: number
}

export interface PortionResult {
  readonly count: number
  readonly coverage: readonly (readonly [Counter, number])[]
  readonly failures: readonly { readonly seed: number; readonly violations: readonly string[] }[]
}

export async function runPortion({ from, count }: Portion): Promise<PortionResult> {
  const coverage: Coverage = new Map()
  const failures: { seed: number; violations: readonly string[] }[] = []
  for (let seed = from; seed < from + count; seed++) {
    try {
      const history = await simulate(seed)
      addCoverage(coverage, history.coverage)
      if (history.violations.length > 0) failures.push({ seed, violations: history.violations })
    } catch (error) {
      // A program that throws into the world's face is as good as a violation.
      failures.push({
        seed,
        violations: [`the history broke off: ${error instanceof Error ? error.stack : String(error)}`],
      })
    }
  }
  return { count, coverage: [...coverage], failures }
}

parentPort?.on('message', (portion: Portion) => {
  void runPortion(portion).then((result) => parentPort?.postMessage(result))
})
