/**
 * The history. Ids rise in the order of the commits, so a reader that goes on from the last id it saw misses nothing.
 * Indexes: `event (dag_run_id, id)`; by id: the partition, then BRIN within it. Locks: none.
 */
import type pg from 'pg'
import type { EventLine, EventRecord } from '../../core/records.ts'
import { selectList } from '../select-list.ts'

/** Select list of an event under the alias `e`. */
export const EVENT_COLUMNS = selectList<EventLine>('e', [
  'id',
  'at',
  'dagRunId',
  'dagId',
  'tiId',
  'tryNumber',
  'kind',
  'actor',
  'cause',
])

/** With what a rebuild needs. */
export const WHOLE_EVENT_COLUMNS = `${EVENT_COLUMNS}, ${selectList<EventRecord>('e', ['data'])}`

export interface EventPage {
  /** Events after this id. Default 0. */
  readonly afterId?: number
  /** Default 1,000. */
  readonly limit?: number
}

/** Events of one run, oldest first. */
export async function listEvents(
  pool: pg.Pool,
  dagRunId: number,
  { afterId = 0, limit = 1_000 }: EventPage = {},
): Promise<readonly EventLine[]> {
  const result = await pool.query<EventLine>(
    `select ${EVENT_COLUMNS} from event e where e.dag_run_id = $1 and e.id > $2 order by e.id limit $3`,
    [dagRunId, afterId, limit],
  )
  return result.rows
}

/**
 * Events of everything, oldest first; fewer than `limit` do not mean that these were the last, none does. A span of ids is
 * read, so a reader far behind does not sort a whole partition for each page.
 */
export async function listEventsAfter(
  pool: pg.Pool,
  { afterId = 0, limit = 1_000 }: EventPage = {},
): Promise<readonly EventLine[]> {
  const span = await pool.query<EventLine>(
    `select ${EVENT_COLUMNS} from event e where e.id > $1 and e.id <= $2 order by e.id`,
    [afterId, afterId + limit],
  )
  if (span.rows.length > 0) return span.rows
  // At the end, or in front of a gap that a tick which came to nothing has left.
  const next = await pool.query<EventLine>(
    `select ${EVENT_COLUMNS} from event e where e.id > $1 order by e.id limit $2`,
    [afterId, limit],
  )
  return next.rows
}
