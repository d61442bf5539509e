/**
 * Pages of the history, newest or oldest first, with filters. Invariant: of a run by its index; over everything a bounded
 * span of ids is read, so a page stays quick with millions of events and may be short: it says where to go on.
 *
 * Indexes: `event (dag_run_id, id)`; else the partition, then BRIN within it. Locks: none.
 */
import type pg from 'pg'
import type { EventRecord } from '../../core/records.ts'
import { boundsOf } from './event-bounds.ts'
import { type EventFilter, eventSource } from './event-filter.ts'
import { EVENT_NAMES, NAMES_JOIN } from './event-names.ts'
import { WHOLE_EVENT_COLUMNS } from './events.ts'
import { lastEventId } from './last-event.ts'

export interface ShownEvent extends EventRecord {
  /** Names, while the run and the TI are there. */
  readonly runId: string | null
  readonly taskId: string | null
  readonly mapIndex: number | null
}

export interface EventPageFilter extends EventFilter {
  readonly falling: boolean
  /** From beyond this id on. */
  readonly cursor?: number
  readonly limit: number
}

/** Ids read in the first round over everything; each round without a full page reads more, up to the sum of one page. */
const SPAN = 5_000
const MOST_IDS = 500_000

export async function pageEvents(
  pool: pg.Pool,
  page: EventPageFilter,
): Promise<{ events: readonly ShownEvent[]; next: number | null }> {
  const { falling, cursor, limit } = page
  if (page.dagRunIds !== undefined) {
    const span = falling ? { after: null, before: cursor ?? null } : { after: cursor ?? null, before: null }
    const events = page.dagRunIds.length === 0 ? [] : await readEvents(pool, page, span, limit)
    return { events, next: events.length < limit ? null : (events.at(-1)?.id ?? null) }
  }
  const isTimed = page.from !== undefined || page.to !== undefined
  const bounds = isTimed ? await boundsOf(pool, page) : { after: 0, before: (await lastEventId(pool)) + 1 }
  const found: ShownEvent[] = []
  let at = falling ? Math.min(cursor ?? bounds.before, bounds.before) : Math.max(cursor ?? bounds.after, bounds.after)
  for (let span = SPAN, read = 0; read < MOST_IDS; read += span, span = Math.min(span * 4, MOST_IDS / 4)) {
    if (falling ? at <= bounds.after + 1 : at >= bounds.before - 1) return { events: found, next: null }
    const end = falling ? Math.max(bounds.after, at - span - 1) : Math.min(bounds.before, at + span + 1)
    const ids = falling ? { after: end, before: at } : { after: at, before: end }
    found.push(...(await readEvents(pool, page, ids, limit - found.length)))
    if (found.length >= limit) return { events: found, next: found.at(-1)?.id ?? null }
    at = falling ? end + 1 : end - 1
  }
  return { events: found, next: at }
}

/** Both ends exclusive. */
async function readEvents(
  pool: pg.Pool,
  filter: EventFilter & { readonly falling: boolean },
  span: { readonly after: number | null; readonly before: number | null },
  limit: number,
): Promise<readonly ShownEvent[]> {
  const values: unknown[] = []
  const value = (one: unknown) => `$${values.push(one)}`
  const { falling } = filter
  const result = await pool.query<ShownEvent>(
    `select ${WHOLE_EVENT_COLUMNS}, ${EVENT_NAMES}
     from (${eventSource(filter, value, span, { falling, limit })}) as e ${NAMES_JOIN}
     order by e.id ${falling ? 'desc' : 'asc'}`,
    values,
  )
  return result.rows
}

/** By id. */
export async function getEvent(pool: pg.Pool, id: number): Promise<ShownEvent | null> {
  const page = { falling: false }
  const [event] = await readEvents(pool, page, { after: id - 1, before: id + 1 }, 1)
  return event ?? null
}
