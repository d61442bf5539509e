/** What the Dag processor keeps when there is nothing to do: no process at all, until something changes. */
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { findTree } from '../../executor/process-tree.ts'
import { buildBundle } from '../../scheduler/dag-processor/build-bundle.ts'
import { endBundlerProcess } from '../../scheduler/dag-processor/bundler-process.ts'
import { createIdleTime } from '../../scheduler/dag-processor/idle-time.ts'
import { dagFile, openWorkbench, REPOSITORY, SDK_EXPORTS, type Workbench } from './workbench.ts'

type Host = ChildProcessByStdio<null, Readable, null>
const HOST = new URL('./parse-host.ts', import.meta.url).pathname
const LONG_ENOUGH = { timeout: 20_000, interval: 20 }

/** In a program of its own, so that every process below it is one of the Dag processor's. */
function startHost(bench: Workbench, idleMs: number): Host {
  return spawn(process.execPath, [HOST, bench.folder, bench.cacheDir, String(idleMs)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    cwd: REPOSITORY,
    detached: true,
  })
}

async function endHost(host: Host): Promise<void> {
  if (host.exitCode !== null || host.signalCode !== null) return
  host.kill('SIGKILL')
  await once(host, 'exit')
}

/** Names of the processes below it. */
async function below({ pid = 0 }: Host): Promise<string[]> {
  const all = await findTree({ pid, marker: 'none' })
  return all.filter((facts) => facts.pid !== pid).map(({ name }) => name)
}

test('an idle Dag processor ends its child and the bundler, and starts them again with the next change', async ({
  skip,
}) => {
  if (process.platform !== 'linux') skip('processes are listed on Linux only')
  await using bench = await openWorkbench()
  const version = (name: string) => `console.log('${name}')\n${dagFile(name)}`
  await bench.write('a.ts', version('first'))
  const host = startHost(bench, 400)
  try {
    const lines = createInterface({ input: host.stdout })[Symbol.asyncIterator]()
    const nextLine = async () => (await lines.next()).value as string
    expect(await nextLine()).toBe('[a.ts] first')
    // It may have ended already; the second look for determinism brings it back.
    await expect.poll(() => below(host), LONG_ENOUGH).toContain('esbuild')
    for (const name of ['second', 'third']) {
      await expect.poll(() => below(host), LONG_ENOUGH).toEqual([])
      await bench.write('a.ts', version(name))
      // Any line in between is the second look for determinism.
      while ((await nextLine()) !== `[a.ts] ${name}`);
    }
  } finally {
    await endHost(host)
  }
})

test('a Dag processor ends no child that it still needs', async () => {
  await using bench = await openWorkbench({ idleMs: 1 })
  await bench.write('a.ts', dagFile('a'))
  for (let i = 0; i < 8; i++) {
    expect((await bench.processor.parseOne('a.ts')).report.type).toBe('parsed')
    // Not to wait for anything: the pauses lie around the time at which processes end.
    await sleep(i % 4)
  }
})

test('the bundler is not ended under a build, whoever becomes idle', async () => {
  await using bench = await openWorkbench()
  await bench.write('a.ts', dagFile('a'))
  const path = join(bench.folder, 'a.ts')
  const built = buildBundle({ folder: bench.folder, file: 'a.ts', path, sdkExports: SDK_EXPORTS })
  await endBundlerProcess()
  expect((await built).ok).toBe(true)
})

test('idle is when all that was begun has ended and nothing more began', async () => {
  const told = Promise.withResolvers<void>()
  const work = Promise.withResolvers<void>()
  let times = 0
  const idle = createIdleTime(20, () => {
    times += 1
    told.resolve()
  })
  const long = idle.during(() => work.promise)
  await idle.during(async () => undefined)
  await sleep(60)
  expect(times).toBe(0)
  work.resolve()
  await long
  await told.promise
  await sleep(60)
  expect(times).toBe(1)
  await idle.during(async () => undefined)
  idle.stop()
  await sleep(60)
  expect(times).toBe(1)
})
