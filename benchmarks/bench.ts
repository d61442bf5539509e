/**
 * `npm run bench`: the standard set. `npm run bench -- NAME ...`: these. `--json` prints one object a line and nothing else
 * on standard output; `--write` measures everything, the extra ones too, and keeps it in RESULTS.md. Exits with 1 when a bar
 * does not hold.
 */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { backlog } from './backlog.ts'
import type { Benchmark, Result } from './benchmark.ts'
import { chainHeavy } from './chain-heavy.ts'
import { chainLight } from './chain-light.ts'
import { fanOut } from './fan-out.ts'
import { history } from './history.ts'
import { removeFolders } from './measuring/bench-folder.ts'
import { parse } from './parse.ts'
import { peers } from './peers.ts'
import { type MeasuredBenchmark, verdict, writeResults } from './results-page.ts'
import { startMemory } from './start-memory.ts'
import { storm } from './storm.ts'

const ALL: readonly Benchmark[] = [chainLight, chainHeavy, fanOut, storm, backlog, parse, history, startMemory, peers]
const LEAST_RUNS = 5

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    large: { type: 'boolean', default: false },
    profile: { type: 'boolean', default: false },
    runs: { type: 'string', default: String(LEAST_RUNS) },
    tiny: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
})
const runs = Number(values.runs)
const size = values.tiny ? 'tiny' : values.large ? 'large' : 'standard'
const say = (line: string) => process.stderr.write(`${line}\n`)

const wrong = whyNot()
if (wrong !== null) {
  say(wrong)
  process.exit(2)
}
let isEnding = false
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    isEnding = true
    void removeFolders().finally(() => process.exit(130))
  })
}

const profileTo = values.profile ? join(import.meta.dirname, 'profiles') : null
if (profileTo !== null) await mkdir(profileTo, { recursive: true })

const started = performance.now()
const measured: MeasuredBenchmark[] = []
for (const benchmark of ALL) {
  const isMeant = positionals.length > 0 ? positionals.includes(benchmark.name) : !benchmark.isExtra || values.write
  if (!isMeant) continue
  const one = await measure(benchmark).catch((error: unknown) => {
    if (!isEnding) throw error
    // Its program was taken away; the process ends as soon as that is done.
    return new Promise<never>(() => {})
  })
  measured.push(one)
}
const minutes = (performance.now() - started) / 60_000
say(`${minutes.toFixed(1)} min`)
if (profileTo !== null) say(`CPU profiles of the program (Chrome's DevTools open them) are in ${profileTo}`)
if (values.write) writeResults(measured, { runs, minutes })
process.exitCode = measured.some(({ results }) => results.some((one) => one.holds === false)) ? 1 : 0

async function measure(benchmark: Benchmark): Promise<MeasuredBenchmark> {
  const notes: string[] = []
  const note = (line: string) => {
    notes.push(line)
    say(`  ${line}`)
  }
  say(`${benchmark.name}: ${benchmark.what}`)
  const results = await benchmark.run({ size, runs, profileTo, note })
  for (const result of results) process.stdout.write(`${values.json ? JSON.stringify(result) : shown(result)}\n`)
  return { benchmark, results, notes }
}

function whyNot(): string | null {
  const unknown = positionals.filter((name) => !ALL.some((one) => one.name === name))
  if (unknown.length > 0) {
    return `No benchmark is called ${unknown.join(', ')}. There are: ${ALL.map((one) => one.name).join(', ')}.`
  }
  if (!Number.isInteger(runs) || runs < 1) return `--runs ${values.runs} is not a whole number above 0.`
  if (values.large && !(positionals.length === 1 && positionals[0] === 'history')) {
    return '--large is for one benchmark only: npm run bench -- history --large'
  }
  if (values.write && (positionals.length > 0 || values.tiny || values.profile || runs < LEAST_RUNS)) {
    return `--write keeps a run of everything only, unprofiled, by ${LEAST_RUNS} runs or more: npm run bench -- --write`
  }
  return null
}

function shown(result: Result): string {
  const { name, value, unit, ratio, against, bar } = result
  const compared = ratio === null ? '' : `, ${ratio} x ${against}`
  return `${name}: ${value} ${unit}${compared}${bar === null ? '' : `; bar ${bar}: ${verdict(result)}`}`
}
