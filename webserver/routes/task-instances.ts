/** Task instances: of a run, over many runs (`~`), one, its tries, why it waits, and marking it. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { type Static, Type } from 'typebox'
import { planMark } from '../../core/clear.ts'
import type { MarkOptions, RunRecord, TiRecord } from '../../core/records.ts'
import { TI_STATES } from '../../core/states.ts'
import { runsByNumber } from '../../database/queries/runs.ts'
import { getTi, listTis, listTries } from '../../database/queries/task-instances.ts'
import { notesOf, pageTis } from '../../database/queries/ti-pages.ts'
import type { ApiParts } from '../api-parts.ts'
import { EarlyReply, notFound } from '../error-replies.ts'
import { explainOneTi } from '../explain-one-ti.ts'
import { loadRun, requireDag, requireRun } from '../load-run.ts'
import { maybeInstant, page, readCursor, readOrder, sortBy } from '../read-query.ts'
import {
  answers,
  Closed,
  commandAnswers,
  cursor,
  instantQuery,
  orderBy,
  paging,
  RunPath,
  several,
  TiPath,
} from '../schemas/shapes.ts'
import { shownTry, TiBody, TiChange, TiList } from '../schemas/task-instance.ts'
import { statesOf, TiState } from '../schemas/values.ts'
import { sendCommand } from '../send-command.ts'
import { showTis, undoneTries } from '../show-tis.ts'

const ORDERS = {
  id: 'id',
  task_id: 'taskId',
  state: 'state',
  start_date: 'startDate',
  end_date: 'endDate',
  try_number: 'tryNumber',
  map_index: 'mapIndex',
  duration: 'duration',
} as const

const MarkBody = Closed({
  new_state: Type.Optional(Type.Enum(['success', 'failed', 'skipped'])),
  note: Type.Optional(Type.Union([Type.String({ maxLength: 1_000 }), Type.Null()])),
  include_upstream: Type.Optional(Type.Boolean({ default: false })),
  include_downstream: Type.Optional(Type.Boolean({ default: false })),
  include_future: Type.Optional(Type.Literal(false)),
  include_past: Type.Optional(Type.Literal(false)),
})

const mapIndexQuery = Closed({
  map_index: Type.Optional(Type.Integer({ minimum: -1, maximum: 1_000_000, default: -1 })),
})

interface TiName {
  readonly dag_id: string
  readonly dag_run_id: string
  readonly task_id: string
}

export const taskInstanceRoutes: FastifyPluginAsyncTypebox<ApiParts> = async (app, parts) => {
  async function requireTi(name: TiName, mapIndex = -1): Promise<{ run: RunRecord; ti: TiRecord }> {
    const run = await requireRun(parts, name)
    const ti = await getTi(parts.pool, { dagRunId: run.id, taskId: name.task_id, mapIndex })
    if (ti !== null) return { run, ti }
    const why = run.state === 'queued' ? 'it is queued and has none yet' : 'see GET .../taskInstances for those it has'
    throw notFound(`Run "${run.runId}" of Dag "${run.dagId}" has no task instance "${name.task_id}": ${why}.`)
  }

  async function shownOne(run: RunRecord, ti: TiRecord): Promise<Static<typeof TiBody>> {
    const [shown] = await showTis(parts, run, [ti])
    return shown!
  }

  app.get(
    '/dags/:dag_id/dagRuns/:dag_run_id/taskInstances',
    {
      config: { role: 'viewer' },
      schema: {
        tags: ['Task Instance'],
        params: RunPath,
        querystring: Closed({
          ...paging,
          order_by: orderBy,
          cursor,
          state: several(Type.Union([TiState, Type.Literal('no_status')])),
          exact_state: several(TiState),
          correlation_id: Type.Optional(Type.String({ maxLength: 250, description: 'Of the runs, exactly; with ~.' })),
          task_id: several(),
          pool: several(),
          map_index: several(Type.Integer({ minimum: -1, maximum: 1_000_000 })),
          start_date_gte: instantQuery,
          start_date_lte: instantQuery,
        }),
        response: answers(TiList),
      },
    },
    async ({ params, query }) => {
      const from = maybeInstant(query.start_date_gte, 'start_date_gte')
      const to = maybeInstant(query.start_date_lte, 'start_date_lte')
      const { states } = statesOf(query, TI_STATES)
      if (params.dag_run_id === '~') {
        const order = readOrder(query.order_by, { id: 'id' }, { field: 'id', falling: false })
        if (query.offset) throw new EarlyReply(400, 'offset is not for task instances of many runs; use cursor.')
        if (query.pool !== undefined || query.map_index !== undefined) {
          throw new EarlyReply(400, 'pool and map_index filter task instances of one run only; leave them out.')
        }
        if (params.dag_id !== '~') await requireDag(parts, params.dag_id)
        const at = query.cursor === undefined ? undefined : readCursor(query.cursor)
        const limit = query.limit ?? 50
        const found = await pageTis(parts.pool, {
          ...(params.dag_id === '~' ? {} : { dagId: params.dag_id }),
          ...(query.correlation_id === undefined ? {} : { correlationId: query.correlation_id }),
          ...(query.task_id === undefined ? {} : { taskIds: query.task_id.map(String) }),
          ...(states === undefined ? {} : { states }),
          ...(from === undefined ? {} : { startFrom: from }),
          ...(to === undefined ? {} : { startTo: to }),
          falling: order.falling,
          ...(at === undefined ? {} : { cursor: { run: at.first, ti: at.second } }),
          limit: Math.max(1, limit),
        })
        const runs = await runsByNumber(parts.pool, [...new Set(found.tis.map((ti) => ti.dagRunId))])
        const shown = await showTis(parts, new Map(runs.map((run) => [run.id, run])), found.tis)
        return {
          task_instances: limit === 0 ? [] : shown,
          total_entries: shown.length + (found.next === null ? 0 : 1),
          next_cursor: found.next === null ? null : `${found.next.run}:${found.next.ti}`,
        }
      }
      if (params.dag_id === '~')
        throw new EarlyReply(400, 'A run is named together with its Dag; put the Dag in place of ~.')
      if (query.correlation_id !== undefined)
        throw new EarlyReply(400, 'correlation_id finds task instances of many runs; put ~ in place of the run.')
      if (query.cursor !== undefined)
        throw new EarlyReply(400, 'cursor is for task instances of many runs; use offset.')
      const order = readOrder(query.order_by, ORDERS, { field: 'id', falling: false })
      const run = await requireRun(parts, params)
      const graph = (await parts.versionsOf([run.versionId])).get(run.versionId)?.graph
      const poolOf = (ti: TiRecord) => graph?.tasks[graph.indexOf.get(ti.taskId) ?? -1]?.pool
      const found = (await listTis(parts.pool, run.id)).filter(
        (ti) =>
          (states === undefined || states.includes(ti.state)) &&
          (query.task_id === undefined || query.task_id.includes(ti.taskId)) &&
          (query.pool === undefined || query.pool.includes(poolOf(ti))) &&
          (query.map_index === undefined || query.map_index.includes(ti.mapIndex)) &&
          (from === undefined || (ti.startDate !== null && ti.startDate >= from)) &&
          (to === undefined || (ti.startDate !== null && ti.startDate <= to)),
      )
      const sorted = sortBy(found, order.falling, (ti) => {
        if (order.field !== 'duration') return ti[order.field]
        return ti.startDate === null || ti.endDate === null ? null : ti.endDate - ti.startDate
      })
      const shown = await showTis(parts, run, page(sorted, query))
      return { task_instances: shown, total_entries: found.length, next_cursor: null }
    },
  )

  app.get(
    '/dags/:dag_id/dagRuns/:dag_run_id/taskInstances/:task_id',
    {
      config: { role: 'viewer' },
      schema: { tags: ['Task Instance'], params: TiPath, querystring: mapIndexQuery, response: answers(TiBody) },
    },
    async ({ params, query }) => {
      const { run, ti } = await requireTi(params, query.map_index)
      return shownOne(run, ti)
    },
  )

  app.get(
    '/dags/:dag_id/dagRuns/:dag_run_id/taskInstances/:task_id/listMapped',
    {
      config: { role: 'viewer' },
      schema: {
        tags: ['Task Instance'],
        params: TiPath,
        querystring: Closed({ ...paging, order_by: orderBy }),
        response: answers(TiList),
      },
    },
    async ({ params, query }) => {
      const run = await requireRun(parts, params)
      const all = await listTis(parts.pool, run.id)
      const mapped = all.filter((ti) => ti.taskId === params.task_id && ti.mapIndex >= 0)
      return { task_instances: await showTis(parts, run, page(mapped, query)), total_entries: mapped.length }
    },
  )

  app.get(
    '/dags/:dag_id/dagRuns/:dag_run_id/taskInstances/:task_id/dependencies',
    {
      config: { role: 'viewer' },
      schema: {
        tags: ['Task Instance'],
        summary: 'Why it is in the state it is in; for one that waits, what it waits for',
        params: TiPath,
        querystring: mapIndexQuery,
        response: answers(Closed({ dependencies: Type.Array(Closed({ name: Type.String(), reason: Type.String() })) })),
      },
    },
    async ({ params, query }) => {
      const run = await requireRun(parts, params)
      const ti = run.state === 'queued' ? null : (await requireTi(params, query.map_index)).ti
      const reasons = await explainOneTi(parts, run, ti, params.task_id)
      return { dependencies: reasons.map(({ code, message }) => ({ name: code, reason: message })) }
    },
  )

  app.get(
    '/dags/:dag_id/dagRuns/:dag_run_id/taskInstances/:task_id/tries',
    {
      config: { role: 'viewer' },
      schema: { tags: ['Task Instance'], params: TiPath, querystring: mapIndexQuery, response: answers(TiList) },
    },
    async ({ params, query }) => {
      const tries = await shownTries(params, query.map_index)
      return { task_instances: tries, total_entries: tries.length }
    },
  )

  app.get(
    '/dags/:dag_id/dagRuns/:dag_run_id/taskInstances/:task_id/tries/:try_number',
    {
      config: { role: 'viewer' },
      schema: {
        tags: ['Task Instance'],
        params: Closed({ ...TiPath.properties, try_number: Type.Integer({ minimum: 1, maximum: 2_147_483_647 }) }),
        querystring: mapIndexQuery,
        response: answers(TiBody),
      },
    },
    async ({ params, query }) => {
      const one = (await shownTries(params, query.map_index)).find((each) => each.try_number === params.try_number)
      if (one === undefined) throw notFound(`Task instance "${params.task_id}" has no try ${params.try_number}.`)
      return one
    },
  )

  async function shownTries(name: TiName, mapIndex: number | undefined) {
    const { run, ti } = await requireTi(name, mapIndex)
    const version = (await parts.versionsOf([run.versionId])).get(run.versionId)
    const note = (await notesOf(parts.pool, [ti])).get(ti.id)
    const undone = await undoneTries(parts.pool, [ti])
    return (await listTries(parts.pool, ti.id)).map((one) => shownTry(one, ti, { run, version, note, undone }))
  }

  app.patch(
    '/dags/:dag_id/dagRuns/:dag_run_id/taskInstances/:task_id',
    {
      config: { role: 'operator' },
      schema: {
        tags: ['Task Instance'],
        params: TiPath,
        querystring: Closed({
          ...mapIndexQuery.properties,
          update_mask: several(Type.Enum(['new_state', 'note'])),
        }),
        body: MarkBody,
        response: commandAnswers(TiChange),
      },
    },
    async (request) => {
      const { body, params } = request
      const mask = request.query.update_mask
      const name = { dagId: params.dag_id, runId: params.dag_run_id }
      await requireTi(params)
      let [marked, cleared]: [readonly string[], readonly string[]] = [[params.task_id], []]
      if (body.new_state !== undefined && mask?.includes('new_state') !== false) {
        const answer = await sendCommand(parts, request, {
          kind: 'mark',
          ...name,
          ...markOptions(params.task_id, body),
        })
        marked = taskIds(answer.task_ids)
        cleared = taskIds(answer.cleared)
      }
      if (body.note !== undefined && mask?.includes('note') !== false) {
        await sendCommand(parts, request, { kind: 'note', ...name, taskId: params.task_id, note: body.note })
      }
      const run = await requireRun(parts, params)
      const tis = await listTis(parts.pool, run.id)
      return change(
        run,
        tis.filter((ti) => marked.includes(ti.taskId)),
        tis.filter((ti) => cleared.includes(ti.taskId)),
      )
    },
  )

  app.patch(
    '/dags/:dag_id/dagRuns/:dag_run_id/taskInstances/:task_id/dry_run',
    {
      config: { role: 'viewer' },
      schema: {
        tags: ['Task Instance'],
        params: TiPath,
        querystring: mapIndexQuery,
        body: MarkBody,
        response: answers(TiChange),
      },
    },
    async ({ body, params }) => {
      const { run, version, tis } = await loadRun(parts, params)
      if (body.new_state === undefined || tis.length === 0) return change(run, [], [])
      const plan = planMark(version.graph, tis, markOptions(params.task_id, body))
      if (!plan.ok) throw notFound(plan.message)
      const pick = (indexes: readonly number[]) => indexes.map((index) => tis[index]!)
      return change(run, pick(plan.indexes), pick(plan.cleared))
    },
  )

  async function change(run: RunRecord, tis: readonly TiRecord[], cleared: readonly TiRecord[]) {
    return {
      task_instances: await showTis(parts, run, tis),
      total_entries: tis.length,
      cleared: await showTis(parts, run, cleared),
    }
  }
}

function markOptions(taskId: string, body: Static<typeof MarkBody>): MarkOptions {
  return {
    taskIds: [taskId],
    state: body.new_state ?? 'success',
    upstream: body.include_upstream === true,
    downstream: body.include_downstream === true,
  }
}

function taskIds(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : []
}
