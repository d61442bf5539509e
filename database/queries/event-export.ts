/**
 * Events as they are, oldest first, page by page: memory holds one page however many there are, and none is read before the
 * one before it was taken.
 *
 * Indexes: as for pages. Locks: none.
 */
import type pg from 'pg'
import type { EventFilter } from './event-filter.ts'
import { pageEvents, type ShownEvent } from './event-pages.ts'

const PAGE = 2_000

/** Up to the event that is the last one now; `after`: from beyond this id on. */
export async function* exportEvents(
  pool: pg.Pool,
  filter: EventFilter,
  { after, upTo }: { readonly after?: number; readonly upTo: number },
): AsyncGenerator<readonly ShownEvent[]> {
  for (let cursor = after; ; ) {
    const page = { ...filter, falling: false, limit: PAGE, ...(cursor === undefined ? {} : { cursor }) }
    const { events, next } = await pageEvents(pool, page)
    const wanted = events.filter((event) => event.id <= upTo)
    if (wanted.length > 0) yield wanted
    if (next === null || next >= upTo) return
    cursor = next
  }
}
