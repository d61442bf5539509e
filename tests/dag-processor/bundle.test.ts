/** Bundles: what files may import, where they think they are, and that the machine leaves no trace in them. */
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, describe, expect, test } from 'vitest'
import type { BundleCode } from '../../core/ports/worker-api.ts'
import { buildBundle } from '../../scheduler/dag-processor/build-bundle.ts'
import { copyElsewhere, dagFile, openWorkbench, SDK_EXPORTS, type Workbench } from './workbench.ts'

const IMPORT = `import { Dag } from 'tradewind'\n`
const copies: string[] = []
afterEach(async () => {
  for (const copy of copies.splice(0)) await rm(copy, { recursive: true, force: true })
})

async function bundleOf(folder: string, file: string): Promise<BundleCode> {
  const built = await buildBundle({ folder, file, path: join(folder, file), sdkExports: SDK_EXPORTS })
  if (!built.ok) throw new Error(JSON.stringify(built.problems))
  return built.bundle
}

/** What a file puts into its Dag's description, as JSON. */
async function told(bench: Workbench, file: string): Promise<unknown> {
  const { report } = await bench.processor.parseOne(file)
  if (report.type === 'broken') throw new Error(JSON.stringify(report.problems))
  return JSON.parse(report.dags[0]?.serialized.description ?? 'null')
}

async function writePackage(root: string, name: string, files: Record<string, string>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    const target = join(root, 'node_modules', name, path)
    await mkdir(dirname(target), { recursive: true })
    await writeFile(target, text)
  }
}

describe('hash', () => {
  test('is equal from two roots, with packages, places and data; code and map hold no path of the machine', async () => {
    await using bench = await openWorkbench()
    await writePackage(bench.root, 'placed', {
      'package.json': '{ "name": "placed", "version": "1.2.3" }',
      'index.js': `'use strict'\nexports.where = __dirname\nexports.data = require('./data.json')\ntry { require('not-there') } catch {}\nexports.later = () => [require('also-not-there'), require('./addon.node')]`,
      'addon.node': 'never loaded here',
      'data.json': '{}',
    })
    await bench.write('lib/here.ts', 'export const here = import.meta.url')
    await bench.write(
      'a.ts',
      `${IMPORT}import { where } from 'placed'\nimport { here } from './lib/here.ts'\nnew Dag('a', { description: where + here + import.meta.dirname })`,
    )
    await bench.write('esm.ts', `${IMPORT}await 1\nnew Dag('b', { description: __filename })`)
    const copy = await copyElsewhere(bench.root)
    copies.push(copy)
    for (const file of ['a.ts', 'esm.ts']) {
      const here = await bundleOf(bench.folder, file)
      const there = await bundleOf(join(copy, 'dags'), file)
      expect(there.hash).toBe(here.hash)
      expect(there.code).toBe(here.code)
      expect(there.sourceMap).toBe(here.sourceMap)
      expect(here.code + here.sourceMap).not.toContain(bench.root)
      expect(here.manifest).toMatchObject({
        bundleFormat: 1,
        sdkAbi: 1,
        nodeAbi: process.versions.modules,
        externals: file === 'a.ts' ? ['placed@1.2.3'] : [],
      })
    }
  })

  test('changes with code that counts, not with what is not used', async () => {
    await using bench = await openWorkbench()
    await bench.write('lib.ts', 'export const used = 1\nexport const unused = 1')
    await bench.write('a.ts', `${IMPORT}import { used } from './lib.ts'\nnew Dag('a', { description: String(used) })`)
    const first = await bundleOf(bench.folder, 'a.ts')
    await bench.write('lib.ts', 'export const used = 1\nexport const unused = 2')
    expect((await bundleOf(bench.folder, 'a.ts')).hash).toBe(first.hash)
    await bench.write('lib.ts', 'export const used = 2\nexport const unused = 2')
    expect((await bundleOf(bench.folder, 'a.ts')).hash).not.toBe(first.hash)
  })
})

describe('a file knows its place', () => {
  const ask = (prefix: string) => `${IMPORT}${prefix}
import { createRequire } from 'node:module'
import { readFileSync } from 'node:fs'
import { inner } from './lib/inner.ts'
import packaged from 'placed'
const require = createRequire(import.meta.url)
function named() {}
new Dag('a', { description: JSON.stringify([
  import.meta.url, import.meta.dirname, import.meta.filename, __dirname, __filename, import.meta.resolve('./x.js'),
  require.resolve('placed'), require('./beside.json').n, readFileSync(new URL('./beside.txt', import.meta.url), 'utf8'),
  inner, packaged, named.name, 'import.meta.url in text',
]) })`

  test.each([
    ['CommonJS', ''],
    ['ESM, by top-level await', 'await Promise.resolve()'],
  ])('%s', async (_name, prefix) => {
    await using bench = await openWorkbench()
    await writePackage(bench.root, 'placed', {
      'package.json': '{ "name": "placed", "version": "1.0.0", "main": "lib/index.js" }',
      'lib/index.js': `"use strict"\nmodule.exports = [__dirname, require.resolve('./index.js'), (function () { return this === undefined })()]`,
    })
    await bench.write('team/beside.json', '{ "n": 7 }')
    await bench.write('team/beside.txt', 'text')
    await bench.write('team/lib/inner.ts', 'export const inner = [import.meta.url, __dirname]')
    await bench.write('team/a.ts', ask(prefix))
    const dir = join(bench.folder, 'team')
    const lib = join(bench.root, 'node_modules/placed/lib')
    const url = (path: string) => pathToFileURL(path).href
    expect(await told(bench, 'team/a.ts')).toEqual([
      url(join(dir, 'a.ts')),
      dir,
      join(dir, 'a.ts'),
      dir,
      join(dir, 'a.ts'),
      url(join(dir, 'x.js')),
      join(lib, 'index.js'),
      7,
      'text',
      [url(join(dir, 'lib/inner.ts')), join(dir, 'lib')],
      [lib, join(lib, 'index.js'), true],
      'named',
      'import.meta.url in text',
    ])
  })
})

describe('imports', () => {
  test('packages of this repository: luxon in CommonJS and in ESM', async () => {
    await using bench = await openWorkbench()
    await bench.installPackages()
    const code = `import { DateTime } from 'luxon'\nnew Dag('a', { description: JSON.stringify(DateTime.fromISO('2026-01-02').year) })`
    await bench.write('cjs.ts', IMPORT + code)
    await bench.write('esm.ts', `${IMPORT}await 1\n${code}`)
    expect(await told(bench, 'cjs.ts')).toBe(2026)
    expect(await told(bench, 'esm.ts')).toBe(2026)
    expect((await bundleOf(bench.folder, 'esm.ts')).format).toBe('esm')
  })

  test('a native package is loaded at run time and recorded', async () => {
    await using bench = await openWorkbench()
    await bench.installPackages()
    const code = `import { DuckDBInstance } from '@duckdb/node-api'\nimport duckdb from '@duckdb/node-api'\nnew Dag('a', { description: JSON.stringify([typeof DuckDBInstance.create, typeof duckdb.version()]) })`
    await bench.write('duck.ts', IMPORT + code)
    expect(await told(bench, 'duck.ts')).toEqual(['function', 'string'])
    const { manifest, code: bundled } = await bundleOf(bench.folder, 'duck.ts')
    expect(manifest?.externals).toEqual([expect.stringMatching(/^@duckdb\/node-bindings-[a-z0-9-]+@\d/)])
    expect(bundled).not.toContain(bench.root)
    await bench.write('duck-esm.ts', `${IMPORT}await 1\n${code}`)
    expect(await told(bench, 'duck-esm.ts')).toEqual(['function', 'string'])
  })

  test('a package that finds its add-on by "bindings" is told where it lies', async () => {
    await using bench = await openWorkbench()
    await writePackage(bench.root, 'bindings', {
      'package.json': '{ "name": "bindings", "version": "1.5.0" }',
      'index.js': `module.exports = (options) => [options.module_root ?? new Error('lost').stack, options.bindings]`,
    })
    await writePackage(bench.root, '@native/sqlite', {
      'package.json': '{ "name": "@native/sqlite", "version": "3.1.0", "main": "lib/database.js" }',
      'lib/database.js': `module.exports = require('bindings')('addon.node')`,
    })
    await bench.write(
      'a.ts',
      `${IMPORT}import found from '@native/sqlite'\nnew Dag('a', { description: JSON.stringify(found) })`,
    )
    expect(await told(bench, 'a.ts')).toEqual([join(bench.root, 'node_modules/@native/sqlite'), 'addon.node'])
    expect((await bundleOf(bench.folder, 'a.ts')).manifest?.externals).toEqual(['@native/sqlite@3.1.0'])
  })

  test('the SDK under each of its names is the one that collects', async () => {
    await using bench = await openWorkbench()
    for (const name of ['apache-airflow-ts-sdk', '@apache-airflow/ts-sdk']) {
      await bench.write(
        'a.ts',
        `import { Dag } from '${name}'\nconst dag = new Dag('airflow')\ndag.task('t', async () => 1, {})()`,
      )
      const { report } = await bench.processor.parseOne('a.ts')
      expect(report).toMatchObject({ type: 'parsed', dags: [{ serialized: { dagId: 'airflow', airflow: true } }] })
    }
  })

  test('what cannot be imported is said with file, line and remedy, all at once', async () => {
    await using bench = await openWorkbench()
    await bench.write(
      'a.ts',
      `import { Dag, runDag } from 'tradewind'
import left from 'left-pad-of-nobody/sub'
import scoped from '@nobody/at-all'
import './lib/none.ts'
import { runDag as test } from 'tradewind/testing'
import data from './data.parquet'
console.log(runDag, left, scoped, test, data, Dag)`,
    )
    await bench.write('data.parquet', 'x')
    const { report } = await bench.processor.parseOne('a.ts')
    expect(report.type === 'broken' && report.problems.map(({ line, remedy }) => [line, remedy])).toEqual([
      [2, expect.stringContaining('npm install left-pad-of-nobody"')],
      [3, expect.stringContaining('npm install @nobody/at-all"')],
      [4, expect.stringContaining('Create lib/none.ts')],
      [5, expect.stringContaining('no other entry')],
      [6, expect.stringContaining(`readFile(new URL('./data.parquet', import.meta.url))`)],
    ])
    await bench.write(
      'b.ts',
      `import { Dag, Dagg } from 'tradewind'\nimport { no } from './lib.ts'\nconsole.log(Dag, Dagg, no)`,
    )
    await bench.write('lib.ts', 'export const yes = 1')
    expect((await bench.processor.parseOne('b.ts')).report).toMatchObject({
      problems: [
        { code: 'unknown-export', line: 1, column: 15, remedy: expect.stringContaining('Dag') },
        { code: 'unknown-export', line: 2, file: 'b.ts' },
      ],
    })
  })

  test('a package that gets installed heals the file', async () => {
    await using bench = await openWorkbench({ rescanMs: 60_000 })
    await bench.write('a.ts', `${IMPORT}import value from 'fresh'\nnew Dag('a', { description: value })`)
    await bench.processor.start()
    expect(bench.lastOf('a.ts')).toMatchObject({ problems: [{ remedy: expect.stringContaining('npm install fresh') }] })
    await writePackage(bench.root, 'fresh', {
      'package.json': '{ "name": "fresh" }',
      'index.js': `module.exports = 'v1'`,
    })
    await bench.processor.rescan()
    expect(bench.lastOf('a.ts')).toMatchObject({ type: 'parsed', dags: [{ serialized: { description: 'v1' } }] })
    await writePackage(bench.root, 'fresh', {
      'package.json': '{ "name": "fresh", "version": "2.0.0" }',
      'index.js': `module.exports = 'v2'`,
    })
    await bench.processor.rescan()
    expect(bench.lastOf('a.ts')).toMatchObject({ type: 'parsed', dags: [{ serialized: { description: 'v2' } }] })
  })

  test('an optional import inside a package throws only when it is reached', async () => {
    await using bench = await openWorkbench()
    await writePackage(bench.root, 'optional', {
      'package.json': '{ "name": "optional", "version": "1.0.0" }',
      'index.js': `exports.load = (name) => { switch (name) { case 'a': return require('native-of-another-platform/x.node'); case 'b': return require('not-installed') } }`,
    })
    await bench.write(
      'a.ts',
      `${IMPORT}import { load } from 'optional'
const attempt = (name: string) => { try { return load(name) } catch (error) { return (error as { code: string }).code } }
new Dag('a', { description: JSON.stringify([attempt('a'), attempt('b'), load('c') ?? null]) })`,
    )
    expect(await told(bench, 'a.ts')).toEqual(['MODULE_NOT_FOUND', 'MODULE_NOT_FOUND', null])
  })

  test('an empty file and one without Dags are no problem', async () => {
    await using bench = await openWorkbench()
    await bench.write('empty.ts', '')
    await bench.write('dag.ts', dagFile('x'))
    expect((await bench.processor.parseOne('empty.ts')).report).toMatchObject({ type: 'parsed', dags: [] })
  })
})
