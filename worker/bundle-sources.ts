/**
 * From positions in a bundle's code back to the author's files. Paths are relative to the Dags folder, so that a stack
 * reads the same on every host. The map is parsed when the first position is asked for.
 */
import { SourceMap, type SourceMapPayload } from 'node:module'
import { pathToFileURL } from 'node:url'
import type { SourcePlace } from '../core/ports/parse-protocol.ts'

/** 1-based, as V8 gives it; `file` is a path or a `file:` URL. */
export interface RawPosition {
  readonly file: string
  readonly line: number
  readonly column: number
}

export interface BundleSources {
  /** `null`: not of this bundle, or nothing the author wrote. */
  positionOf(raw: RawPosition): SourcePlace | null
  /** The stack with author's places, without frames of the platform or of Node itself. */
  mapStack(stack: string): string
  /** The innermost frame in the author's own files (not in `node_modules`), else in any source. */
  placeIn(stack: string): SourcePlace | null
}

const PLATFORM_FRAMES = [pathToFileURL(import.meta.dirname).href, import.meta.dirname].map((path) =>
  path.replace(/worker$/, ''),
)
const PLATFORM_ROOMS = /^(?:worker|sdk|executor|scheduler|core)\//

/** `codePath`: under which the code was compiled. */
export function createBundleSources(codePath: string, sourceMap: string | null): BundleSources {
  let map: SourceMap | null | undefined
  const names = [codePath, pathToFileURL(codePath).href]
  const inCode = new RegExp(`(?:${names.map(literally).join('|')})(?:\\?\\d+)?:(\\d+):(\\d+)`, 'g')

  function find(line: number, column: number): SourcePlace | null {
    map ??= sourceMap === null ? null : new SourceMap(JSON.parse(sourceMap) as SourceMapPayload)
    if (map === null) return null
    const entry = map.findEntry(line - 1, column - 1)
    if (!('originalSource' in entry) || !entry.originalSource) return null
    return { file: entry.originalSource, line: entry.originalLine + 1, column: entry.originalColumn + 1 }
  }

  return {
    positionOf({ file, line, column }) {
      return names.includes(file.replace(/\?\d+$/, '')) ? find(line, column) : null
    },
    mapStack(stack) {
      const mapped = stack.replaceAll(inCode, (text: string, line: string, column: string) => {
        const place = find(Number(line), Number(column))
        return place === null ? text : `${place.file}:${place.line}:${place.column}`
      })
      return mapped
        .split('\n')
        .filter((line) => !isPlatformFrame(line))
        .join('\n')
    },
    placeIn(stack) {
      const places = [...stack.matchAll(inCode)].flatMap(([, line, column]) => find(Number(line), Number(column)) ?? [])
      return places.find(({ file }) => !file.includes('node_modules/')) ?? places[0] ?? null
    },
  }
}

function isPlatformFrame(line: string): boolean {
  if (!/^\s+at /.test(line)) return false
  if (/[( ]node:internal\//.test(line)) return true
  return PLATFORM_FRAMES.some((root) => {
    const at = line.indexOf(root)
    return at !== -1 && PLATFORM_ROOMS.test(line.slice(at + root.length))
  })
}

function literally(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')
}
