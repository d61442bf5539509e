/** However a try or its host dies: the cause is told, and no process is left. */
import { spawn } from 'node:child_process'
import { rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { tryKeyText } from '../../core/ids.ts'
import { createLocalExecutor } from '../../executor/local-executor.ts'
import { readProcess } from '../../executor/process-tree.ts'
import { createMemoryWorkerApi } from '../../testing/memory-worker-api.ts'
import { causeOf, dagOf, localOptions, makeWorld, returned, type World } from './harness.ts'

const TASKS = dagOf({
  pid: '() => process.pid',
  rss: `async () => {
    const held = []
    for (let i = 0; i < 100; i++) { held.push(Buffer.alloc(16 * 1024 * 1024, 1)); await new Promise((r) => setTimeout(r, 20)) }
    return held.length
  }`,
  heap: '() => { const held = []; for (;;) held.push(new Array(100_000).fill({ a: held.length })) }',
  shell:
    "() => { require('node:child_process').execSync('head -c 400000000 /dev/zero | tail', { stdio: 'pipe', maxBuffer: 1e9 }); return 1 }",
  kill9: "() => process.kill(process.pid, 'SIGKILL')",
  segv: "() => process.kill(process.pid, 'SIGSEGV')",
  stops: "() => { process.kill(process.pid, 'SIGSTOP') }",
  blocks: '() => { const until = Date.now() + 1500; while (Date.now() < until); return 1 }',
  deaf: `() => new Promise(() => {
    process.on('SIGTERM', () => {})
    tw.getContext().signal.addEventListener('abort', () => console.log('heard it'))
  })`,
  cleans: `() => new Promise((resolve) => {
    tw.getContext().signal.addEventListener('abort', () => { console.log('cleaned up'); resolve(1) })
  })`,
  family: `() => new Promise(() => {
    const { spawn } = require('node:child_process')
    spawn('sleep', ['1000'], { stdio: 'ignore' })
    spawn('sleep', ['1000'], { stdio: 'ignore', detached: true })
    spawn('sh', ['-c', 'setsid -w sh -c "sleep 1000 & sleep 1000"'], { stdio: 'ignore', detached: true, env: { PATH: process.env.PATH } })
    setTimeout(() => tw.getClient().setVariable('family', String(process.pid)), 200)
  })`,
  closes: "() => { require('node:fs').closeSync(1); return process.pid }",
  speaks: "() => { process.stdout.write('x'.repeat(3e6) + '\\nlast words\\n'); process.exit(5) }",
})

async function sleepersOf(folder: string): Promise<number> {
  const { readdir, readFile } = await import('node:fs/promises')
  let count = 0
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const facts = await readProcess(Number(name))
    if (facts === null || facts.state === 'Z' || facts.name !== 'sleep') continue
    const cwd = await readFile(`/proc/${name}/cmdline`, 'latin1').catch(() => '')
    if (cwd.includes('1000') && (await linkOf(`/proc/${name}/cwd`)).startsWith(folder)) count++
  }
  return count
}

async function linkOf(path: string): Promise<string> {
  const { readlink } = await import('node:fs/promises')
  return readlink(path).catch(() => '')
}

async function gone(pid: number): Promise<boolean> {
  const facts = await readProcess(pid)
  return facts === null || facts.state === 'Z'
}

describe('the death of a try', () => {
  let world: World
  let bundleHash: string
  beforeAll(async () => {
    world = await makeWorld({
      heartbeat: { everyMs: 50, lostAfterMs: 1_000 },
      limits: { memoryCheckEveryMs: 50 },
      killGraceMs: 200,
    })
    bundleHash = world.bundle(TASKS)
  })
  afterAll(() => world.stop())
  const run = (taskId: string, memoryLimitMb: number | null = null) => world.run({ bundleHash, taskId, memoryLimitMb })

  it.each(['rss', 'heap', 'shell'])('past its memory limit: %s', async (taskId) => {
    const cause = causeOf(await run(taskId, 200))
    expect(cause.kind).toBe('out-of-memory')
    expect(cause.message).toContain('200 MiB')
    expect(cause.message).toContain('memoryLimitMb: 512')
  })

  it.each([
    ['kill9', 'SIGKILL', 'out-of-memory killer'],
    ['segv', 'SIGSEGV', 'Native code'],
  ])('by a signal nobody here sent: %s', async (taskId, signal, hint) => {
    const cause = causeOf(await run(taskId))
    expect(cause).toMatchObject({ kind: 'signal', signal })
    expect(cause.message).toContain(hint)
  })

  it('by silence of its heartbeat, but not by a busy event loop', async () => {
    expect(causeOf(await run('stops')).kind).toBe('heartbeat')
    expect(returned(await run('blocks'))).toBe(1)
  })

  it('by cancelling: it may clean up, and is killed when it does not end', async () => {
    for (const [taskId, said] of [
      ['cleans', 'cleaned up'],
      ['deaf', 'heard it'],
    ] as const) {
      const dispatch = world.dispatch({ bundleHash, taskId })
      await world.started(dispatch)
      // The handler has run to its first wait once the child answers something after it.
      await new Promise((resolve) => setTimeout(resolve, 100))
      world.executor.cancel([dispatch.key], { by: 'user:anna' })
      const ended = await world.ended(dispatch)
      expect(causeOf(ended)).toMatchObject({ kind: 'cancelled', by: 'user:anna' })
      expect(await gone(ended.pid ?? 0)).toBe(true)
      expect(await world.text(dispatch)).toContain(said)
    }
  })

  it('after its last word: that counts, also while a large value is still being stored', async () => {
    const own = await makeWorld()
    try {
      const { setXCom } = own.api
      own.api.setXCom = async (...args) => {
        const pid = own.reports.find((report) => report.type === 'started')?.pid ?? 0
        process.kill(pid, 'SIGKILL')
        while (!(await gone(pid))) await new Promise((resolve) => setTimeout(resolve, 10))
        // The host has buried it by then.
        await new Promise((resolve) => setTimeout(resolve, 500))
        await setXCom(...args)
      }
      const dispatch = own.dispatch({
        bundleHash: own.bundle(dagOf({ large: "() => 'x'.repeat(200_000)" })),
        taskId: 'large',
      })
      const ended = await own.ended(dispatch)
      expect(ended.outcome).toEqual({ state: 'success', xcoms: [{ key: 'return_value', json: null, stored: true }] })
      expect(own.api.returnValues.get(tryKeyText(dispatch.key))).toHaveLength(200_002)
      expect(returned(await own.run({ bundleHash: own.bundle(TASKS), taskId: 'pid' }))).not.toBe(ended.pid)
    } finally {
      await own.stop()
    }
  })

  it('by losing leadership: at once, whatever grace there is, also when it was asked before', async () => {
    const patient = await makeWorld({ killGraceMs: 600_000 })
    try {
      const dispatch = patient.dispatch({ bundleHash: patient.bundle(TASKS), taskId: 'deaf' })
      await patient.started(dispatch)
      patient.executor.cancel([dispatch.key], { by: 'user:anna' })
      patient.executor.cancel([dispatch.key], { by: 'lost leadership', atOnce: true })
      const ended = await patient.ended(dispatch)
      expect(causeOf(ended)).toMatchObject({ kind: 'cancelled', by: 'user:anna' })
      expect(await gone(ended.pid ?? 0)).toBe(true)
    } finally {
      await patient.stop()
    }
  })

  it('takes its whole family along, also who left group, session and environment', async () => {
    const dispatch = world.dispatch({ bundleHash, taskId: 'family' })
    await expect.poll(() => world.api.variables.has('family'), { timeout: 10_000 }).toBe(true)
    expect(await sleepersOf(world.folder)).toBe(4)
    world.executor.cancel([dispatch.key], { by: 'user:anna' })
    await world.ended(dispatch)
    expect(await sleepersOf(world.folder)).toBe(0)
  })

  it('does not wait for output that cannot come', async () => {
    const pid = returned(await run('closes'))
    expect(returned(await run('pid'))).not.toBe(pid)
  })

  it('loses none of its last words', async () => {
    const dispatch = world.dispatch({ bundleHash, taskId: 'speaks' })
    expect(causeOf(await world.ended(dispatch))).toMatchObject({ kind: 'exit', exitCode: 5 })
    expect(await world.text(dispatch)).toContain('last words')
  })

  it('at the top of its file is told like any other', async () => {
    const exits = world.bundle('process.exit(4)')
    expect(causeOf(await world.run({ bundleHash: exits, taskId: 'x' }))).toMatchObject({ kind: 'exit', exitCode: 4 })
    const throws = world.bundle("throw new Error('no config')")
    const cause = causeOf(await world.run({ bundleHash: throws, taskId: 'x' }))
    expect(cause.kind).toBe('error')
    expect(cause.message).toContain('threw when it was loaded: Error: no config')
  })
})

describe('an executor whose children cannot start', () => {
  it('says why, in the log of each try', async () => {
    const world = await makeWorld({ childEntry: new URL('./no-such-file.ts', import.meta.url) })
    const bundleHash = world.bundle(TASKS)
    const dispatch = world.dispatch({ bundleHash, taskId: 'pid' })
    expect(causeOf(await world.ended(dispatch)).kind).toBe('not-started')
    expect(await world.text(dispatch)).toContain('no-such-file')
    await world.stop()
  })
})

describe('the death of a host by SIGKILL', () => {
  it('takes spinning children and their detached grandchildren along', async () => {
    const host = spawn(
      process.execPath,
      [fileURLToPath(new URL('./host-process.ts', import.meta.url)), 'spins', 'grandchild'],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    )
    const said = await new Promise<string>((resolve) => host.stdout.once('data', (chunk) => resolve(String(chunk))))
    const { pids, grandchild, folder } = JSON.parse(said) as { pids: number[]; grandchild: number; folder: string }
    expect(pids).toHaveLength(2)
    for (const pid of [...pids, grandchild]) expect(await gone(pid)).toBe(false)
    host.kill('SIGKILL')
    for (const pid of [...pids, grandchild]) await expect.poll(() => gone(pid), { timeout: 5_000 }).toBe(true)
    rmSync(folder, { recursive: true, force: true })
  })

  it('and what it left is ended by the next one with the same folder', async () => {
    const world = await makeWorld()
    const bundleHash = world.bundle(dagOf({ marker: '() => process.env.TRADEWIND_CHILD' }))
    const marker = String(returned(await world.run({ bundleHash, taskId: 'marker' })))
    const [scope, , token] = marker.split('.')
    // As a host that is long gone would have left it: its pid belongs to nobody.
    const orphan = spawn('sleep', ['1000'], {
      env: { TRADEWIND_CHILD: `${scope}.999999999-1.${token}` },
      stdio: 'ignore',
    })
    const living = spawn('sleep', ['1000'], { env: { TRADEWIND_CHILD: `${marker}x` }, stdio: 'ignore' })
    const next = createLocalExecutor(localOptions(world.folder, { api: createMemoryWorkerApi(), logs: world.logs }))
    await next.start(() => undefined)
    expect(await gone(orphan.pid ?? 0)).toBe(true)
    expect(await gone(living.pid ?? 0)).toBe(false)
    living.kill('SIGKILL')
    await next.stop(0, { by: 'shutdown' })
    await world.stop()
  })
})
