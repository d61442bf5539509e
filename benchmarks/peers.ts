/**
 * The chain and the fan-out on the same PostgreSQL by what npm has. Each round measures the platform, then each peer in a
 * process of its own, warmed up. Tasks of the peers run inside of that process: only the platform's run in children that may
 * die, be limited and be replaced. What else is in a peer's favour stands at the top of its file in `peers/`.
 */
import { execFile, fork } from 'node:child_process'
import { once } from 'node:events'
import { access, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type pg from 'pg'
import type { Benchmark, Result } from './benchmark.ts'
import { chainDag } from './chain-light.ts'
import { fanOutDag } from './fan-out.ts'
import { REPO } from './measuring/bench-folder.ts'
import { withSession } from './measuring/session.ts'
import { median, round, spread } from './measuring/statistics.ts'

const FOLDER = join(REPO, 'benchmarks/peers')
const SLOTS = 8
const OWN = 'tradewind'

/**
 * Name of the file in `peers/`, its package, how it is set, and the share of the width that it gets where it would need
 * minutes for all of it. The fan-out of the first one is the bar.
 */
const PEERS = [
  { name: 'graphile-worker', package: 'graphile-worker', setup: 'plain', share: 1 },
  {
    name: 'graphile-worker-batched',
    package: 'graphile-worker',
    setup: 'local queue of 500, batched completion',
    share: 1,
  },
  { name: 'pg-boss', package: 'pg-boss', setup: 'LISTEN/NOTIFY on, fan-out in batches of 100', share: 1 },
  { name: 'bullmq', package: 'bullmq', setup: 'PostgreSQL backend, flows', share: 0.2 },
  { name: 'dbos-steps', package: '@dbos-inc/dbos-sdk', setup: 'one workflow, tasks are its steps', share: 0.2 },
  {
    name: 'dbos-queue',
    package: '@dbos-inc/dbos-sdk',
    setup: 'fan-out is a workflow for each task, through a queue',
    share: 0.1,
  },
] as const

interface Sizes {
  readonly tasks: number
  readonly width: number
  readonly warmChain: number
  readonly warmWidth: number
}

/** Milliseconds in all; `null`: not within a minute. */
interface Figures {
  readonly chainMs: number | null
  readonly fanOutMs: number | null
}

const SIZES: Readonly<Record<'tiny' | 'standard', Sizes>> = {
  tiny: { tasks: 3, width: 20, warmChain: 2, warmWidth: 5 },
  standard: { tasks: 40, width: 10_000, warmChain: 40, warmWidth: 1_000 },
}

export const peers: Benchmark = {
  name: 'peers',
  what: 'chain of 40 and fan-out of 10,000 by what npm has, on the same PostgreSQL, eight at once',
  isExtra: true,
  run: async ({ size, runs, note }) => {
    await installPeers(note)
    const sizes = SIZES[size === 'tiny' ? 'tiny' : 'standard']
    const { tasks, width } = sizes
    const files = { 'chain.ts': chainDag('chain', tasks, 10), 'fan_out.ts': fanOutDag('fan_out', width) }
    const all = new Map<string, Figures[]>([OWN, ...PEERS.map((peer) => peer.name)].map((name) => [name, []]))
    await withSession({ files, slots: SLOTS }, async ({ folder, client }) => {
      for (const dagId of ['chain', 'fan_out']) {
        await client.live(dagId)
        await client.run(dagId)
      }
      const connection = await folder.connection()
      for (let n = 0; n < runs; n += 1) {
        all.get(OWN)!.push({ chainMs: (await client.run('chain')).ms, fanOutMs: (await client.run('fan_out')).ms })
        for (const peer of PEERS) {
          const own = { ...sizes, width: width * peer.share }
          all.get(peer.name)!.push(await measurePeer(client.db, connection, peer.name, own))
        }
      }
    })
    for (const peer of PEERS) {
      const wide = `a fan-out of ${width * peer.share}`
      note(`${peer.name}: ${peer.package} ${await versionOf(peer.package)}; ${peer.setup}; ${wide}`)
    }
    const perTask = (ms: number) => ms / tasks
    const perSecond = (ms: number, name: string) => {
      const share = PEERS.find((peer) => peer.name === name)?.share ?? 1
      return (width * share + 2) / (ms / 1_000)
    }
    return [...lines('chain', all, perTask, note), ...lines('fan-out', all, perSecond, note)]
  },
}

async function measurePeer(
  admin: pg.Client,
  connection: pg.ClientConfig,
  peer: string,
  sizes: Sizes,
): Promise<Figures> {
  const database = 'bench_peer'
  await admin.query(`create database ${database}`)
  const child = fork(join(FOLDER, 'run-peer.js'), {
    cwd: FOLDER,
    execArgv: [],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  try {
    const { host, port, user, password } = connection
    child.send({ peer, connection: { host, port, user, password, database }, sizes })
    const exited = once(child, 'exit').then(() => [{ error: 'it ended without an answer' }])
    const [answer] = (await Promise.race([once(child, 'message'), exited])) as [Figures & { error?: string }]
    if (answer.error !== undefined) throw new Error(`The peer ${peer} failed: ${answer.error}`)
    return answer
  } finally {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
    await admin.query(`drop database ${database} with (force)`)
  }
}

function lines(
  what: 'chain' | 'fan-out',
  all: ReadonlyMap<string, readonly Figures[]>,
  figureOf: (ms: number, name: string) => number,
  note: (line: string) => void,
): readonly Result[] {
  const rates = new Map<string, number>()
  for (const [name, figures] of all) {
    const ms = figures.map((one) => (what === 'chain' ? one.chainMs : one.fanOutMs)).filter((value) => value !== null)
    if (ms.length < figures.length)
      note(`${what}, ${name}: ${figures.length - ms.length} of ${figures.length} did not end`)
    if (ms.length === 0) continue
    const values = ms.map((value) => figureOf(value, name))
    note(`${what}, ${name}: ${spread(values, what === 'chain' ? 2 : 0)}`)
    rates.set(name, median(values))
  }
  const own = rates.get(OWN)!
  const first = PEERS[0].name
  return [...rates].map(([name, value]) => {
    const isOwnFanOut = name === OWN && what === 'fan-out'
    const against = isOwnFanOut ? first : OWN
    const other = isOwnFanOut ? (rates.get(first) ?? Number.NaN) : own
    return {
      name: `peers-${what}-${name}`,
      value: round(value),
      unit: what === 'chain' ? 'ms/task' : 'tasks/s',
      ratio: name === OWN && !isOwnFanOut ? null : round(value / other),
      against: name === OWN && !isOwnFanOut ? null : `${against} ${round(other)}`,
      bar: isOwnFanOut ? `> 1 x plain ${first}` : null,
      holds: isOwnFanOut ? value > other : null,
    }
  })
}

async function installPeers(note: (line: string) => void): Promise<void> {
  const isThere = await Promise.all(
    PEERS.map((peer) =>
      access(join(FOLDER, 'node_modules', peer.package)).then(
        () => true,
        () => false,
      ),
    ),
  )
  if (isThere.every(Boolean)) return
  note('installing the peers into benchmarks/peers/node_modules')
  const args = ['install', '--no-audit', '--no-fund', '--no-package-lock', '--ignore-scripts']
  await promisify(execFile)('npm', args, { cwd: FOLDER })
}

async function versionOf(name: string): Promise<string> {
  const text = await readFile(join(FOLDER, 'node_modules', name, 'package.json'), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
