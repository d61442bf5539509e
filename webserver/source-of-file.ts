/** The author's own text of a file, out of the source map of the bundle it became part of. Nothing is read from disk. */
import type { BundleCode } from '../core/ports/worker-api.ts'

/** `file` is relative to the Dags folder. `null` when the map does not hold it. */
export function sourceOfFile(bundle: Pick<BundleCode, 'sourceMap'>, file: string): string | null {
  if (bundle.sourceMap === null) return null
  const map: unknown = JSON.parse(bundle.sourceMap)
  if (typeof map !== 'object' || map === null || !('sources' in map) || !('sourcesContent' in map)) return null
  const { sources, sourcesContent } = map
  if (!Array.isArray(sources) || !Array.isArray(sourcesContent)) return null
  const names = sources.map((name) => (typeof name === 'string' ? withoutDots(name) : ''))
  const exact = names.indexOf(withoutDots(file))
  const at = exact >= 0 ? exact : names.findIndex((name) => name.endsWith(`/${withoutDots(file)}`))
  const content: unknown = sourcesContent[at]
  return typeof content === 'string' ? content : null
}

function withoutDots(name: string): string {
  return name.replace(/^(\.{0,2}\/)+/, '')
}
