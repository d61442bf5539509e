/**
 * The answers to a bundle's questions about its own place, from the Dags folder of this host: the `import.meta` of each
 * source file, a `require` that resolves as if the file were still there, native add-ons. Nothing here is tied to the
 * machine the bundle was built on.
 */
import { createRequire } from 'node:module'
import { dirname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { NATIVE, pathOfPlace } from '../core/bundle-format.ts'

/** What `import.meta` is inside a bundled file. */
export interface Place {
  readonly url: string
  readonly filename: string
  readonly dirname: string
  readonly main: false
  readonly require: NodeJS.Require
  resolve(specifier: string): string
}

/** Read by bundles as `places.at_<name>`, `places.native("<path>")`; see `core/bundle-format.ts`. */
export type Places = Readonly<Record<string, unknown>>

/** `dagsFolder`: real, absolute path. */
export function createPlaces(dagsFolder: string): Places {
  const known = new Map<string, Place>()
  const native = (path: string): unknown => createRequire(resolve(dagsFolder, 'index.js'))(resolve(dagsFolder, path))
  return new Proxy<Record<string, unknown>>(Object.create(null), {
    get(_target, name) {
      if (name === NATIVE) return native
      if (typeof name !== 'string') return undefined
      const path = pathOfPlace(name)
      if (path === null) return undefined
      const place = known.get(name) ?? placeAt(resolve(dagsFolder, path))
      known.set(name, place)
      return place
    },
  })
}

function placeAt(filename: string): Place {
  const require = createRequire(filename)
  return {
    url: pathToFileURL(filename).href,
    filename,
    dirname: dirname(filename),
    main: false,
    require,
    resolve(specifier) {
      if (specifier.startsWith('.') || specifier.startsWith('/')) {
        return new URL(specifier, pathToFileURL(filename)).href
      }
      const path = require.resolve(specifier)
      return path.startsWith('node:') || path === specifier
        ? `node:${path.replace(/^node:/, '')}`
        : pathToFileURL(path).href
    },
  }
}
