/** When the machine or the database has not what a try needs: it waits a little, then it is told why. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { PAGE_BYTES, pageSizeIn } from '../../executor/page-size.ts'
import { readProcess } from '../../executor/process-tree.ts'
import { causeOf, dagOf, makeWorld } from './harness.ts'

const TASKS = dagOf({ pid: '() => process.pid', waits: '() => new Promise(() => {})' })

describe('children that cannot be started', () => {
  it.each([
    ['for a moment', false],
    ['for a moment, and spawn throws', true],
  ])('%s: the try waits', async (_how, fileInstead) => {
    const world = await makeWorld()
    const bundleHash = world.bundle(TASKS)
    const dags = join(world.folder, 'dags')
    await rename(dags, `${dags}-away`)
    if (fileInstead) await writeFile(dags, 'not a folder')
    const dispatch = world.dispatch({ bundleHash, taskId: 'pid' })
    await expect.poll(() => world.diagnostics.length, { timeout: 10_000 }).toBeGreaterThan(2)
    expect(world.diagnostics[0]).toContain(`tasks run in the Dags folder ${dags}, and it is not there`)
    await rm(dags, { force: true })
    await rename(`${dags}-away`, dags)
    expect((await world.ended(dispatch)).outcome.state).toBe('success')
    expect(world.diagnostics.length).toBeLessThan(8)
    await world.stop()
  })

  it('for long: only tries that no living child could run are refused', async () => {
    const world = await makeWorld({ slots: 2 })
    const bundleHash = world.bundle(TASKS)
    const busy = world.dispatch({ bundleHash, taskId: 'waits', timeoutMs: null })
    await world.started(busy)
    const dags = join(world.folder, 'dags')
    await rename(dags, `${dags}-away`)
    const larger = world.dispatch({ bundleHash, taskId: 'pid', memoryLimitMb: 512 })
    const same = world.dispatch({ bundleHash, taskId: 'pid' })
    expect(causeOf(await world.ended(larger)).kind).toBe('not-started')
    world.executor.cancel([busy.key], { by: 'user:anna' })
    await world.ended(busy)
    await rename(`${dags}-away`, dags)
    expect((await world.ended(same)).outcome.state).toBe('success')
    await world.stop()
  })
})

describe('a bundle that does not come', () => {
  it('holds up neither a cancel nor the end of the host', async () => {
    const world = await makeWorld()
    let asked = 0
    world.api.getBundle = () => {
      asked++
      return new Promise(() => undefined)
    }
    const cancelled = world.dispatch({ bundleHash: 'a', taskId: 'pid' })
    const stopped = world.dispatch({ bundleHash: 'b', taskId: 'pid' })
    await expect.poll(() => asked, { timeout: 10_000 }).toBe(2)
    world.executor.cancel([cancelled.key], { by: 'user:anna' })
    expect(causeOf(await world.ended(cancelled))).toMatchObject({ kind: 'cancelled', by: 'user:anna' })
    await world.stop()
    expect(causeOf(await world.ended(stopped))).toMatchObject({ kind: 'cancelled', by: 'shutdown' })
  })
})

describe.skipIf(process.platform !== 'linux')('looking at processes', () => {
  it('finds all of them, also with fewer file descriptors than processes', async () => {
    const env = { TRADEWIND_CHILD: `test.1-1.${process.pid}` }
    const sleepers: ChildProcess[] = []
    for (let i = 0; i < 60; i++) sleepers.push(spawn('sleep', ['1000'], { env, stdio: 'ignore', detached: true }))
    try {
      const module = new URL('../../executor/process-tree.ts', import.meta.url).href
      const script = `import { findTree } from '${module}'
        console.log((await findTree({ pid: 999999999, marker: '${env.TRADEWIND_CHILD}' })).length)`
      const node = [process.execPath, '--input-type=module', '-e', script]
      const found = execFileSync('sh', ['-c', 'ulimit -n 40; exec "$@"', 'sh', ...node], { encoding: 'utf8' })
      expect(Number(found)).toBe(60)
    } finally {
      for (const sleeper of sleepers) sleeper.kill('SIGKILL')
    }
  })

  it('counts memory in the pages of this machine', async () => {
    expect(PAGE_BYTES).toBe(Number(execFileSync('getconf', ['PAGESIZE'], { encoding: 'utf8' })))
    const vector = Buffer.alloc(48)
    for (const [index, word] of [3n, 64n, 6n, 65_536n, 0n, 0n].entries()) vector.writeBigUInt64LE(word, index * 8)
    expect(pageSizeIn(vector)).toBe(65_536)
    expect(pageSizeIn(Buffer.alloc(32))).toBeNull()
    const own = (await readProcess(process.pid))?.rssBytes ?? 0
    expect(own / process.memoryUsage.rss()).toBeCloseTo(1, 0)
  })
})
