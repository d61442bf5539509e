/** Nothing of one try reaches the next one in the same warm child. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { causeOf, dagOf, makeWorld, returned, type World } from './harness.ts'

const TASKS = dagOf(
  {
    pid: '() => process.pid',
    look: `() => ({
    pid: process.pid, secret: process.env.LEFT ?? null, kept: process.env.FROM_TOP ?? null, allowed: process.env.ALLOWED,
    cwd: process.cwd(), listeners: process.listenerCount('SIGUSR2') + process.listenerCount('exit'), exitCode: process.exitCode ?? null,
    umask: process.umask(),
  })`,
    mess: `() => {
    process.env.LEFT = 'behind'; delete process.env.ALLOWED; delete process.env.FROM_TOP
    process.chdir('/'); process.exitCode = 9; process.umask(0o077)
    process.on('SIGUSR2', () => {}); process.on('exit', () => {}); process.removeAllListeners('uncaughtException')
    return process.pid
  }`,
    timer: '() => { setInterval(() => {}, 1000); return process.pid }',
    server:
      "() => new Promise((resolve) => { require('node:net').createServer().listen(0, () => resolve(process.pid)) })",
    prints: "() => { process.stdout.write('no line end'); process.stderr.write('neither here') }",
    lateOutput:
      "() => { setTimeout(() => { console.log('LATE'); require('node:fs').writeSync(1, 'RAW\\n') }, 60).unref() }",
    lateError: "() => { setTimeout(() => { throw new Error('too late') }, 60).unref(); return process.pid }",
    lateRejection:
      "() => { setTimeout(() => Promise.reject(new Error('rejected late')), 60).unref(); return process.pid }",
    lateExit: '() => { setTimeout(() => process.exit(3), 60).unref() }',
    slow: '() => new Promise((resolve) => setTimeout(resolve, 250, process.pid))',
    uncaught: "() => new Promise(() => { setTimeout(() => { throw new Error('out of band') }, 5) })",
    rejection: "() => { Promise.reject(new Error('nobody waits')); return new Promise(() => {}) }",
    grandchild: "() => require('node:child_process').spawn('sleep', ['1000'], { stdio: 'ignore' }).unref()",
    background: "() => { require('node:child_process').execSync('sleep 1000 > /dev/null 2>&1 &') }",
    setsid: `() => new Promise((resolve) => {
    const child = require('node:child_process').spawn('sleep', ['1000'], { detached: true, stdio: 'ignore' })
    child.unref()
    child.on('spawn', () => resolve(child.pid))
  })`,
    daemon: "() => { require('node:child_process').execSync('setsid sleep 1000 > /dev/null 2>&1 &') }",
    done: "() => new Promise((resolve) => require('node:child_process').execFile('echo', ['hi'], (e, out) => resolve([process.pid, out.trim()])))",
  },
  "process.env.FROM_TOP = 'set at the top'",
)

describe('a warm child between two tries', () => {
  let world: World
  let bundleHash: string
  beforeAll(async () => {
    world = await makeWorld({ slots: 1 })
    bundleHash = world.bundle(TASKS)
  })
  afterAll(() => world.stop())
  const run = (taskId: string) => world.run({ bundleHash, taskId })

  it('has its environment, working folder, listeners, umask and exit code back', async () => {
    const before = returned(await run('look'))
    const messy = world.dispatch({ bundleHash, taskId: 'mess' })
    const pid = returned(await world.ended(messy))
    const after = returned(await run('look'))
    expect(after).toEqual(before)
    expect(after).toMatchObject({ pid, secret: null, kept: 'set at the top', allowed: 'yes', exitCode: null })
    expect(await world.text(messy)).toMatch(/changed environment variables \(.*LEFT.*the working folder/)
  })

  it.each(['timer', 'server'])('is replaced when a try left a %s open, and the log says so', async (taskId) => {
    const dispatch = world.dispatch({ bundleHash, taskId })
    const pid = returned(await world.ended(dispatch))
    expect(await world.text(dispatch)).toMatch(/left open: (Timeout|TCPServerWrap)/)
    expect(returned(await run('pid'))).not.toBe(pid)
  })

  it('keeps output apart at the border', async () => {
    const pairs = []
    for (let i = 0; i < 20; i++) pairs.push(world.dispatch({ bundleHash, taskId: 'prints' }))
    for (const dispatch of pairs) {
      await world.ended(dispatch)
      const lines = (await world.log(dispatch)).map((line) => line.text).sort()
      expect(lines).toEqual(['neither here', 'no line end'])
    }
  })

  it('gives late output to the try that wrote it', async () => {
    const first = world.dispatch({ bundleHash, taskId: 'lateOutput' })
    const second = world.dispatch({ bundleHash, taskId: 'slow' })
    await world.ended(second)
    expect(await world.text(first)).toContain('LATE')
    expect(await world.text(second)).not.toContain('LATE')
  })

  it.each([
    ['lateError', 'too late'],
    ['lateRejection', 'rejected late'],
  ])(
    'attributes a late error (%s) to the try that made it, and is replaced after the running one',
    async (taskId, text) => {
      const first = world.dispatch({ bundleHash, taskId })
      const second = world.dispatch({ bundleHash, taskId: 'slow' })
      const pid = returned(await world.ended(first))
      expect(returned(await world.ended(second))).toBe(pid)
      expect(await world.text(first)).toContain(text)
      expect(await world.text(second)).toBe('')
      expect(returned(await run('pid'))).not.toBe(pid)
    },
  )

  it('blames the neighbour that took the child down', async () => {
    const guilty = world.dispatch({ bundleHash, taskId: 'lateExit' })
    const victim = world.dispatch({ bundleHash, taskId: 'slow' })
    expect((await world.ended(guilty)).outcome.state).toBe('success')
    expect(causeOf(await world.ended(victim)).kind).toBe('bad-neighbour')
    expect(await world.text(guilty)).toContain('took another try down')
  })

  it.each([
    ['uncaught', 'out of band'],
    ['rejection', 'nobody waits'],
  ])('fails the running try at an error nobody catches: %s', async (taskId, text) => {
    const cause = causeOf(await run(taskId))
    expect(cause.kind).toBe('error')
    expect(cause.message).toContain(text)
  })

  it.each(['grandchild', 'background', 'setsid', 'daemon'])(
    'ends processes left behind before it reports: %s',
    async (taskId) => {
      const dispatch = world.dispatch({ bundleHash, taskId })
      expect((await world.ended(dispatch)).outcome.state).toBe('success')
      // Found while it becomes one, a `sleep` still bears the name of what started it.
      expect(await world.text(dispatch)).toMatch(/left processes running, which were ended: (?:sleep|setsid|sh) /)
    },
  )

  it('stays when a process it started has ended', async () => {
    const [pid, out] = returned(await run('done')) as [number, string]
    expect(out).toBe('hi')
    expect(returned(await run('pid'))).toBe(pid)
  })
})

describe('children', () => {
  it('are replaced after their number of tries, and ended when idle for long', async () => {
    const world = await makeWorld({ slots: 1, warm: { idleMs: 50, maxIdle: 0, maxTriesPerChild: 2, maxRssMb: 1_000 } })
    const bundleHash = world.bundle(TASKS)
    const pids = []
    for (const taskId of ['pid', 'pid', 'pid']) pids.push(returned(await world.run({ bundleHash, taskId })))
    expect(pids[0]).toBe(pids[1])
    expect(pids[1]).not.toBe(pids[2])
    const { pid } = world.reports.findLast((report) => report.type === 'ended') ?? { pid: null }
    await expect.poll(() => alive(pid ?? 0), { timeout: 5_000 }).toBe(false)
    await world.stop()
  })

  it("are fresh for isolation: 'process', and ended after it", async () => {
    const world = await makeWorld({ slots: 1 })
    const bundleHash = world.bundle(TASKS)
    const warm = returned(await world.run({ bundleHash, taskId: 'pid' }))
    const isolated = []
    for (const isolation of ['process', 'process'] as const) {
      isolated.push(returned(await world.run({ bundleHash, taskId: 'pid', isolation })))
      expect(alive(isolated.at(-1) as number)).toBe(false)
    }
    expect(new Set([warm, ...isolated]).size).toBe(3)
    await world.stop()
  })
})

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
