/** The loader that parse children and the children that run tries share. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { BundleCode } from '../../core/ports/worker-api.ts'
import { buildBundle } from '../../scheduler/dag-processor/build-bundle.ts'
import { handlerOf } from '../../sdk/internal.ts'
import { BundleLoadError, evictBundle, loadBundle } from '../../worker/load-bundle.ts'
import { openWorkbench, SDK_EXPORTS, type Workbench } from './workbench.ts'

const counters = globalThis as { timesLoaded?: number }

async function build(bench: Workbench, file: string): Promise<BundleCode> {
  const built = await buildBundle({
    folder: bench.folder,
    file,
    path: join(bench.folder, file),
    sdkExports: SDK_EXPORTS,
  })
  if (!built.ok) throw new Error(JSON.stringify(built.problems))
  return built.bundle
}

const COUNTING = `import { Dag } from 'tradewind'
Object.assign(globalThis, { timesLoaded: ((globalThis as { timesLoaded?: number }).timesLoaded ?? 0) + 1 })
const dag = new Dag('counted')
type Row = { a: number }
dag.task('fails', async (): Promise<Row> => {
  throw new Error('as expected')
})()
`

test.each([
  ['cjs', ''],
  ['esm', 'await Promise.resolve()'],
])('%s: loaded once, again after eviction, with stacks in the author’s lines', async (format, extra) => {
  await using bench = await openWorkbench()
  await bench.write('team/counted.ts', COUNTING + extra)
  const bundle = await build(bench, 'team/counted.ts')
  expect(bundle.format).toBe(format)
  const env = { dagsFolder: bench.folder, cacheDir: bench.cacheDir }
  counters.timesLoaded = 0
  const [first, second] = await Promise.all([loadBundle(bundle, env), loadBundle(bundle, env)])
  expect(second).toBe(first)
  expect(counters.timesLoaded).toBe(1)
  const [dag] = first.dags
  const handler = handlerOf(dag!, 'fails') as (args: object) => Promise<unknown>
  const error = await handler({}).then(
    () => expect.unreachable(),
    (thrown: unknown) => thrown as Error,
  )
  const stack = first.mapStack(error.stack ?? '')
  expect(stack.split('\n').slice(0, 2).join('\n')).toMatch(/^Error: as expected\n\s+at .*team\/counted\.ts:6:9/)
  expect(stack).not.toContain(bench.root)

  evictBundle(bundle.hash)
  const again = await loadBundle(bundle, env)
  expect(counters.timesLoaded).toBe(2)
  expect(again.dags).toHaveLength(1)
  expect(again.dags[0]).not.toBe(dag)
  evictBundle(bundle.hash)
  if (format === 'esm') expect(await readdir(bench.cacheDir)).toEqual([`${bundle.hash}.mjs`])
})

test('each bundle has its own Dags, also when several load at once', async () => {
  await using bench = await openWorkbench()
  const env = { dagsFolder: bench.folder, cacheDir: bench.cacheDir }
  const names = ['a', 'b', 'c']
  const bundles = await Promise.all(
    names.map(async (name) => {
      await bench.write(
        `${name}.ts`,
        `import { Dag } from 'tradewind'\nawait new Promise((done) => setImmediate(done))\nnew Dag('${name}')`,
      )
      return build(bench, `${name}.ts`)
    }),
  )
  const loaded = await Promise.all(bundles.map((bundle) => loadBundle(bundle, env)))
  expect(loaded.map(({ dags }) => dags.map(({ dagId }) => dagId))).toEqual([['a'], ['b'], ['c']])
})

test('code that throws runs once, too, and the error names the place', async () => {
  await using bench = await openWorkbench()
  await bench.write(
    'bad.ts',
    `import { Dag } from 'tradewind'\nObject.assign(globalThis, { timesLoaded: 1 + ((globalThis as { timesLoaded?: number }).timesLoaded ?? 0) })\nnew Dag('x')\nthrow new TypeError('no good')`,
  )
  const bundle = await build(bench, 'bad.ts')
  counters.timesLoaded = 0
  const env = { dagsFolder: bench.folder, cacheDir: bench.cacheDir }
  for (let attempt = 0; attempt < 2; attempt++) {
    const error = await loadBundle(bundle, env).then(
      () => expect.unreachable(),
      (thrown: unknown) => thrown,
    )
    expect(error).toBeInstanceOf(BundleLoadError)
    expect(error).toMatchObject({ name: 'TypeError', message: 'no good', stack: expect.stringMatching(/bad\.ts:4:7/) })
  }
  expect(counters.timesLoaded).toBe(1)
})

test('a thousand versions of a CommonJS bundle leave no code behind', async () => {
  await using bench = await openWorkbench()
  await bench.write(
    'a.ts',
    `import { Dag } from 'tradewind'\nnew Dag('a', { description: '${'x'.repeat(10_000)}' })\nexport const big = new Array(50_000).fill(1)`,
  )
  const bundle = await build(bench, 'a.ts')
  const env = { dagsFolder: bench.folder, cacheDir: bench.cacheDir }
  const kept: WeakRef<object>[] = []
  for (let version = 0; version < 1000; version++) {
    const hash = `${version}`.padStart(64, '0')
    const { dags } = await loadBundle({ ...bundle, hash, code: `${bundle.code}\n// ${version}` }, env)
    kept.push(new WeakRef(dags))
    evictBundle(hash)
  }
  // Every value of 400 kB is held by its bundle: all of them kept would be 400 MB.
  expect(process.memoryUsage().heapUsed).toBeLessThan(300e6)
  expect(kept.filter((ref) => ref.deref() === undefined).length).toBeGreaterThan(500)
})
