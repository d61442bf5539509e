/** The history from the table, by position. NOTIFY only says when to look, and may be lost. */
import { lastEventId, pageEvents } from '../../database/queries/event-pages.ts'
import { EVENT_CHANNEL } from '../../database/store/commit-statement.ts'
import type { Pool } from '../database-access.ts'
import type { Platform } from './platform.ts'
import { shownEvent } from './shown.ts'

export function eventSource(pool: Pool): Pick<Platform, 'events' | 'lastEventId' | 'onEvents'> {
  return {
    events: async ({ dagId, run, kinds, falling, after, limit }) => {
      const { events, next } = await pageEvents(pool, {
        falling,
        limit,
        ...(dagId === undefined ? {} : { dagId }),
        ...(run === undefined ? {} : { dagRunId: run.id }),
        ...(kinds.length === 0 ? {} : { kinds }),
        ...(after === undefined ? {} : { cursor: after }),
      })
      return { events: events.map(shownEvent), next }
    },
    lastEventId: () => lastEventId(pool),
    onEvents: async (look) => {
      const client = await pool.connect()
      // Broken, it gives no hints any more: looking now and then has to do.
      client.on('error', () => {})
      client.on('notification', look)
      await client.query(`listen ${EVENT_CHANNEL}`)
      // Not given back to others while it listens.
      return async () => client.release(true)
    },
  }
}
