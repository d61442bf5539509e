/**
 * How many events there are, and of what. Invariant: one call reads a bounded number of ids and says where to go on, so a
 * count of years is a sum of short statements.
 *
 * Indexes: as for pages. Locks: none.
 */
import type pg from 'pg'
import type { CountedBy } from '../../core/event-log/kinds.ts'
import { boundsOf } from './event-bounds.ts'
import { type EventFilter, eventSource } from './event-filter.ts'

export interface EventCounts {
  /** In falling order of count. Without `by` one, with the key `null`. */
  readonly groups: readonly { readonly key: string | null; readonly count: number }[]
  /** Cursor; `null` when all are counted. */
  readonly next: number | null
}

const SPAN = 250_000
const MOST_IDS = 2_000_000

const KEYS: Readonly<Record<CountedBy, string>> = {
  kind: 'e.kind',
  state: "case when e.kind ~ '^(run|ti)[.]' then split_part(e.kind, '.', 2) end",
  task: "e.dag_id || '.' || (select t.task_id from task_instance t where t.id = e.ti_id)",
  dag: 'e.dag_id',
  actor: 'e.actor',
  day: "to_char(e.at at time zone 'UTC', 'YYYY-MM-DD')",
}

/** `cursor`: as `next` of the call before said; its counts are to be added to those. */
export async function countEvents(
  pool: pg.Pool,
  filter: EventFilter,
  { by, cursor }: { readonly by?: CountedBy; readonly cursor?: number } = {},
): Promise<EventCounts> {
  const counts = new Map<string | null, number>()
  const add = async (span: { readonly after: number | null; readonly before: number | null }) => {
    const values: unknown[] = []
    const value = (one: unknown) => `$${values.push(one)}`
    const key = by === undefined ? 'null::text' : KEYS[by]
    const { rows } = await pool.query<{ key: string | null; count: number }>(
      `select ${key} as key, count(*)::integer as count from (${eventSource(filter, value, span)}) as e group by 1`,
      values,
    )
    for (const row of rows) counts.set(row.key, (counts.get(row.key) ?? 0) + row.count)
  }
  const result = (next: number | null): EventCounts => ({
    groups: [...counts]
      .map(([key, count]) => ({ key, count }))
      .sort((a, b) => b.count - a.count || compare(a.key, b.key)),
    next,
  })
  if (filter.dagRunIds !== undefined) {
    if (filter.dagRunIds.length > 0) await add({ after: null, before: null })
    return result(null)
  }
  const bounds = await boundsOf(pool, filter)
  let after = Math.max(bounds.after, cursor ?? 0)
  for (let read = 0; read < MOST_IDS; read += SPAN) {
    if (after >= bounds.before - 1) return result(null)
    const before = Math.min(bounds.before, after + SPAN + 1)
    await add({ after, before })
    after = before - 1
  }
  return result(after >= bounds.before - 1 ? null : after)
}

function compare(a: string | null, b: string | null): number {
  if (a === b) return 0
  return (a ?? '') < (b ?? '') ? -1 : 1
}
