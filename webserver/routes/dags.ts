/** Dags: list, one, details, pause; their tags, versions, source and structure. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { RUN_STATES } from '../../core/states.ts'
import { upcomingFires } from '../../core/timetable/index.ts'
import { listDagRows, recentRuns } from '../../database/queries/dag-overview.ts'
import type { ApiParts } from '../api-parts.ts'
import { notFound } from '../error-replies.ts'
import { requireDag } from '../load-run.ts'
import { likePattern, page, readOrder, sortBy } from '../read-query.ts'
import { DagBody, DagDetails, shownDag } from '../schemas/dag.ts'
import { answers, Closed, commandAnswers, DagPath, orderBy, paging, several } from '../schemas/shapes.ts'
import { iso, RunState, statesOf } from '../schemas/values.ts'
import { sendCommand } from '../send-command.ts'

const ORDERS = {
  dag_id: 'dag_id',
  dag_display_name: 'dag_display_name',
  is_paused: 'is_paused',
  next_dagrun: 'next_dagrun_run_after',
  next_dagrun_run_after: 'next_dagrun_run_after',
  last_run_state: 'last_run_state',
  last_run_start_date: 'last_run_start_date',
} as const

const UPCOMING = 10

export const dagRoutes: FastifyPluginAsyncTypebox<ApiParts> = async (app, parts) => {
  /** As shown, with its newest runs. */
  async function oneDag(dagId: string, runs = 14) {
    const row = await requireDag(parts, dagId)
    const version = (await parts.versionsOf([row.versionId])).get(row.versionId)
    if (version === undefined) throw notFound(`Dag "${dagId}" was replaced this moment; ask again.`)
    const recent = await recentRuns(parts.pool, [dagId], runs)
    return { row, version, shown: shownDag(row, version, recent.get(dagId) ?? []) }
  }

  app.get(
    '/dags',
    {
      config: { role: 'viewer' },
      schema: {
        tags: ['DAG'],
        querystring: Closed({
          ...paging,
          order_by: orderBy,
          dag_id_pattern: Type.Optional(
            Type.String({ maxLength: 250, description: 'Part of the id, or a pattern with % and _.' }),
          ),
          dag_display_name_pattern: Type.Optional(Type.String({ maxLength: 250 })),
          tags: several(),
          tags_match_mode: Type.Optional(Type.Enum(['any', 'all'])),
          owners: several(),
          paused: Type.Optional(Type.Boolean()),
          only_active: Type.Optional(
            Type.Boolean({ default: true, description: 'Leave out Dags whose file is gone.' }),
          ),
          exclude_stale: Type.Optional(Type.Boolean()),
          has_import_errors: Type.Optional(Type.Boolean()),
          last_dag_run_state: Type.Optional(RunState),
          dag_runs_limit: Type.Optional(Type.Integer({ minimum: 0, maximum: 50, default: 14 })),
        }),
        response: answers(Closed({ dags: Type.Array(DagBody), total_entries: Type.Integer() })),
      },
    },
    async ({ query }) => {
      const order = readOrder(query.order_by, ORDERS, { field: 'dag_id', falling: false })
      const isWantedId = likePattern(query.dag_id_pattern ?? '')
      const isWantedName = likePattern(query.dag_display_name_pattern ?? '')
      const activeOnly = query.exclude_stale ?? query.only_active !== false
      const rows = await listDagRows(parts.pool)
      const versions = await parts.versionsOf(rows.map((row) => row.versionId))
      const wantedStates =
        query.last_dag_run_state === undefined
          ? undefined
          : statesOf({ state: [query.last_dag_run_state] }, RUN_STATES).states
      const needsState = query.last_dag_run_state !== undefined || order.field.startsWith('last_run')
      const candidates = rows.flatMap((row) => {
        const version = versions.get(row.versionId)
        if (version === undefined) return []
        const { serialized } = version
        const tags = new Set(serialized.tags)
        const isWanted =
          isWantedId(row.dagId) &&
          isWantedName(serialized.displayName ?? row.dagId) &&
          (!activeOnly || row.isActive) &&
          (query.paused === undefined || row.isPaused === query.paused) &&
          (query.has_import_errors === undefined || row.hasImportErrors === query.has_import_errors) &&
          (query.owners === undefined || query.owners.includes(serialized.owner ?? 'tradewind')) &&
          (query.tags === undefined ||
            (query.tags_match_mode === 'all'
              ? query.tags.every((tag) => tags.has(String(tag)))
              : query.tags.some((tag) => tags.has(String(tag)))))
        return isWanted ? [{ row, version }] : []
      })
      const latest = needsState
        ? await recentRuns(
            parts.pool,
            candidates.map(({ row }) => row.dagId),
            1,
          )
        : new Map<string, never[]>()
      const lastRun = (dagId: string) => latest.get(dagId)?.[0] ?? null
      const found = candidates.filter(
        ({ row }) => wantedStates === undefined || wantedStates.some((state) => state === lastRun(row.dagId)?.state),
      )
      const sorted = sortBy(found, order.falling, ({ row, version }) => {
        switch (order.field) {
          case 'dag_id':
            return row.dagId
          case 'dag_display_name':
            return version.serialized.displayName ?? row.dagId
          case 'is_paused':
            return row.isPaused
          case 'next_dagrun_run_after':
            return row.nextRunAfter
          case 'last_run_state':
            return lastRun(row.dagId)?.state ?? null
          case 'last_run_start_date':
            return lastRun(row.dagId)?.startDate ?? null
        }
      })
      const shown = page(sorted, query)
      const recent = await recentRuns(
        parts.pool,
        shown.map(({ row }) => row.dagId),
        query.dag_runs_limit ?? 14,
      )
      return {
        dags: shown.map(({ row, version }) => shownDag(row, version, recent.get(row.dagId) ?? [])),
        total_entries: found.length,
      }
    },
  )

  app.get(
    '/dags/:dag_id',
    { config: { role: 'viewer' }, schema: { tags: ['DAG'], params: DagPath, response: answers(DagBody) } },
    async ({ params }) => (await oneDag(params.dag_id)).shown,
  )

  app.get(
    '/dags/:dag_id/details',
    { config: { role: 'viewer' }, schema: { tags: ['DAG'], params: DagPath, response: answers(DagDetails) } },
    async ({ params }) => {
      const { row, version, shown } = await oneDag(params.dag_id)
      const { serialized, graph } = version
      const last =
        row.lastLogicalDate === null
          ? null
          : { logicalDate: row.lastLogicalDate, intervalEnd: row.lastIntervalEnd ?? row.lastLogicalDate }
      const fires = row.isActive ? upcomingFires(graph.schedule, last, row.scheduleSince, parts.now(), UPCOMING) : []
      return {
        ...shown,
        doc_md: serialized.docMd ?? null,
        catchup: graph.schedule.catchup,
        start_date: iso(serialized.startDate ?? null),
        end_date: iso(serialized.endDate ?? null),
        dag_run_timeout: graph.dagrunTimeoutMs === null ? null : graph.dagrunTimeoutMs / 1_000,
        is_paused_upon_creation: serialized.isPausedUponCreation ?? null,
        error_strategy: graph.errorStrategy,
        fail_fast: graph.failFast,
        correlation_id: serialized.correlationId ?? null,
        params: serialized.params ?? null,
        upcoming_runs: fires.map((fire) => iso(fire.runAfter)),
      }
    },
  )

  app.patch(
    '/dags/:dag_id',
    {
      config: { role: 'operator' },
      schema: {
        tags: ['DAG'],
        params: DagPath,
        querystring: Closed({ update_mask: several(Type.Literal('is_paused')) }),
        body: Closed({ is_paused: Type.Boolean() }),
        response: commandAnswers(DagBody),
      },
    },
    async (request) => {
      const dagId = request.params.dag_id
      await requireDag(parts, dagId)
      await sendCommand(parts, request, { kind: request.body.is_paused ? 'pause' : 'unpause', dagId })
      return (await oneDag(dagId)).shown
    },
  )

  app.delete(
    '/dags/:dag_id',
    {
      config: { role: 'admin' },
      schema: {
        tags: ['DAG'],
        summary: 'Deletes a Dag with its runs; its events stay. While its file declares it, it comes back as a new Dag',
        params: DagPath,
        response: commandAnswers(Closed({ dag_id: Type.String(), detail: Type.String() })),
      },
    },
    async (request) => {
      const dagId = request.params.dag_id
      const { file } = await sendCommand(parts, request, { kind: 'delete-dag', dagId })
      const detail = `Deleted. If ${String(file)} still declares it, it comes back as a new Dag when that file is next parsed.`
      return { dag_id: dagId, detail }
    },
  )

  app.get(
    '/dagTags',
    {
      config: { role: 'viewer' },
      schema: {
        tags: ['DAG'],
        querystring: Closed({ ...paging, tag_name_pattern: Type.Optional(Type.String({ maxLength: 250 })) }),
        response: answers(Closed({ tags: Type.Array(Type.String()), total_entries: Type.Integer() })),
      },
    },
    async ({ query }) => {
      const rows = (await listDagRows(parts.pool)).filter((row) => row.isActive)
      const versions = await parts.versionsOf(rows.map((row) => row.versionId))
      const isWanted = likePattern(query.tag_name_pattern ?? '')
      const tags = [...new Set([...versions.values()].flatMap((version) => version.serialized.tags))]
        .filter(isWanted)
        .sort()
      return { tags: [...page(tags, query)], total_entries: tags.length }
    },
  )
}
