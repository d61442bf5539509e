/** DagRuns of one Dag, or of all (`~`): trigger, list, one, mark and note, delete. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { RunRecord } from '../../core/records.ts'
import { RUN_STATES } from '../../core/states.ts'
import {
  COUNT_LIMIT,
  countRuns,
  pageRuns,
  RUN_DATES,
  type RunOrder,
  type RunPageFilter,
} from '../../database/queries/run-pages.ts'
import type { ApiParts } from '../api-parts.ts'
import { EarlyReply } from '../error-replies.ts'
import { requireDag, requireRun } from '../load-run.ts'
import { maybeInstant, readCursor, readInstant, readOrder } from '../read-query.ts'
import { RunBody, RunList, shownRun } from '../schemas/run.ts'
import {
  answers,
  Closed,
  commandAnswers,
  cursor,
  DagPath,
  instantQuery,
  MaybeInstant,
  orderBy,
  paging,
  RunPath,
  several,
} from '../schemas/shapes.ts'
import { RunState, RunType, statesOf } from '../schemas/values.ts'
import { sendCommand } from '../send-command.ts'

const ORDERS: Readonly<Record<string, RunOrder>> = {
  id: 'id',
  dag_run_id: 'runId',
  run_id: 'runId',
  state: 'state',
  logical_date: 'logicalDate',
  run_after: 'runAfter',
  start_date: 'startDate',
  end_date: 'endDate',
  queued_at: 'queuedAt',
}

const DATE_NAMES = {
  logicalDate: 'logical_date',
  runAfter: 'run_after',
  startDate: 'start_date',
  endDate: 'end_date',
  queuedAt: 'queued_at',
} as const

/** What is allowed in it the scheduler says: `core/correlation.ts`. */
const TriggerName = Type.Union([Type.String({ minLength: 1, maxLength: 200 }), Type.Null()])
const Note = Type.Union([Type.String({ maxLength: 1_000 }), Type.Null()])

export const dagRunRoutes: FastifyPluginAsyncTypebox<ApiParts> = async (app, parts) => {
  async function shown(run: RunRecord) {
    return shownRun(run, (await parts.versionsOf([run.versionId])).get(run.versionId))
  }

  app.post(
    '/dags/:dag_id/dagRuns',
    {
      config: { role: 'operator' },
      schema: {
        tags: ['DagRun'],
        params: DagPath,
        body: Closed({
          dag_run_id: Type.Optional(Type.Union([Type.String({ minLength: 1, maxLength: 250 }), Type.Null()])),
          logical_date: Type.Optional(MaybeInstant),
          // Airflow's clients send these; a run by hand has no other interval here.
          data_interval_start: Type.Optional(Type.Null()),
          data_interval_end: Type.Optional(Type.Null()),
          run_after: Type.Optional(Type.Null()),
          conf: Type.Optional(Type.Union([Type.Record(Type.String(), Type.Unknown()), Type.Null()])),
          note: Type.Optional(Note),
          trigger_key: Type.Optional(TriggerName),
          correlation_id: Type.Optional(TriggerName),
        }),
        response: commandAnswers(RunBody),
      },
    },
    async (request) => {
      const { body, params } = request
      const answer = await sendCommand(parts, request, {
        kind: 'trigger',
        dagId: params.dag_id,
        ...(body.dag_run_id == null ? {} : { runId: body.dag_run_id }),
        ...(body.logical_date == null ? {} : { logicalDate: readInstant(body.logical_date, 'logical_date') }),
        ...(body.conf == null ? {} : { conf: JSON.stringify(body.conf) }),
        ...(body.note == null ? {} : { note: body.note }),
        ...(body.trigger_key == null ? {} : { triggerKey: body.trigger_key }),
        ...(body.correlation_id == null ? {} : { correlationId: body.correlation_id }),
      })
      return shown(await requireRun(parts, { dag_id: params.dag_id, dag_run_id: String(answer.dag_run_id) }))
    },
  )

  app.get(
    '/dags/:dag_id/dagRuns',
    {
      config: { role: 'viewer' },
      schema: {
        tags: ['DagRun'],
        params: DagPath,
        querystring: Closed({
          ...paging,
          order_by: orderBy,
          cursor,
          state: several(RunState),
          exact_state: several(RunState),
          run_type: several(RunType),
          correlation_id: Type.Optional(Type.String({ maxLength: 250, description: 'Exactly.' })),
          run_id_pattern: Type.Optional(Type.String({ maxLength: 250, description: 'Part of the run id.' })),
          logical_date_gte: instantQuery,
          logical_date_lte: instantQuery,
          run_after_gte: instantQuery,
          run_after_lte: instantQuery,
          start_date_gte: instantQuery,
          start_date_lte: instantQuery,
          end_date_gte: instantQuery,
          end_date_lte: instantQuery,
        }),
        response: answers(RunList),
      },
    },
    async ({ params, query }) => {
      if (params.dag_id !== '~') await requireDag(parts, params.dag_id)
      const order = readOrder(query.order_by, ORDERS, { field: 'id', falling: false })
      if (query.cursor !== undefined && order.field !== 'id') {
        throw new EarlyReply(400, 'cursor goes with order_by id or -id only; use offset with other orders.')
      }
      const filter: RunPageFilter = {
        ...(params.dag_id === '~' ? {} : { dagId: params.dag_id }),
        ...statesOf(query, RUN_STATES),
        ...(query.run_type === undefined ? {} : { types: query.run_type as RunRecord['runType'][] }),
        ...(query.correlation_id === undefined ? {} : { correlationId: query.correlation_id }),
        ...(query.run_id_pattern === undefined ? {} : { runIdContains: query.run_id_pattern.replaceAll('%', '') }),
        dates: Object.fromEntries(RUN_DATES.map((date) => [date, between(query, DATE_NAMES[date])])),
      }
      const limit = query.limit ?? 50
      const total = await countRuns(parts.pool, filter)
      // No index has them in this order, so all would be read and sorted; a Dag's own are fewer.
      if (params.dag_id === '~' && order.field !== 'id' && total >= COUNT_LIMIT) {
        throw new EarlyReply(
          400,
          `order_by "${query.order_by}" over all Dags is for fewer than ${COUNT_LIMIT} runs, and here are more. ` +
            'Name a Dag, give state or dates, or take order_by id or -id.',
        )
      }
      const runs = await pageRuns(parts.pool, {
        ...filter,
        order: order.field,
        falling: order.falling,
        ...(query.cursor === undefined ? {} : { cursor: readCursor(query.cursor).first }),
        offset: query.offset ?? 0,
        limit,
      })
      const versions = await parts.versionsOf(runs.map((run) => run.versionId))
      const isFull = order.field === 'id' && limit > 0 && runs.length === limit
      return {
        dag_runs: runs.map((run) => shownRun(run, versions.get(run.versionId))),
        total_entries: total,
        next_cursor: isFull ? String(runs.at(-1)?.id) : null,
      }
    },
  )

  app.get(
    '/dags/:dag_id/dagRuns/:dag_run_id',
    { config: { role: 'viewer' }, schema: { tags: ['DagRun'], params: RunPath, response: answers(RunBody) } },
    async ({ params }) => shown(await requireRun(parts, params)),
  )

  app.patch(
    '/dags/:dag_id/dagRuns/:dag_run_id',
    {
      config: { role: 'operator' },
      schema: {
        tags: ['DagRun'],
        params: RunPath,
        querystring: Closed({ update_mask: several(Type.Enum(['state', 'note'])) }),
        body: Closed({
          state: Type.Optional(Type.Enum(['queued', 'success', 'failed'])),
          note: Type.Optional(Note),
        }),
        response: commandAnswers(RunBody),
      },
    },
    async (request) => {
      const { body, params } = request
      const mask = request.query.update_mask
      const name = { dagId: params.dag_id, runId: params.dag_run_id }
      await requireRun(parts, params)
      if (body.state !== undefined && mask?.includes('state') !== false) {
        await sendCommand(
          parts,
          request,
          body.state === 'queued'
            ? {
                kind: 'clear',
                ...name,
                taskIds: [],
                upstream: false,
                downstream: false,
                onlyFailed: false,
                onlyRunning: false,
              }
            : { kind: 'mark-run', ...name, state: body.state },
        )
      }
      if (body.note !== undefined && mask?.includes('note') !== false) {
        await sendCommand(parts, request, { kind: 'note', ...name, note: body.note })
      }
      return shown(await requireRun(parts, params))
    },
  )

  app.delete(
    '/dags/:dag_id/dagRuns/:dag_run_id',
    {
      config: { role: 'operator' },
      schema: { tags: ['DagRun'], params: RunPath, response: { ...commandAnswers(Type.Unknown()), 204: Type.Null() } },
    },
    async (request, reply) => {
      const { params } = request
      await requireRun(parts, params)
      await sendCommand(parts, request, { kind: 'delete-run', dagId: params.dag_id, runId: params.dag_run_id })
      return reply.code(204).send(null)
    },
  )
}

type Query = Readonly<Record<string, unknown>>

/** `<name>_gte` and `<name>_lte`. */
function between(query: Query, name: string): { from?: number; to?: number } {
  const read = (key: string) => {
    const text = query[key]
    return maybeInstant(typeof text === 'string' ? text : undefined, key)
  }
  const [from, to] = [read(`${name}_gte`), read(`${name}_lte`)]
  return { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) }
}
