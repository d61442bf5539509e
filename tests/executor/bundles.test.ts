/** Bundles on their way into children and out of them again, built ones included; and how large things may get. */
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { buildBundle } from '../../scheduler/dag-processor/build-bundle.ts'
import { SDK_EXPORTS } from '../dag-processor/workbench.ts'
import { causeOf, dagOf, makeWorld, returned, type World } from './harness.ts'

const WARM = { idleMs: 60_000, maxIdle: 1, maxTriesPerChild: 10_000, maxRssMb: 1_000 }
/** Says which bundles its process has loaded, in order. */
const loads = (name: string) =>
  dagOf({ loads: '() => [process.pid, ...globalThis.loads]' }, `;(globalThis.loads ??= []).push('${name}')`)
const fetched = (world: World) => world.api.calls.filter((name) => name === 'getBundle').length
const codeFiles = async (world: World) =>
  (await readdir(join(world.folder, 'cache', 'bundles'))).filter((name) => name.endsWith('.code')).length

describe('a bundle', () => {
  it('is given up by a child that holds too many, and loaded again', async () => {
    const world = await makeWorld({ slots: 1, warm: WARM, limits: { bundlesPerChild: 2 } })
    const [a, b, c] = ['a', 'b', 'c'].map((name) => world.bundle(loads(name)))
    const seen: unknown[] = []
    for (const bundleHash of [a, b, a, c, a, b]) {
      seen.push(returned(await world.run({ bundleHash: bundleHash ?? '', taskId: 'loads' })))
    }
    const [pid] = seen[0] as [number]
    // `a` was used after `b`, so `c` takes the place of `b`, and `b` that of `c`.
    expect(seen.at(-1)).toEqual([pid, 'a', 'b', 'c', 'b'])
    expect(fetched(world)).toBe(3)
    await world.stop()
  })

  it('is given up by a host that holds too much, and had again', async () => {
    const world = await makeWorld({ slots: 1, warm: WARM, limits: { bundlesPerChild: 1, bundleCacheBytes: 1 } })
    const hashes = Array.from({ length: 12 }, (_, index) => world.bundle(loads(String(index))))
    for (const bundleHash of [...hashes, hashes[0] ?? '']) {
      expect((await world.run({ bundleHash, taskId: 'loads' })).outcome.state).toBe('success')
    }
    expect(fetched(world)).toBe(13)
    await expect.poll(() => codeFiles(world), { timeout: 10_000 }).toBe(8)
    await world.stop()
  })

  it('is written again when somebody emptied the cache folder', async () => {
    const world = await makeWorld({ warm: WARM })
    const [a, b] = ['a', 'b'].map((name) => world.bundle(loads(name))) as [string, string]
    await world.run({ bundleHash: a, taskId: 'loads' })
    await rm(join(world.folder, 'cache'), { recursive: true })
    for (const bundleHash of [a, b]) {
      const ended = await world.run({ bundleHash, taskId: 'loads', isolation: 'process' })
      expect(ended.outcome).toMatchObject({ state: 'success' })
    }
    await world.stop()
  })

  it('that cannot be kept is no secret: place, cause and remedy', async () => {
    const world = await makeWorld()
    const folder = join(world.folder, 'cache', 'bundles')
    await rm(folder, { recursive: true })
    await writeFile(folder, 'a file in its place')
    const cause = causeOf(await world.run({ bundleHash: world.bundle(loads('a')), taskId: 'loads' }))
    expect(cause.kind).toBe('not-started')
    expect(cause.message).toMatch(/cannot be kept in .*bundles: ENOTDIR.* Free space/)
    await world.stop()
  })

  it.each([
    ['cjs', ''],
    ['esm', 'await Promise.resolve()\n'],
  ])('built as %s runs, and its errors name the file and line of the author', async (format, top) => {
    const world = await makeWorld({ slots: 1 })
    const folder = join(world.folder, 'dags')
    await mkdir(join(folder, 'lib'))
    await writeFile(
      join(folder, 'lib', 'deep.ts'),
      '\n\nexport function deep(): never {\n  throw new Error("deep down")\n}\n',
    )
    const text = `import { Dag } from 'tradewind'
import { deep } from './lib/deep.ts'
${top}const dag = new Dag('d')
dag.task('fine', () => import.meta.url.split('/').at(-1))()
dag.task('boom', async () => {
  await Promise.resolve()
  deep()
})()
`
    const path = join(folder, 'flow.ts')
    await writeFile(path, text)
    const built = await buildBundle({ folder, file: 'flow.ts', path, sdkExports: SDK_EXPORTS })
    if (!built.ok) throw new Error(JSON.stringify(built.problems))
    const { bundle } = built
    expect(bundle.format).toBe(format)
    world.api.bundles.set(bundle.hash, bundle)
    expect(returned(await world.run({ bundleHash: bundle.hash, taskId: 'fine' }))).toBe('flow.ts')
    const cause = causeOf(await world.run({ bundleHash: bundle.hash, taskId: 'boom' }))
    expect(cause.message).toBe('Error: deep down')
    expect(cause.stack).toMatch(/lib\/deep\.ts:4:\d+/)
    const line = text.split('\n').indexOf('  deep()') + 1
    expect(cause.stack).toMatch(new RegExp(`[( ]flow\\.ts:${line}:\\d+`))
    expect(cause.stack).not.toMatch(/tradewind-|\.mjs|\.cjs|worker\//)
    await world.stop()
  })
})

describe('what is too large', () => {
  it('is a return value or XCom above 16 MiB, and not one just below', async () => {
    const world = await makeWorld()
    const bundleHash = world.bundle(
      dagOf({
        below: "() => 'x'.repeat(16 * 1024 * 1024 - 2)",
        above: "() => 'x'.repeat(16 * 1024 * 1024 - 1)",
        wide: "() => 'é'.repeat(9 * 1024 * 1024)",
        xcom: "() => tw.getClient().setXCom({ key: 'big', value: 'x'.repeat(17 * 1024 * 1024) })",
      }),
    )
    const below = world.dispatch({ bundleHash, taskId: 'below' })
    expect((await world.ended(below)).outcome).toMatchObject({ state: 'success', xcoms: [{ stored: true }] })
    expect(world.api.returnValues.get(`${below.key.tiId}.1`)?.length).toBe(16 * 1024 * 1024)
    for (const [taskId, what] of [
      ['above', 'The return value is 16.0 MiB'],
      ['wide', 'The return value is 18.0 MiB'],
      ['xcom', 'The XCom "big" is 17.0 MiB'],
    ] as const) {
      const cause = causeOf(await world.run({ bundleHash, taskId }))
      expect(cause.message).toContain(`${what} of JSON, more than the limit of 16.0 MiB`)
    }
    expect(world.api.xcoms.size).toBe(1)
    await world.stop()
  })

  it('is a child after a try that keeps much memory: it is replaced', async () => {
    const world = await makeWorld({
      slots: 1,
      warm: { ...WARM, maxRssMb: 200 },
      heartbeat: { everyMs: 50, lostAfterMs: 5_000 },
      defaults: { memoryLimitMb: 1_000 },
    })
    const bundleHash = world.bundle(
      dagOf({
        pid: '() => process.pid',
        keeps: `() => {
          globalThis.kept = Buffer.alloc(200 * 1024 * 1024, 1)
          return new Promise((resolve) => setTimeout(resolve, 300, process.pid))
        }`,
      }),
    )
    const run = async (taskId: string) => returned(await world.run({ bundleHash, taskId }))
    const first = await run('pid')
    expect(await run('pid')).toBe(first)
    expect(await run('keeps')).toBe(first)
    expect(await run('pid')).not.toBe(first)
    await world.stop()
  })
})

describe('output right before the result', () => {
  it('is in the log of its own try, to the last word', async () => {
    const world = await makeWorld({ slots: 1, childEntry: new URL('./stray-child.ts', import.meta.url) })
    const tries = [1, 2, 3].map(() => world.dispatch({ bundleHash: '', taskId: 'x', kind: 'trigger' }))
    for (const dispatch of tries) await world.ended(dispatch)
    for (const [at, dispatch] of tries.entries()) {
      const lines = (await world.text(dispatch)).split('\n')
      for (const fd of [1, 2]) {
        expect(lines.filter((line) => line === `${at + 1} of ${fd}`)).toHaveLength(40_000)
        expect(lines).toContain(`last of ${at + 1} on ${fd}`)
      }
      expect(lines).toHaveLength(80_002)
    }
    await world.stop()
  })
})
