/**
 * Where a connection leads. Invariant: a kept secret is used for the place it was given for and for no other; whoever moves
 * a connection gives its secrets again, so that nobody learns a password by pointing its connection at a host of theirs.
 */
import type { Json } from './json.ts'

export interface Place {
  readonly type: string
  readonly host: string | null
  readonly port: number | null
  readonly schema: string | null
}

const FIELDS = ['type', 'host', 'port', 'schema'] as const

/** Parts of names under which drivers look for a place in extra: `endpoint_url`, `proxies`, `hostname`, `socketPath`, ... */
const PLACE_KEY =
  /host|ur[li]|endpoint|server|addr|port|proxy|proxies|socket|account|domain|tenant|region|dsn|broker|gateway|instance|project|service|schema|database|protocol/i

/** Names of what differs; nothing and an empty text are the same. */
export function movedFields(before: Place, after: Place): string[] {
  return FIELDS.filter((name) => (before[name] ?? '') !== (after[name] ?? ''))
}

/** Keys of `extra` (JSON text) that name a place, or hold an object that may, and differ between the two. */
export function movedExtraKeys(before: string | null, after: string | null): string[] {
  if (before === after) return []
  const [old, now] = [placesOf(before), placesOf(after)]
  return [...new Set([...old.keys(), ...now.keys()])].filter((key) => old.get(key) !== now.get(key))
}

function placesOf(extra: string | null): ReadonlyMap<string, string> {
  const value = extra === null || extra === '' ? {} : (JSON.parse(extra) as Json)
  if (typeof value !== 'object' || value === null) return new Map()
  return new Map(
    Object.entries(value).flatMap(([key, one]) =>
      PLACE_KEY.test(key) || (typeof one === 'object' && one !== null) ? [[key, JSON.stringify(one)] as const] : [],
    ),
  )
}
