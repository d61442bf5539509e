/**
 * `npm run simulate -- --histories N --seed S [--trace] [--threads T] [--script FILE]`: runs histories, tells each seed that
 * fails with its violations, shrinks the first few, and ends with what was covered and `N histories, V violations`. A
 * counter of the coverage that is zero in a thousand histories fails the run too.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { coverageLine, uncovered } from './coverage.ts'
import { type Failure, runHistories } from './run-histories.ts'
import type { Script } from './script.ts'
import { shrink } from './shrink.ts'
import { simulate } from './simulate.ts'
import { writeScript } from './write-script.ts'

/** Shrinking takes as long as hundreds of histories: the first failures are enough to start from. */
const MOST_SHRUNK = 3
const MOST_TOLD = 50
/** From this many histories on every counter must have moved. */
const COVERED_IN = 1000
const PROGRESS_MS = 5_000

const { values } = parseArgs({
  options: {
    histories: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    threads: { type: 'string', default: String(availableParallelism()) },
    script: { type: 'string' },
    trace: { type: 'boolean', default: false },
    'no-shrink': { type: 'boolean', default: false },
    /** One failure is enough: for the mutants. */
    first: { type: 'boolean', default: false },
  },
})

const histories = wholeNumber('histories', values.histories)
const seed = wholeNumber('seed', values.seed)
const threads = wholeNumber('threads', values.threads)
process.exitCode = values.script === undefined && !values.trace ? await runMany() : await runTraced()

function wholeNumber(name: string, text: string): number {
  const number = Number(text)
  if (Number.isSafeInteger(number) && number >= 0) return number
  console.error(`--${name} ${text}: give a whole number from 0`)
  process.exit(2)
}

async function runMany(): Promise<number> {
  const begun = performance.now()
  const toShrink: Failure[] = []
  let told = 0
  let toldAt = begun
  const summary = await runHistories({
    histories,
    seed,
    threads,
    isEnough: (failures) => values.first && failures > 0,
    onProgress(done, failed) {
      if (performance.now() - toldAt < PROGRESS_MS) return
      toldAt = performance.now()
      console.log(`${done} of ${histories} histories, ${failed} failed, ${Math.round((toldAt - begun) / 1000)} s`)
    },
    onFailure(failure) {
      if (toShrink.length < MOST_SHRUNK) toShrink.push(failure)
      if (told++ < MOST_TOLD) tell(failure)
    },
  })
  if (!values['no-shrink'] && !values.first) for (const failure of toShrink) await tellShrunk(failure)
  console.log(`covered: ${coverageLine(summary.coverage)}`)
  const missing = summary.histories >= COVERED_IN && !values.first ? uncovered(summary.coverage) : []
  if (missing.length > 0) console.log(`never happened: ${missing.join(', ')}`)
  const violations = summary.failures.reduce((sum, failure) => sum + failure.violations.length, 0)
  console.log(`${summary.histories} histories, ${violations} violations`)
  return violations > 0 || missing.length > 0 ? 1 : 0
}

function tell({ seed: failing, violations }: Failure): void {
  console.log(`seed ${failing} failed:`)
  for (const violation of violations) console.log(`  ${violation}`)
  console.log(`  replay: npm run simulate -- --seed ${failing} --histories 1 --trace`)
}

async function tellShrunk({ seed: failing, violations }: Failure): Promise<void> {
  const { script, violations: left, attempts } = await shrink(writeScript(failing), violations)
  const file = join(tmpdir(), `tradewind-history-${failing}.json`)
  writeFileSync(file, JSON.stringify(script, null, 2))
  const tasks = script.dags.reduce((sum, dag) => sum + dag.tasks.length, 0)
  const size = `${script.dags.length} Dags, ${tasks} tasks, ${script.troubles.length} troubles, ${script.programs} programs`
  console.log(`seed ${failing} shrunk in ${attempts} attempts to ${size}:`)
  for (const violation of left) console.log(`  ${violation}`)
  console.log(`  replay: npm run simulate -- --script ${file}`)
}

/** One after the other, each line of every program's log with the simulated milliseconds before it. */
async function runTraced(): Promise<number> {
  const scripts =
    values.script === undefined
      ? Array.from({ length: histories }, (_, i) => writeScript(seed + i))
      : [JSON.parse(readFileSync(values.script, 'utf8')) as Script]
  let violations = 0
  for (const script of scripts) {
    const history = await simulate(script, (line) => console.log(line))
    violations += history.violations.length
    if (history.violations.length > 0) tell({ seed: script.seed, violations: history.violations })
    console.log(`covered: ${coverageLine(history.coverage)}`)
  }
  console.log(`${scripts.length} histories, ${violations} violations`)
  return violations > 0 ? 1 : 0
}
