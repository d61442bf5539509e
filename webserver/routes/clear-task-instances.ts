/** `clearTaskInstances`: TIs of one run that are to run again. A dry run plans with the very function the scheduler uses. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { planClear } from '../../core/clear.ts'
import { listTis } from '../../database/queries/task-instances.ts'
import type { ApiParts } from '../api-parts.ts'
import { notFound } from '../error-replies.ts'
import { loadRun, requireRun } from '../load-run.ts'
import { AFTER_CLEAR, afterClear, Closed, commandAnswers, DagPath } from '../schemas/shapes.ts'
import { TiChange } from '../schemas/task-instance.ts'
import { sendCommand } from '../send-command.ts'
import { showTis } from '../show-tis.ts'

const flag = (standard: boolean) => Type.Optional(Type.Boolean({ default: standard }))
const notHere = Type.Optional(Type.Literal(false))

export const clearTaskInstancesRoutes: FastifyPluginAsyncTypebox<ApiParts> = async (app, parts) => {
  app.post(
    '/dags/:dag_id/clearTaskInstances',
    {
      config: { role: 'operator' },
      schema: {
        tags: ['Task Instance'],
        params: DagPath,
        body: Closed({
          dry_run: flag(true),
          dag_run_id: Type.String({ maxLength: 250 }),
          task_ids: Type.Optional(
            Type.Array(Type.String({ maxLength: 250 }), { maxItems: 10_000, description: 'Default: all of the run.' }),
          ),
          only_failed: flag(true),
          only_running: flag(false),
          include_upstream: flag(false),
          include_downstream: flag(false),
          ...AFTER_CLEAR,
          // A finished run is always opened again; other runs are not touched.
          reset_dag_runs: Type.Optional(Type.Literal(true)),
          include_future: notHere,
          include_past: notHere,
        }),
        response: commandAnswers(TiChange),
      },
    },
    async (request) => {
      const { body, params } = request
      const name = { dag_id: params.dag_id, dag_run_id: body.dag_run_id }
      const options = {
        taskIds: body.task_ids ?? [],
        upstream: body.include_upstream === true,
        downstream: body.include_downstream === true,
        onlyFailed: body.only_failed !== false,
        onlyRunning: body.only_running === true,
        ...afterClear(body),
      }
      if (body.dry_run !== false) {
        const { run, version, tis } = await loadRun(parts, name)
        if (tis.length === 0) return { task_instances: [], total_entries: 0, cleared: [] }
        const plan = planClear(version.graph, tis, options)
        if (!plan.ok) throw notFound(plan.message)
        const planned = plan.indexes.map((index) => tis[index]!)
        const undone = plan.undone.map((index) => tis[index]!.taskId)
        return {
          task_instances: await showTis(parts, run, planned),
          total_entries: planned.length,
          cleared: [],
          undone,
        }
      }
      await requireRun(parts, name)
      const answer = await sendCommand(parts, request, {
        kind: 'clear',
        dagId: params.dag_id,
        runId: body.dag_run_id,
        ...options,
      })
      const run = await requireRun(parts, name)
      const cleared = new Set(Array.isArray(answer.task_ids) ? answer.task_ids.map(String) : [])
      const tis = (await listTis(parts.pool, run.id)).filter((ti) => cleared.has(ti.taskId))
      return { task_instances: await showTis(parts, run, tis), total_entries: tis.length, cleared: [] }
    },
  )
}
