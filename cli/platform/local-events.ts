/** The history from the table, by position. NOTIFY only says when to look, and may be lost. */
import { listenForEvents } from '../../database/event-hints.ts'
import { countEvents } from '../../database/queries/event-counts.ts'
import { runsOfCorrelation, type EventFilter as TableFilter } from '../../database/queries/event-filter.ts'
import { pageEvents } from '../../database/queries/event-pages.ts'
import { lastEventId } from '../../database/queries/last-event.ts'
import type { Pool } from '../database-access.ts'
import type { EventFilter, Platform } from './platform.ts'
import { shownEvent } from './shown.ts'
import { addCounts } from './sum-counts.ts'

type EventSource = Pick<Platform, 'events' | 'countEvents' | 'lastEventId' | 'onEvents'>

export function eventSource(pool: Pool): EventSource {
  return {
    events: async ({ falling, after, limit, ...filter }) => {
      const page = { ...(await tableFilter(pool, filter)), falling, limit }
      const { events, next } = await pageEvents(pool, { ...page, ...(after === undefined ? {} : { cursor: after }) })
      return { events: events.map(shownEvent), next }
    },
    countEvents: async (filter, by) => {
      const wanted = await tableFilter(pool, filter)
      return addCounts(async (cursor) => {
        const options = { ...(by === undefined ? {} : { by }), ...(cursor === null ? {} : { cursor }) }
        return countEvents(pool, wanted, options)
      })
    },
    lastEventId: () => lastEventId(pool),
    // It connects again by itself, and tells when it has.
    onEvents: async (look) => ({ isLive: () => true, close: listenForEvents(pool, look) }),
  }
}

async function tableFilter(pool: Pool, filter: EventFilter): Promise<TableFilter> {
  const { run, kinds, correlation, ...same } = filter
  const correlated = correlation === undefined ? undefined : await runsOfCorrelation(pool, correlation)
  const runs = run === undefined ? correlated : (correlated?.filter((id) => id === run.id) ?? [run.id])
  return {
    ...same,
    ...(runs === undefined ? {} : { dagRunIds: runs }),
    ...(kinds.length === 0 ? {} : { kinds }),
  }
}
