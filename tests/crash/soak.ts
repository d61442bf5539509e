/**
 * `npm run soak -- --seconds N --seed S`: two programs on one PostgreSQL behind a proxy, 1,000 runs going through, and
 * every few seconds one random component killed, stopped or cut off. At the end everything is counted exactly. What is
 * done, and to whom, follows from the seed; what it meets there follows from the machine.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { inspect, parseArgs } from 'node:util'
import { type EmbeddedServer, startEmbeddedServer } from '../../database/embedded/server.ts'
import { migrate } from '../../database/migrations/migrate.ts'
import type { Program } from '../end-to-end/program.ts'
import { checkAfterCrash, checkNothingLeft } from './check-after-crash.ts'
import { CrashPlace } from './crash-place.ts'
import { DatabaseProxy } from './database-proxy.ts'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '120' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    runs: { type: 'string', default: '1000' },
  },
})
const seconds = Number(values.seconds)
const seed = Number(values.seed)
const runs = Number(values.runs)
if (![seconds, seed, runs].every((n) => Number.isSafeInteger(n) && n > 0)) {
  throw new Error('--seconds, --seed and --runs take whole numbers above 0')
}

const DAG = `
const dag = new Dag('soak', { maxActiveRuns: 16, defaultArgs: { retries: 20, retryDelay: 0 } })
const first = dag.task('first', () => work(120))
const left = dag.task('left', ({ n }: { n: number }) => work(100 * Math.min(n, 2)))
const right = dag.task('right', ({ n }: { n: number }) => work(20 * Math.min(n, 2)), inPool)
const last = dag.task('last', ({ a, b }: { a: number; b: number }) => work(30 * Math.min(a + b, 3)))
const n = first()
last({ a: left({ n }), b: right({ n }) })
`
const TASKS = 4
const SETTINGS = {
  TRADEWIND_EXECUTOR_SLOTS: '8',
  TRADEWIND_SCHEDULER_PARALLELISM: '8',
  TRADEWIND_EXECUTOR_HEARTBEAT_EVERY: '500ms',
  TRADEWIND_EXECUTOR_HEARTBEAT_LOST_AFTER: '5s',
  // What is killed on purpose all the time is no proof that a task kills its host.
  TRADEWIND_SCHEDULER_MAX_PLATFORM_LOSSES: '100',
}
const LIMIT_AFTER_MS = 180_000

/** Mulberry32: small, seeded, good enough to choose by. */
let state = seed
function random(): number {
  state = (state + 0x6d2b79f5) | 0
  let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
}
const between = (low: number, high: number) => low + Math.floor(random() * (high - low))

const began = performance.now()
const kills = new Map<string, number>()
function tell(what: string): void {
  process.stdout.write(`${((performance.now() - began) / 1_000).toFixed(1).padStart(6)} s  ${what}\n`)
}

const dataDir = await mkdtemp(join(tmpdir(), 'tradewind-soak-'))
const startServer = () => startEmbeddedServer({ dataDir, log: () => {} })
let server: EmbeddedServer = await startServer()
await migrate(server.connection)
const proxy = await DatabaseProxy.start(server.connection)
const place = await CrashPlace.make({ database: server.connection, programDatabase: proxy.connection })
await place.put('soak', DAG)

const NAMES = ['a', 'b'] as const
type Name = (typeof NAMES)[number]
const programs = new Map<Name, Program>()
for (const name of NAMES) programs.set(name, await place.start(name, SETTINGS))
await place.untilLive('soak')

/** Children of either program that run something now. */
async function workers(): Promise<readonly number[]> {
  const rows = await place.query<{ pid: number }>(
    `select y.pid from try y join active x on x.ti_id = y.ti_id and x.try_number = y.try_number where y.pid is not null`,
  )
  return rows.map((row) => row.pid)
}

async function signalWorker(signal: NodeJS.Signals): Promise<string | null> {
  const found = await workers().catch(() => [])
  const pid = found[Math.floor(random() * found.length)]
  if (pid === undefined) return null
  try {
    process.kill(pid, signal)
  } catch {
    // It has ended meanwhile.
    return null
  }
  if (signal === 'SIGSTOP') {
    await sleep(between(200, 2_000))
    try {
      process.kill(pid, 'SIGCONT')
    } catch {
      // Its host had no patience.
    }
  }
  return `pid ${pid}`
}

async function killProgram(how: 'SIGKILL' | 'SIGTERM'): Promise<string> {
  const name = NAMES[between(0, NAMES.length)] ?? 'a'
  const program = programs.get(name)!
  program.process.kill(how)
  await program.ended
  await sleep(between(100, 1_500))
  programs.set(name, await place.start(name, SETTINGS))
  return name
}

const COMPONENTS: Readonly<Record<string, () => Promise<string | null>>> = {
  'a worker killed': () => signalWorker('SIGKILL'),
  'a worker stopped and continued': () => signalWorker('SIGSTOP'),
  'a program killed': () => killProgram('SIGKILL'),
  'a program asked to stop': () => killProgram('SIGTERM'),
  'a program stopped and continued': async () => {
    const name = NAMES[between(0, NAMES.length)] ?? 'a'
    const ms = between(500, 12_000)
    programs.get(name)!.process.kill('SIGSTOP')
    await sleep(ms)
    programs.get(name)!.process.kill('SIGCONT')
    return `${name}, for ${ms} ms`
  },
  "the leader's connection ended by the server": async () => {
    await place.query(`select pg_terminate_backend(backend_pid) from lease where name = 'scheduler'`)
    return ''
  },
  'every connection cut': async () => {
    proxy.cutAll()
    return ''
  },
  'PostgreSQL stopped and started': async () => {
    await server.stop()
    await sleep(between(0, 3_000))
    server = await startServer()
    return ''
  },
  'PostgreSQL killed and started': async () => {
    const pid = Number((await readFile(join(dataDir, 'cluster/postmaster.pid'), 'utf8')).split('\n')[0])
    process.kill(pid, 'SIGKILL')
    await server.died
    await server.stop()
    server = await startServer()
    return ''
  },
}

async function causeTrouble(until: number): Promise<void> {
  const names = Object.keys(COMPONENTS)
  while (performance.now() < until) {
    const what = names[between(0, names.length)] ?? ''
    const from = performance.now()
    const whom = await COMPONENTS[what]?.()
    if (whom !== null) {
      kills.set(what, (kills.get(what) ?? 0) + 1)
      const took = `${((performance.now() - from) / 1_000).toFixed(1)} s until it was there again`
      tell(`${[what, whom].filter((text) => text !== '').join(': ')}; ${took}`)
    }
    await sleep(between(1_000, 4_000))
  }
}

/** Evenly over the time, so that there is always something to hit. A request that got no answer is made again. */
async function triggerAll(overMs: number): Promise<void> {
  const from = performance.now()
  for (let i = 0; i < runs; i++) {
    const wait = from + (overMs * i) / runs - performance.now()
    if (wait > 0) await sleep(wait)
    for (;;) {
      try {
        await place.ask({ kind: 'trigger', dagId: 'soak', runId: `soak-${i}` }, `soak-${i}`)
        break
      } catch (error) {
        // No leader, no database, or no answer: the key makes it one request however often it is made.
        if (performance.now() - from > overMs + LIMIT_AFTER_MS) throw error
        await sleep(100)
      }
    }
  }
}

tell(`soak: ${runs} runs of ${TASKS} tasks, trouble for ${seconds} s, seed ${seed}`)
let failure: unknown = null
try {
  const until = performance.now() + seconds * 1_000
  await Promise.all([causeTrouble(until), triggerAll(seconds * 900)])
  tell('no more trouble; waiting for the rest')
  await place.untilRunsEnded('soak', runs, LIMIT_AFTER_MS)
  const causes = ['host-lost', 'cancelled', 'signal', 'heartbeat', 'not-started', 'bad-neighbour', 'error']
  await checkAfterCrash(place, { dagId: 'soak', runs, tasks: TASKS, causes, folders: NAMES })
  const tries = await place.query<{ kind: string; n: number }>(
    `select coalesce(cause::json->>'kind', state) as kind, count(*)::int as n from try group by 1 order by 2 desc`,
  )
  tell(`tries: ${tries.map(({ kind, n }) => `${n} ${kind}`).join(', ')}`)
  for (const program of programs.values()) await program.stop()
  await checkNothingLeft(place)
} catch (error) {
  failure = error
  process.stdout.write(`${place.place.said()}\n`)
  await place.place.kill()
}
await place.place.close()
await proxy.close()
await server.stop()
await rm(dataDir, { recursive: true, force: true })
tell([...kills].map(([what, n]) => `${what} ${n} x`).join(', '))
if (failure !== null) process.stdout.write(`${inspect(failure)}\n`)
process.stdout.write(`seed ${seed}: ${failure === null ? '1 passed, 0 failed' : '0 passed, 1 failed'}\n`)
process.exitCode = failure === null ? 0 : 1
