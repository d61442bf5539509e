/**
 * The history. Ids rise in the order of the commits, so a reader that goes on from the last id it saw misses nothing.
 * Indexes: `event (dag_run_id, id)`; by id: the partition, then BRIN within it. Locks: none.
 */
import type pg from 'pg'
import type { EventRecord } from '../../core/records.ts'
import { selectList } from '../select-list.ts'

const columns = selectList<EventRecord>('e', [
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
): Promise<readonly EventRecord[]> {
  const result = await pool.query<EventRecord>(
    `select ${columns} from event e where e.dag_run_id = $1 and e.id > $2 order by e.id limit $3`,
    [dagRunId, afterId, limit],
  )
  return result.rows
}

/** Events of everything, oldest first. The span of ids read is bounded, so this never sorts a whole partition. */
export async function listEventsAfter(
  pool: pg.Pool,
  { afterId = 0, limit = 1_000 }: EventPage = {},
): Promise<readonly EventRecord[]> {
  const result = await pool.query<EventRecord>(
    `select ${columns} from event e where e.id > $1 and e.id <= $2 order by e.id`,
    [afterId, afterId + limit],
  )
  return result.rows
}
