/** Counts that come in pieces, as one: a long history is counted by several short questions. */
import type { EventCount } from './platform.ts'

interface Piece {
  readonly groups: readonly EventCount[]
  /** Where to go on; `null` at the end. */
  readonly next: number | null
}

/** In falling order of count. */
export async function addCounts(ask: (cursor: number | null) => Promise<Piece>): Promise<readonly EventCount[]> {
  const counts = new Map<string | null, number>()
  for (let cursor: number | null = null; ; ) {
    const { groups, next }: Piece = await ask(cursor)
    for (const { key, count } of groups) counts.set(key, (counts.get(key) ?? 0) + count)
    if (next === null) break
    cursor = next
  }
  return [...counts].map(([key, count]) => ({ key, count })).sort((a, b) => b.count - a.count)
}
