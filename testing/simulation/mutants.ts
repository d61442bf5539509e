/**
 * `npm run simulate:mutants [-- NAME ...]`: each patch of `tests/mutants` puts one deliberate fault into a copy of the tree,
 * and the simulation has to find it within `MOST_HISTORIES` histories, on seeds that were not looked at in writing it. A
 * patch that no longer applies, or a fault that nobody notices, fails the run. Ends with `N mutants, M found`.
 */
import { spawn, spawnSync } from 'node:child_process'
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const MOST_HISTORIES = 2_000
/** Far from the seeds of the tests and of the usual runs. */
const FIRST_SEED = 900_000_000
/** A mutant that goes round in circles has not been found. */
const MOST_MS = 15 * 60_000
/** The rooms that the simulation runs. */
const ROOMS = ['core', 'scheduler', 'sdk', 'worker', 'testing']
const ROOT = fileURLToPath(new URL('../..', import.meta.url))

const { values, positionals } = parseArgs({
  options: {
    seed: { type: 'string', default: String(FIRST_SEED) },
    threads: { type: 'string', default: String(availableParallelism()) },
  },
  allowPositionals: true,
})

interface Verdict {
  readonly found: boolean
  /** How it was found, or why not. */
  readonly how: string
}

const patches = globSync('tests/mutants/*.patch', { cwd: ROOT })
  .sort()
  .filter((path) => positionals.length === 0 || positionals.includes(nameOf(path)))
let found = 0
for (const path of patches) {
  const [what = ''] = readFileSync(join(ROOT, path), 'utf8').split('\n')
  const verdict = await tryMutant(path)
  if (verdict.found) found++
  console.log(`${verdict.found ? 'found ' : 'MISSED'} ${nameOf(path).padEnd(26)} ${what}`)
  console.log(`       ${verdict.how}`)
}
console.log(`${patches.length} mutants, ${found} found`)
process.exitCode = found === patches.length && patches.length > 0 ? 0 : 1

function nameOf(path: string): string {
  return basename(path, '.patch')
}

async function tryMutant(path: string): Promise<Verdict> {
  const folder = mkdtempSync(join(tmpdir(), 'tradewind-mutant-'))
  try {
    for (const room of ROOMS) cpSync(join(ROOT, room), join(folder, room), { recursive: true })
    cpSync(join(ROOT, 'package.json'), join(folder, 'package.json'))
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
    const applied = spawnSync('git', ['apply', '--whitespace=nowarn', join(ROOT, path)], {
      cwd: folder,
      encoding: 'utf8',
    })
    if (applied.status !== 0) return { found: false, how: `the patch no longer applies: ${applied.stderr.trim()}` }
    return await simulateIn(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function simulateIn(folder: string): Promise<Verdict> {
  const options = ['--histories', String(MOST_HISTORIES), '--seed', values.seed, '--threads', values.threads]
  const child = spawn(process.execPath, ['testing/simulation/main.ts', ...options, '--first'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (output += text.toString()))
  const timer = setTimeout(() => child.kill('SIGKILL'), MOST_MS)
  return new Promise((resolve) => {
    child.on('close', (code) => {
      clearTimeout(timer)
      const failure = /^seed \d+ failed:\n {2}(.*)/m.exec(output)?.[1]
      const summary = /^(\d+) histories, \d+ violations$/m.exec(output)?.[1]
      if (failure !== undefined && summary !== undefined) {
        resolve({ found: true, how: `within ${summary} histories: ${failure.slice(0, 150)}` })
      } else if (code === null) resolve({ found: false, how: `it was not done after ${MOST_MS / 60_000} minutes` })
      else if (summary === undefined) resolve({ found: false, how: `it broke: ${output.trim().slice(-300)}` })
      else resolve({ found: false, how: `${summary} histories and nothing noticed` })
    })
  })
}
