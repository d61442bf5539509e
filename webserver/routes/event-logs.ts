/** The event log: every transition with its time, cause and actor. Pages go by cursor; a short page may have a next one. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { getEvent, pageEvents, type ShownEvent } from '../../database/queries/event-pages.ts'
import { getRun } from '../../database/queries/runs.ts'
import { getTi } from '../../database/queries/task-instances.ts'
import type { ApiParts } from '../api-parts.ts'
import { EarlyReply, notFound } from '../error-replies.ts'
import { maybeInstant, readCursor, readOrder } from '../read-query.ts'
import {
  answers,
  Closed,
  cursor,
  Instant,
  instantQuery,
  MaybeText,
  Nullable,
  orderBy,
  paging,
  several,
} from '../schemas/shapes.ts'
import { iso } from '../schemas/values.ts'

const name = Type.Optional(Type.String({ maxLength: 250 }))

const EventBody = Closed({
  event_log_id: Type.Integer(),
  when: Instant,
  dag_id: MaybeText,
  run_id: MaybeText,
  dag_run_number: Nullable(Type.Integer()),
  task_id: MaybeText,
  map_index: Nullable(Type.Integer()),
  try_number: Nullable(Type.Integer()),
  event: Type.String(),
  owner: Type.String({ description: 'Who caused it: `scheduler`, `user:anna`, ...' }),
  extra: Type.Union([Type.String(), Type.Null()], { description: 'The cause, as a sentence.' }),
})

const shown = (event: ShownEvent) => ({
  event_log_id: event.id,
  when: iso(event.at),
  dag_id: event.dagId,
  run_id: event.runId,
  dag_run_number: event.dagRunId,
  task_id: event.taskId,
  map_index: event.mapIndex,
  try_number: event.tryNumber,
  event: event.kind,
  owner: event.actor,
  extra: event.cause,
})

export const eventLogRoutes: FastifyPluginAsyncTypebox<ApiParts> = async (app, parts) => {
  app.get(
    '/eventLogs',
    {
      config: { role: 'viewer' },
      schema: {
        tags: ['Event Log'],
        querystring: Closed({
          limit: paging.limit,
          order_by: orderBy,
          cursor,
          dag_id: name,
          run_id: name,
          task_id: name,
          map_index: Type.Optional(Type.Integer({ minimum: -1, maximum: 1_000_000 })),
          try_number: Type.Optional(Type.Integer({ minimum: 0, maximum: 2_147_483_647 })),
          owner: name,
          event: several(),
          included_events: several(),
          before: instantQuery,
          after: instantQuery,
        }),
        response: answers(
          Closed({
            event_logs: Type.Array(EventBody),
            total_entries: Type.Integer({ description: 'How many are known so far; events are not counted.' }),
            next_cursor: MaybeText,
          }),
        ),
      },
    },
    async ({ query }) => {
      const order = readOrder(
        query.order_by,
        { id: 'id', event_log_id: 'id', when: 'id' },
        { field: 'id', falling: true },
      )
      const limit = query.limit ?? 50
      const named = await namedRun(query)
      if (named === null) return { event_logs: [], total_entries: 0, next_cursor: null }
      const kinds = [...(query.event ?? []), ...(query.included_events ?? [])].map(String)
      const [from, to] = [maybeInstant(query.after, 'after'), maybeInstant(query.before, 'before')]
      const { events, next } = await pageEvents(parts.pool, {
        ...named,
        ...(query.dag_id === undefined ? {} : { dagId: query.dag_id }),
        ...(query.try_number === undefined ? {} : { tryNumber: query.try_number }),
        ...(query.owner === undefined ? {} : { actor: query.owner }),
        ...(kinds.length === 0 ? {} : { kinds }),
        ...(from === undefined ? {} : { from }),
        ...(to === undefined ? {} : { to }),
        falling: order.falling,
        ...(query.cursor === undefined ? {} : { cursor: readCursor(query.cursor).first }),
        limit: Math.max(1, limit),
      })
      const shownEvents = limit === 0 ? [] : events.map(shown)
      return {
        event_logs: shownEvents,
        total_entries: events.length + (next === null ? 0 : 1),
        next_cursor: next === null ? null : String(next),
      }
    },
  )

  /** `null`: what is named is not there, so there are no events of it. */
  async function namedRun(query: { dag_id?: string; run_id?: string; task_id?: string; map_index?: number }) {
    if (query.run_id === undefined) {
      if (query.task_id === undefined && query.map_index === undefined) return {}
      throw new EarlyReply(
        400,
        'task_id and map_index name a task instance of a run: give run_id and dag_id with them.',
      )
    }
    if (query.dag_id === undefined) throw new EarlyReply(400, 'run_id names a run of a Dag: give dag_id with it.')
    const run = await getRun(parts.pool, { dagId: query.dag_id, runId: query.run_id })
    if (run === null) return null
    if (query.task_id === undefined) return { dagRunId: run.id }
    const ti = await getTi(parts.pool, { dagRunId: run.id, taskId: query.task_id, mapIndex: query.map_index ?? -1 })
    return ti === null ? null : { dagRunId: run.id, tiId: ti.id }
  }

  app.get(
    '/eventLogs/:event_log_id',
    {
      config: { role: 'viewer' },
      schema: {
        tags: ['Event Log'],
        params: Closed({ event_log_id: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER - 1 }) }),
        response: answers(EventBody),
      },
    },
    async ({ params }) => {
      const event = await getEvent(parts.pool, params.event_log_id)
      if (event === null) throw notFound(`There is no event ${params.event_log_id}.`)
      return shown(event)
    },
  )
}
