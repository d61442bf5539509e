/** A child lives on its host's answers: a stopped host has no living children by the time others repeat its tries. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import type { TryEnded } from '../../core/ports/executor.ts'
import { readProcess } from '../../executor/process-tree.ts'
import { causeOf, dagOf, makeWorld, returned } from './harness.ts'

const TASKS = dagOf({
  waits: `() => new Promise((resolve) => {
    const look = setInterval(async () => {
      if ((await tw.getClient().getVariable('go')) === null) return
      clearInterval(look)
      resolve(process.pid)
    }, 50)
  })`,
  slow: '() => new Promise((resolve) => setTimeout(resolve, 3_500, process.pid))',
  brief: '() => new Promise((resolve) => setTimeout(resolve, 200, process.pid))',
})

async function gone(pid: number): Promise<boolean> {
  const facts = await readProcess(pid)
  return facts === null || facts.state === 'Z'
}

function block(ms: number): void {
  const until = performance.now() + ms
  while (performance.now() < until);
}

describe.concurrent('the lease of a child', () => {
  it('ends with its host stopped, whatever the child does; the host says so when it goes on', async () => {
    const entry = fileURLToPath(new URL('./host-process.ts', import.meta.url))
    const host = spawn(process.execPath, [entry, 'spins', 'grandchild'], { stdio: ['ignore', 'pipe', 'inherit'] })
    const lines = createInterface({ input: host.stdout })[Symbol.asyncIterator]()
    const next = async <T>() => JSON.parse((await lines.next()).value ?? 'null') as T
    const { pids, grandchild, folder } = await next<{ pids: number[]; grandchild: number; folder: string }>()
    try {
      host.kill('SIGSTOP')
      const stoppedAt = performance.now()
      await new Promise((resolve) => setTimeout(resolve, 5_000))
      for (const pid of [...pids, grandchild]) expect(await gone(pid)).toBe(false)
      for (const pid of [...pids, grandchild]) await expect.poll(() => gone(pid), { timeout: 6_000 }).toBe(true)
      expect(performance.now() - stoppedAt).toBeLessThan(9_500)
      host.kill('SIGCONT')
      for (const _ of pids) expect(causeOf(await next<TryEnded>()).kind).toBe('host-lost')
    } finally {
      host.kill('SIGKILL')
      await once(host, 'exit')
      rmSync(folder, { recursive: true, force: true })
    }
  })

  it('holds for a child that was stopped itself for longer, once it goes on', async () => {
    const world = await makeWorld({ heartbeat: { everyMs: 100, lostAfterMs: 60_000 } })
    const dispatch = world.dispatch({ bundleHash: world.bundle(TASKS), taskId: 'waits' })
    await world.started(dispatch)
    const pid = world.reports.find((report) => report.type === 'started')?.pid ?? 0
    // Its heartbeat thread has to be up, or its lease only begins when it goes on.
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    process.kill(-pid, 'SIGSTOP')
    await new Promise((resolve) => setTimeout(resolve, 10_000))
    process.kill(-pid, 'SIGCONT')
    // Past the chance its host gets: one that is judged too early would be gone by then.
    await new Promise((resolve) => setTimeout(resolve, 2_500))
    await world.api.setVariable(dispatch.key, 'go', '1', null)
    expect(returned(await world.ended(dispatch))).toBe(pid)
    await world.stop()
  })
})

describe('a host whose event loop is blocked', () => {
  it('loses no try by that, although no beat was heard for longer than is allowed', async () => {
    const world = await makeWorld({ heartbeat: { everyMs: 100, lostAfterMs: 1_000 } })
    const dispatch = world.dispatch({ bundleHash: world.bundle(TASKS), taskId: 'slow' })
    await world.started(dispatch)
    block(3_000)
    expect((await world.ended(dispatch)).outcome.state).toBe('success')
    await world.stop()
  })

  it('takes a result that was there in time, although it reads it past the timeout', async () => {
    const world = await makeWorld()
    const bundleHash = world.bundle(TASKS)
    await world.run({ bundleHash, taskId: 'brief' })
    const dispatch = world.dispatch({ bundleHash, taskId: 'brief', timeoutMs: 600 })
    await world.started(dispatch)
    block(1_000)
    expect((await world.ended(dispatch)).outcome.state).toBe('success')
    await world.stop()
  })
})
