/** When two serialized Dags are the same, and where they differ if not. */
import { createHash } from 'node:crypto'
import type { ParsedDag } from '../../core/ports/dag-source.ts'
import type { SerializedDag } from '../../core/serialized-dag.ts'

/** JSON with sorted keys and without undefined fields: equal text for equal values. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => {
    if (typeof part !== 'object' || part === null || Array.isArray(part)) return part
    return Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
  })
}

export function toParsedDag(serialized: SerializedDag, bundleHash: string): ParsedDag {
  const contentHash = createHash('sha256').update(canonicalJson({ bundleHash, serialized })).digest('hex')
  return { serialized, contentHash }
}

export interface Difference {
  /** `tasks[2].inputs.day.value` */
  readonly path: string
  readonly first: unknown
  readonly second: unknown
}

/** The first place, in order of keys, where two values of JSON differ, or `null`. */
export function firstDifference(first: unknown, second: unknown, path = ''): Difference | null {
  if (!isCompound(first) || !isCompound(second) || Array.isArray(first) !== Array.isArray(second)) {
    return Object.is(first, second) ? null : { path, first, second }
  }
  const inArray = Array.isArray(first)
  const a = first as Record<string, unknown>
  const b = second as Record<string, unknown>
  for (const key of [...new Set([...Object.keys(a), ...Object.keys(b)])]) {
    const inner = inArray ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`
    const found = firstDifference(a[key], b[key], inner)
    if (found !== null) return found
  }
  return null
}

function isCompound(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
