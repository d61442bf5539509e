/**
 * Ids by time. Events are written in the order of their ids by one leader at a time, so time rises with them but for the
 * differences of the leaders' clocks: the ids of a time are looked for with a margin, and the time itself is asked again of
 * each event. Reads a few pages for each of some twenty looks.
 *
 * Indexes: the partition, then BRIN (id) within it. Locks: none.
 */
import type pg from 'pg'
import { lastEventId } from './last-event.ts'

/** Clocks of leaders that differ by more, or are set back by more, hide events from a search by time. */
const MARGIN_MS = 60_000
/** Ids looked at for the first event from an id on; many times as many where there is none. */
const LOOK = 128

export interface IdBounds {
  /** All events of the time are beyond this id. */
  readonly after: number
  /** And below this one. */
  readonly before: number
}

export async function boundsOf(
  pool: pg.Pool,
  time: { readonly from?: number; readonly to?: number },
): Promise<IdBounds> {
  const last = await lastEventId(pool)
  const first = (await nextEvent(pool, 0, last))?.id ?? last
  const after = time.from === undefined ? first - 1 : await lastBefore(pool, time.from - MARGIN_MS, first - 1, last)
  const to =
    time.to === undefined ? last : await lastBefore(pool, time.to + MARGIN_MS, Math.max(after, first - 1), last)
  return { after, before: to + 1 }
}

/** The highest id up to which all events are earlier than `at`, between `low` (known to be) and `high`. */
async function lastBefore(pool: pg.Pool, at: number, low: number, high: number): Promise<number> {
  let [from, to] = [low, high]
  while (from < to) {
    const middle = from + Math.ceil((to - from) / 2)
    const event = await nextEvent(pool, middle, to)
    // Only gaps up there.
    if (event === null) to = middle - 1
    else if (event.at < at) from = event.id
    else to = middle - 1
  }
  return from
}

/** The first event from `id` on, up to `last`. */
async function nextEvent(pool: pg.Pool, id: number, last: number): Promise<{ id: number; at: number } | null> {
  let from = id
  for (let span = LOOK; from <= last; span *= 16) {
    const to = Math.min(last, from + span - 1)
    const found = await pool.query<{ id: number; at: number }>(
      'select e.id, e.at from event e where e.id >= $1 and e.id <= $2 order by e.id limit 1',
      [from, to],
    )
    if (found.rows[0] !== undefined) return found.rows[0]
    from = to + 1
  }
  return null
}
