/** Filters of the event log, the same for its pages, its counts and its export. */
import { type Static, Type } from 'typebox'
import { type EventFilter, runsOfCorrelation } from '../database/queries/event-filter.ts'
import { getRun } from '../database/queries/runs.ts'
import { getTi } from '../database/queries/task-instances.ts'
import { EarlyReply } from './error-replies.ts'
import type { Pool } from './pool.ts'
import { maybeInstant } from './read-query.ts'
import { instantQuery, several } from './schemas/shapes.ts'

const name = Type.Optional(Type.String({ maxLength: 250 }))

export const eventFilter = {
  dag_id: name,
  run_id: name,
  task_id: name,
  map_index: Type.Optional(Type.Integer({ minimum: -1, maximum: 1_000_000 })),
  try_number: Type.Optional(Type.Integer({ minimum: 0, maximum: 2_147_483_647 })),
  correlation_id: Type.Optional(
    Type.String({
      maxLength: 250,
      description: 'A business id, or the number of a run: all that happened in its runs.',
    }),
  ),
  state: several(),
  owner: Type.Optional(
    Type.String({
      maxLength: 250,
      description: 'Who caused it; with a colon at its end a beginning, such as `user:`.',
    }),
  ),
  event: several(),
  included_events: several(),
  before: instantQuery,
  after: instantQuery,
}

const filterType = Type.Object(eventFilter)
export type EventQuery = Static<typeof filterType>

/** Most values of one field: each is a condition. */
const MOST_KINDS = 50

/** Runs that are named and not there: the filter finds nothing. */
export async function readEventFilter(pool: Pool, query: EventQuery): Promise<EventFilter> {
  const named = [...(query.event ?? []), ...(query.included_events ?? [])].map(String)
  const states = (query.state ?? []).flatMap((state) => [`ti.${String(state)}`, `run.${String(state)}`])
  const kinds = [...named, ...states]
  if (kinds.length > MOST_KINDS) {
    throw new EarlyReply(400, `${kinds.length} kinds of events are asked for; give at most ${MOST_KINDS}.`)
  }
  const [from, to] = [maybeInstant(query.after, 'after'), maybeInstant(query.before, 'before')]
  const runs = await readRuns(pool, query)
  return {
    ...runs,
    ...(query.dag_id === undefined ? {} : { dagId: query.dag_id }),
    ...(query.try_number === undefined ? {} : { tryNumber: query.try_number }),
    ...(query.owner === undefined ? {} : { actor: query.owner }),
    ...(kinds.length === 0 ? {} : { kinds }),
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
  }
}

async function readRuns(pool: Pool, query: EventQuery): Promise<Pick<EventFilter, 'dagRunIds' | 'tiId' | 'taskId'>> {
  const { dag_id: dagId, run_id: runId, task_id: taskId, map_index: mapIndex, correlation_id: correlationId } = query
  const correlated = correlationId === undefined ? undefined : await runsOfCorrelation(pool, correlationId)
  if (mapIndex !== undefined && (taskId === undefined || runId === undefined)) {
    throw new EarlyReply(400, 'map_index names a task instance of a run: give task_id, run_id and dag_id with it.')
  }
  if (runId === undefined) {
    return {
      ...(correlated === undefined ? {} : { dagRunIds: correlated }),
      ...(taskId === undefined ? {} : { taskId }),
    }
  }
  if (dagId === undefined) throw new EarlyReply(400, 'run_id names a run of a Dag: give dag_id with it.')
  const run = await getRun(pool, { dagId, runId })
  if (run === null || correlated?.includes(run.id) === false) return { dagRunIds: [] }
  if (taskId === undefined) return { dagRunIds: [run.id] }
  const ti = await getTi(pool, { dagRunId: run.id, taskId, mapIndex: mapIndex ?? -1 })
  return ti === null ? { dagRunIds: [] } : { dagRunIds: [run.id], tiId: ti.id }
}
