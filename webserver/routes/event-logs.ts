/**
 * The event log: every transition, command, answer and decision with its time, cause and actor. Pages and counts go by cursor
 * and may be short; an export is read as it is sent.
 */
import { Readable } from 'node:stream'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { COUNTED_BY } from '../../core/event-log/kinds.ts'
import { countEvents } from '../../database/queries/event-counts.ts'
import { exportEvents } from '../../database/queries/event-export.ts'
import { getEvent, pageEvents, type ShownEvent } from '../../database/queries/event-pages.ts'
import { lastEventId } from '../../database/queries/last-event.ts'
import type { ApiParts } from '../api-parts.ts'
import { notFound } from '../error-replies.ts'
import { eventFilter, readEventFilter } from '../event-filter.ts'
import { readCursor, readOrder } from '../read-query.ts'
import { answers, Closed, cursor, ErrorBody, Instant, MaybeText, Nullable, orderBy, paging } from '../schemas/shapes.ts'
import { iso } from '../schemas/values.ts'

const EventBody = Closed({
  event_log_id: Type.Integer(),
  when: Instant,
  dag_id: MaybeText,
  run_id: MaybeText,
  dag_run_number: Nullable(Type.Integer()),
  task_id: MaybeText,
  task_instance_number: Nullable(Type.Integer()),
  map_index: Nullable(Type.Integer()),
  try_number: Nullable(Type.Integer()),
  event: Type.String(),
  owner: Type.String({ description: 'Who caused it: `scheduler`, `user:anna`, ...' }),
  extra: Type.Union([Type.String(), Type.Null()], { description: 'The cause, as a sentence.' }),
  data: Type.Union([Type.String(), Type.Null()], {
    description: 'JSON: what the other fields do not say and a rebuild of the state needs (docs/event-log.md).',
  }),
})

const shown = (event: ShownEvent) => ({
  event_log_id: event.id,
  when: iso(event.at),
  dag_id: event.dagId,
  run_id: event.runId,
  dag_run_number: event.dagRunId,
  task_id: event.taskId,
  task_instance_number: event.tiId,
  map_index: event.mapIndex,
  try_number: event.tryNumber,
  event: event.kind,
  owner: event.actor,
  extra: event.cause,
  data: event.data,
})

export const eventLogRoutes: FastifyPluginAsyncTypebox<ApiParts> = async (app, { pool }) => {
  app.get(
    '/eventLogs',
    {
      config: { role: 'viewer' },
      schema: {
        tags: ['Event Log'],
        querystring: Closed({ limit: paging.limit, order_by: orderBy, cursor, ...eventFilter }),
        response: answers(
          Closed({
            event_logs: Type.Array(EventBody),
            total_entries: Type.Integer({ description: 'How many are known so far; /eventLogs/count counts them.' }),
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
      const { events, next } = await pageEvents(pool, {
        ...(await readEventFilter(pool, query)),
        falling: order.falling,
        ...(query.cursor === undefined ? {} : { cursor: readCursor(query.cursor).first }),
        limit: Math.max(1, limit),
      })
      return {
        event_logs: limit === 0 ? [] : events.map(shown),
        total_entries: events.length + (next === null ? 0 : 1),
        next_cursor: next === null ? null : String(next),
      }
    },
  )

  app.get(
    '/eventLogs/count',
    {
      config: { role: 'viewer' },
      schema: {
        tags: ['Event Log'],
        querystring: Closed({ by: Type.Optional(Type.Enum([...COUNTED_BY])), cursor, ...eventFilter }),
        response: answers(
          Closed({
            total: Type.Integer(),
            groups: Type.Array(Closed({ key: MaybeText, count: Type.Integer() })),
            next_cursor: Type.Union([Type.String(), Type.Null()], {
              description: 'Not all are counted yet: ask again with it, and add.',
            }),
          }),
        ),
      },
    },
    async ({ query }) => {
      const { groups, next } = await countEvents(pool, await readEventFilter(pool, query), {
        ...(query.by === undefined ? {} : { by: query.by }),
        ...(query.cursor === undefined ? {} : { cursor: readCursor(query.cursor).first }),
      })
      return {
        total: groups.reduce((sum, { count }) => sum + count, 0),
        groups: query.by === undefined ? [] : groups.map((group) => ({ ...group })),
        next_cursor: next === null ? null : String(next),
      }
    },
  )

  app.get(
    '/eventLogs/export',
    {
      config: { role: 'viewer' },
      schema: {
        tags: ['Event Log'],
        summary: 'JSON lines, oldest first, up to the event that is the last one now.',
        querystring: Closed({ cursor, ...eventFilter }),
        response: {
          200: { content: { 'application/x-ndjson': { schema: Type.String() } } },
          '4xx': ErrorBody,
          '5xx': ErrorBody,
        },
      },
    },
    async ({ query }, reply) => {
      const filter = await readEventFilter(pool, query)
      const upTo = await lastEventId(pool)
      const after = query.cursor === undefined ? {} : { after: readCursor(query.cursor).first }
      void reply.type('application/x-ndjson; charset=utf-8')
      void reply.header('content-disposition', 'attachment; filename="events.jsonl"')
      return reply.send(Readable.from(lines(exportEvents(pool, filter, { ...after, upTo }))) as never)
    },
  )

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
      const event = await getEvent(pool, params.event_log_id)
      if (event === null) throw notFound(`There is no event ${params.event_log_id}.`)
      return shown(event)
    },
  )
}

async function* lines(pages: AsyncIterable<readonly ShownEvent[]>): AsyncGenerator<string> {
  for await (const page of pages) yield page.map((event) => `${JSON.stringify(shown(event))}\n`).join('')
}
