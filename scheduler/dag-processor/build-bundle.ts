/**
 * One Dag file and everything it imports, as one piece of code: CommonJS, or ESM when top-level await is used.
 * Invariant: the same files in the same places relative to each other give the same hash, wherever the folder lies.
 */
import { createHash } from 'node:crypto'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { type BuildOptions, build, type Loader, type Message } from 'esbuild'
import { BUNDLE_FORMAT, SDK_ABI } from '../../core/bundle-format.ts'
import type { BundleCode } from '../../core/ports/worker-api.ts'
import type { ImportProblem } from '../../core/serialized-dag.ts'
import {
  type BuildTrace,
  isInNodeModules,
  keepPlaces,
  linkSdk,
  messagesOf,
  packageFileOf,
  requireAtRunTime,
  type SdkExports,
  sdkNames,
} from './build-plugins.ts'
import { isRelative, needsEsm, packageName, toProblem, unresolvedSpecifier } from './build-problems.ts'
import { whileBuilding } from './bundler-process.ts'

export interface BuildRequest {
  /** Real path of the Dags folder. */
  readonly folder: string
  /** Of the Dag file, relative to the folder. */
  readonly file: string
  /** Its real path. */
  readonly path: string
  readonly sdkExports: SdkExports
}

/**
 * `dependencies` are absolute paths whose change, appearance or disappearance calls for a new build: the author's files,
 * the `package.json` of each package used, and the places where something missing was looked for.
 */
export type BuildResult =
  | {
      readonly ok: true
      readonly bundle: BundleCode
      /** False: it imports no SDK entry, so it cannot hold a Dag. */
      readonly usesSdk: boolean
      readonly dependencies: readonly string[]
    }
  | { readonly ok: false; readonly problems: readonly ImportProblem[]; readonly dependencies: readonly string[] }

/** Each pass can bring to light further imports of packages that cannot be resolved. */
const MOST_PASSES = 6
const BUNDLE_NAME = 'tradewind-bundle.js'
const TEXT: Loader = 'text'
const TEXT_FILES = ['sql', 'txt', 'csv', 'tsv', 'md', 'html', 'xml', 'yaml', 'yml', 'toml', 'graphql', 'gql', 'jsonl']
const ENDINGS = ['', '.ts', '.mts', '.js', '.mjs', '.tsx', '.json', '/index.ts', '/index.js']

export async function buildBundle(request: BuildRequest): Promise<BuildResult> {
  const unresolved = new Set<string>()
  let format: 'cjs' | 'esm' = 'cjs'
  for (let pass = 1; ; pass++) {
    const trace: BuildTrace = { read: new Set([request.path]), natives: new Set(), usesSdk: false }
    try {
      return await buildOnce(request, format, unresolved, trace)
    } catch (error) {
      const messages = messagesOf(error)
      const before = unresolved.size
      for (const specifier of unresolvedInPackages(messages, request.folder)) unresolved.add(specifier)
      const again = unresolved.size > before || (format === 'cjs' && needsEsm(messages))
      if (needsEsm(messages)) format = 'esm'
      if (!again || pass === MOST_PASSES) return failed(request, messages, trace)
    }
  }
}

async function buildOnce(
  request: BuildRequest,
  format: 'cjs' | 'esm',
  unresolved: ReadonlySet<string>,
  trace: BuildTrace,
): Promise<BuildResult> {
  const { folder, sdkExports } = request
  const options = {
    entryPoints: [request.path],
    absWorkingDir: folder,
    outfile: join(folder, BUNDLE_NAME),
    bundle: true,
    write: false,
    metafile: true,
    platform: 'node',
    target: 'node22',
    format,
    sourcemap: 'external',
    sourcesContent: true,
    keepNames: true,
    treeShaking: true,
    charset: 'utf8',
    legalComments: 'none',
    logLevel: 'silent',
    logLimit: 0,
    // The first line is a comment: the loader may write before it without moving any line.
    banner: { js: '// tradewind bundle' },
    loader: Object.fromEntries(TEXT_FILES.map((ending) => [`.${ending}`, TEXT])),
    plugins: [linkSdk(sdkExports, trace), requireAtRunTime(folder, unresolved, trace), keepPlaces(folder, trace)],
  } satisfies BuildOptions
  const { outputFiles, metafile } = await whileBuilding(() => build(options))
  const code = outputFiles.find(({ path }) => path.endsWith('.js'))?.text ?? ''
  const sourceMap = outputFiles.find(({ path }) => path.endsWith('.map'))?.text ?? null
  const inputs = Object.keys(metafile.inputs).filter((input) => !/^tradewind-[a-z]+:/.test(input))
  const paths = inputs.map((input) => resolve(folder, input.replace(/ with \{.*\}$/, '')))
  return {
    ok: true,
    usesSdk: trace.usesSdk,
    bundle: {
      hash: createHash('sha256').update(`${format}\n`).update(code).digest('hex'),
      format,
      code,
      sourceMap,
      manifest: {
        bundleFormat: BUNDLE_FORMAT,
        sdkAbi: SDK_ABI,
        nodeAbi: process.versions.modules,
        externals: [...trace.natives].sort(),
      },
    },
    dependencies: unique([...trace.read, ...paths.map((path) => packageFileOf(path) ?? path)]),
  }
}

function failed(request: BuildRequest, messages: readonly Message[], trace: BuildTrace): BuildResult {
  const names = (specifier: string) => sdkNames(request.sdkExports, specifier)
  return {
    ok: false,
    problems: messages.map((message) => toProblem(message, request.file, names)),
    dependencies: unique([...trace.read, ...messages.flatMap((message) => lookedFor(message, request.folder))]),
  }
}

function unresolvedInPackages(messages: readonly Message[], folder: string): string[] {
  return messages.flatMap((message) => {
    const specifier = unresolvedSpecifier(message)
    const importer = message.location?.file
    return specifier !== null && importer !== undefined && isInNodeModules(resolve(folder, importer)) ? [specifier] : []
  })
}

/** Where the missing import of a message would be, were it there. */
function lookedFor(message: Message, folder: string): string[] {
  const specifier = unresolvedSpecifier(message)
  if (message.location === null) return []
  const importer = resolve(folder, message.location.file)
  if (specifier === null) return isInNodeModules(importer) ? [] : [importer]
  if (isRelative(specifier) || isAbsolute(specifier)) {
    const target = resolve(dirname(importer), specifier)
    const stem = target.replace(/\.[cm]?jsx?$/, '')
    return unique([target, stem].flatMap((path) => ENDINGS.map((ending) => path + ending)))
  }
  const places: string[] = []
  for (let dir = dirname(importer); ; dir = dirname(dir)) {
    places.push(join(dir, 'node_modules', packageName(specifier), 'package.json'))
    if (dirname(dir) === dir) return places
  }
}

function unique(paths: readonly string[]): string[] {
  return [...new Set(paths)]
}
