/**
 * Runs a bundle's code in this process and gives its Dags: for the parse child and the child that runs tries.
 * Invariant: the code of one hash runs at most once until it is evicted, also when it threw; bundles are loaded one
 * after another, so every Dag is collected by the bundle that made it. CommonJS can be freed, ESM never is by Node:
 * children that load many ESM bundles are replaced.
 */
import { randomBytes } from 'node:crypto'
import { mkdir, readFile, realpath, rename, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { compileFunction, constants } from 'node:vm'
import { PLACES, SDK_ENTRIES } from '../core/bundle-format.ts'
import type { BundleCode } from '../core/ports/worker-api.ts'
import * as airflow from '../sdk/airflow.ts'
import * as tradewind from '../sdk/index.ts'
import { beginCollection } from '../sdk/internal.ts'
import { createPlaces, type Places } from './bundle-places.ts'
import { type BundleSources, createBundleSources } from './bundle-sources.ts'

export interface BundleEnvironment {
  /** Where data files and native packages are found, as they were when the bundle was built. */
  readonly dagsFolder: string
  /** ESM bundles are written here to be imported. */
  readonly cacheDir: string
  /** False: loaded to run, so where things were declared is not recorded. Default true. */
  readonly places?: boolean
}

export interface LoadedBundle extends BundleSources {
  readonly dags: ReturnType<typeof beginCollection>['dags']
}

/** The bundle's own code threw while it was loaded; `cause` is what it threw, the stack names the author's places. */
export class BundleLoadError extends Error {
  readonly sources: BundleSources

  constructor(cause: unknown, sources: BundleSources) {
    const isError = cause instanceof Error
    super(isError ? cause.message : `The file threw ${String(cause)}, which is not an Error.`, { cause })
    this.name = isError ? cause.name : 'BundleLoadError'
    if (isError && cause.stack) this.stack = sources.mapStack(cause.stack)
    this.sources = sources
  }
}

/** What ESM code finds under `globalThis[Symbol.for(ESM_LINK)]`, by hash. */
const ESM_LINK = 'tradewind.bundles'

const loaded = new Map<string, Promise<LoadedBundle>>()
let previous: Promise<unknown> = Promise.resolve()
let evictions = 0

/** Rejects with `BundleLoadError` when the bundle's own code throws. */
export function loadBundle(bundle: BundleCode, env: BundleEnvironment): Promise<LoadedBundle> {
  const known = loaded.get(bundle.hash)
  if (known !== undefined) return known
  const loading = previous.then(() => load(bundle, env))
  previous = loading.catch(() => undefined)
  loaded.set(bundle.hash, loading)
  return loading
}

/** Forgets a bundle; its code runs again when it is next loaded. */
export function evictBundle(hash: string): void {
  if (loaded.delete(hash)) evictions += 1
}

/** The positions of a bundle that may still be loading. `dagsFolder` must be the real path. */
export function sourcesOf(bundle: BundleCode, env: BundleEnvironment): BundleSources {
  return createBundleSources(codePathOf(bundle, env), bundle.sourceMap)
}

function codePathOf(bundle: BundleCode, { dagsFolder, cacheDir }: BundleEnvironment): string {
  return bundle.format === 'cjs'
    ? join(dagsFolder, `.tradewind-${bundle.hash.slice(0, 16)}.cjs`)
    : join(cacheDir, `${bundle.hash}.mjs`)
}

async function load(bundle: BundleCode, env: BundleEnvironment): Promise<LoadedBundle> {
  linkSdk()
  const dagsFolder = await realpath(env.dagsFolder)
  const codePath = codePathOf(bundle, { dagsFolder, cacheDir: env.cacheDir })
  const sources = createBundleSources(codePath, bundle.sourceMap)
  const places = createPlaces(dagsFolder)
  const require = createRequire(join(dagsFolder, 'index.js'))
  if (bundle.format === 'esm') await writeModule(codePath, bundle)
  const collection = beginCollection({ places: env.places ?? true })
  try {
    if (bundle.format === 'cjs') runCommonJs(bundle.code, codePath, dagsFolder, require, places)
    else await importModule(bundle.hash, codePath, require, places)
    return { dags: [...collection.dags], ...sources }
  } catch (error) {
    throw new BundleLoadError(error, sources)
  } finally {
    collection.end()
  }
}

function runCommonJs(
  code: string,
  codePath: string,
  dagsFolder: string,
  require: NodeJS.Require,
  places: Places,
): void {
  const run = compileFunction(code, ['exports', 'require', 'module', '__filename', '__dirname', PLACES], {
    filename: codePath,
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  }) as (...values: unknown[]) => void
  const module = { exports: {}, id: codePath, filename: codePath, loaded: false }
  run.call(module.exports, module.exports, require, module, codePath, dagsFolder, places)
}

async function importModule(hash: string, codePath: string, require: NodeJS.Require, places: Places): Promise<void> {
  const links = linksOf(globalThis as Record<symbol, unknown>)
  links.set(hash, { require, places })
  try {
    // Node keeps a module for ever under its URL: after an eviction the same code needs another one.
    await import(`${pathToFileURL(codePath).href}?${evictions}`)
  } finally {
    links.delete(hash)
  }
}

type Links = Map<string, { readonly require: NodeJS.Require; readonly places: Places }>

function linksOf(global: Record<symbol, unknown>): Links {
  const key = Symbol.for(ESM_LINK)
  global[key] ??= new Map()
  return global[key] as Links
}

/** Written whole or not at all; a file with other content (somebody changed it) is replaced. */
async function writeModule(path: string, bundle: BundleCode): Promise<void> {
  const link = `globalThis[Symbol.for('${ESM_LINK}')].get('${bundle.hash}')`
  // On the line of the bundle's opening comment, so that no line moves.
  const code = `const { require, places: ${PLACES} } = ${link}; ${bundle.code}`
  if ((await readFile(path, 'utf8').catch(() => null)) === code) return
  await mkdir(join(path, '..'), { recursive: true })
  const draft = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`
  await writeFile(draft, code)
  await rename(draft, path)
}

function linkSdk(): void {
  const global = globalThis as Record<symbol, unknown>
  for (const { symbol, entry } of Object.values(SDK_ENTRIES)) {
    global[Symbol.for(symbol)] ??= entry === 'tradewind' ? tradewind : airflow
  }
}
