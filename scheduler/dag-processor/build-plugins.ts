/**
 * What makes a bundle independent of the machine it was built on, as esbuild plugins:
 * - the SDK is never bundled; its names are read at load from where the loader puts them;
 * - `import.meta`, `__dirname`, `__filename` and `require.resolve` of each source file become run-time lookups;
 * - native add-ons, and imports inside `node_modules` that cannot be resolved here (optional dependencies, other
 *   platforms), are required at run time from the place of the file that asks for them.
 */
import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, extname, join, relative, resolve } from 'node:path'
import { type Loader, type Message, type PartialMessage, type Plugin, transform } from 'esbuild'
import { NATIVE, PLACES, placeName, SDK_ENTRIES } from '../../core/bundle-format.ts'

/** Names the SDK's two entries export, told by the caller: this room does not import the SDK. */
export interface SdkExports {
  readonly tradewind: readonly string[]
  readonly airflow: readonly string[]
}

/** What the plugins saw in one build. */
export interface BuildTrace {
  /** Author's files that were read: real paths, also of a build that failed. */
  readonly read: Set<string>
  /** `name@version` of packages whose native add-ons are loaded at run time. */
  readonly natives: Set<string>
  usesSdk: boolean
}

const SOURCE_FILES = /\.[cm]?[jt]sx?$/
const ASKS_FOR_ITS_PLACE = /import\.meta|__dirname|__filename|require\.resolve/
/** Packages by which others find their native add-on at run time. */
const ADD_ON_FINDERS = /^(?:bindings|node-gyp-build|node-gyp-build-optional-packages|@mapbox\/node-pre-gyp)$/
const IN_NODE_MODULES = /[\\/]node_modules[\\/]/
const LOADERS: Readonly<Record<string, Loader>> = {
  '.tsx': 'tsx',
  '.jsx': 'jsx',
  '.ts': 'ts',
  '.mts': 'ts',
  '.cts': 'ts',
}

export function isInNodeModules(path: string): boolean {
  return IN_NODE_MODULES.test(path)
}

export function relativePath(folder: string, path: string): string {
  return relative(folder, path).replaceAll('\\', '/')
}

export function sdkNames(exports: SdkExports, specifier: string): readonly string[] {
  const known = SDK_ENTRIES[specifier]
  return known === undefined ? [] : exports[known.entry].filter((name) => name !== 'default')
}

export function linkSdk(exports: SdkExports, trace: BuildTrace): Plugin {
  return {
    name: 'tradewind-sdk',
    setup(build) {
      build.onResolve({ filter: /^(?:tradewind|apache-airflow-ts-sdk|@apache-airflow\/ts-sdk)$/ }, ({ path }) => {
        trace.usesSdk = true
        return { path, namespace: 'tradewind-sdk', sideEffects: false }
      })
      build.onResolve({ filter: /^(?:tradewind|apache-airflow-ts-sdk|@apache-airflow\/ts-sdk)\// }, ({ path }) => ({
        errors: [{ text: `Could not resolve "${path}"` }],
      }))
      build.onLoad({ filter: /.*/, namespace: 'tradewind-sdk' }, ({ path }) => {
        const symbol = SDK_ENTRIES[path]?.symbol ?? path
        const names = sdkNames(exports, path).map((name) => `export const ${name} = sdk.${name}\n`)
        return {
          contents: `const sdk = globalThis[Symbol.for(${JSON.stringify(symbol)})]\n${names.join('')}`,
          loader: 'js',
        }
      })
    },
  }
}

export function keepPlaces(folder: string, trace: BuildTrace): Plugin {
  return {
    name: 'tradewind-places',
    setup(build) {
      build.onLoad({ filter: SOURCE_FILES, namespace: 'file' }, async ({ path, with: attributes }) => {
        if (Object.keys(attributes).length > 0) return undefined
        if (!isInNodeModules(path)) trace.read.add(path)
        const source = await readFile(path, 'utf8')
        if (!ASKS_FOR_ITS_PLACE.test(source)) return undefined
        const place = `${PLACES}.${placeName(relativePath(folder, path))}`
        try {
          // A pass of its own, because `define` holds for a whole build; the inline map is chained into the bundle's.
          const { code } = await transform(source, {
            loader: LOADERS[extname(path)] ?? 'js',
            define: {
              'import.meta': place,
              __dirname: `${place}.dirname`,
              __filename: `${place}.filename`,
              'require.resolve': `${place}.require.resolve`,
            },
            sourcefile: path.slice(dirname(path).length + 1),
            sourcemap: 'inline',
            sourcesContent: true,
            charset: 'utf8',
            legalComments: 'none',
            logLevel: 'silent',
          })
          return { contents: code, loader: 'js' }
        } catch (error) {
          return { errors: messagesOf(error).map((message) => inFile(message, relativePath(folder, path))) }
        }
      })
    },
  }
}

/** `unresolved`: specifiers that an earlier pass could not resolve from within `node_modules`. */
export function requireAtRunTime(folder: string, unresolved: ReadonlySet<string>, trace: BuildTrace): Plugin {
  return {
    name: 'tradewind-run-time',
    setup(build) {
      const late = (importer: string, specifier: string) => ({
        path: `${relativePath(folder, importer)}|${specifier}`,
        namespace: 'tradewind-late',
        pluginData: { importer, specifier },
      })
      if (unresolved.size > 0) {
        const filter = new RegExp(`^(?:${[...unresolved].map(escapeForGo).join('|')})$`)
        build.onResolve({ filter }, ({ path, importer }) =>
          isInNodeModules(importer) ? late(importer, path) : undefined,
        )
      }
      build.onResolve({ filter: /\.node$/ }, async ({ path, importer, kind, resolveDir, pluginData }) => {
        if (pluginData === build) return undefined
        const found = await build.resolve(path, { importer, kind, resolveDir, namespace: 'file', pluginData: build })
        if (found.errors.length === 0) return { path: relativePath(folder, found.path), namespace: 'tradewind-native' }
        return isInNodeModules(importer) ? late(importer, path) : { errors: found.errors }
      })
      build.onResolve({ filter: ADD_ON_FINDERS }, ({ path, importer }) => {
        const packageFile = packageFileOf(importer)
        if (packageFile === null) return undefined
        recordNative(importer, trace)
        // `bindings` looks at the stack to find its caller's package, which a bundle hides: it is told.
        if (path !== 'bindings') return undefined
        return { path: relativePath(folder, packageFile), namespace: 'tradewind-bindings', pluginData: { importer } }
      })
      build.onLoad({ filter: /.*/, namespace: 'tradewind-bindings' }, ({ path, pluginData }) => {
        const { importer } = pluginData as { importer: string }
        const find = `${PLACES}.${placeName(relativePath(folder, importer))}.require('bindings')`
        const root = `${PLACES}.${placeName(path)}.dirname`
        return asModule(
          `(options) => ${find}({ module_root: ${root}, ...(typeof options === 'string' ? { bindings: options } : options) })`,
        )
      })
      build.onLoad({ filter: /.*/, namespace: 'tradewind-native' }, ({ path }) => {
        recordNative(resolve(folder, path), trace)
        return asModule(`${PLACES}.${NATIVE}(${JSON.stringify(path)})`)
      })
      build.onLoad({ filter: /.*/, namespace: 'tradewind-late' }, ({ pluginData }) => {
        const { importer, specifier } = pluginData as { importer: string; specifier: string }
        const place = placeName(relativePath(folder, importer))
        return asModule(`${PLACES}.${place}.require(${JSON.stringify(specifier)})`)
      })
    },
  }
}

/** The `package.json` of the package in `node_modules` that holds `path`, or `null`. */
export function packageFileOf(path: string): string | null {
  const parts = path.split(/[\\/]/)
  const at = parts.lastIndexOf('node_modules')
  if (at === -1) return null
  const depth = parts[at + 1]?.startsWith('@') ? 3 : 2
  return join(parts.slice(0, at + depth).join('/'), 'package.json')
}

/** Messages of a failed build or transform; any other error is thrown on. */
export function messagesOf(error: unknown): readonly Message[] {
  const messages = error instanceof Error ? (error as Error & { errors?: unknown }).errors : undefined
  if (!Array.isArray(messages)) throw error
  return messages as readonly Message[]
}

function recordNative(path: string, trace: BuildTrace): void {
  const file = packageFileOf(path)
  if (file === null) return
  const { name, version } = JSON.parse(readFileSync(file, 'utf8')) as { name?: string; version?: string }
  trace.natives.add(`${name}@${version}`)
}

function asModule(expression: string): { contents: string; loader: Loader } {
  return { contents: `module.exports = ${expression}`, loader: 'js' }
}

function inFile(message: Message, file: string): PartialMessage {
  return message.location === null ? { text: message.text } : { ...message, location: { ...message.location, file } }
}

function escapeForGo(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')
}
