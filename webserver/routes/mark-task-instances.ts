/**
 * `markTaskInstances`: several TIs of one run are ended by hand, in one command, so all or none. A dry run plans with the
 * very function the scheduler uses.
 */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { planMark } from '../../core/clear.ts'
import { listTis } from '../../database/queries/task-instances.ts'
import type { ApiParts } from '../api-parts.ts'
import { notFound } from '../error-replies.ts'
import { loadRun, requireRun } from '../load-run.ts'
import { Closed, commandAnswers, RunPath } from '../schemas/shapes.ts'
import { TiChange } from '../schemas/task-instance.ts'
import { sendCommand } from '../send-command.ts'
import { showTis } from '../show-tis.ts'

const flag = (standard: boolean) => Type.Optional(Type.Boolean({ default: standard }))

export const markTaskInstancesRoutes: FastifyPluginAsyncTypebox<ApiParts> = async (app, parts) => {
  app.post(
    '/dags/:dag_id/dagRuns/:dag_run_id/markTaskInstances',
    {
      config: { role: 'operator' },
      schema: {
        tags: ['Task Instance'],
        summary: 'Ends several task instances by hand, or shows what that would change',
        params: RunPath,
        body: Closed({
          dry_run: flag(true),
          task_ids: Type.Array(Type.String({ maxLength: 250 }), { minItems: 1, maxItems: 10_000 }),
          new_state: Type.Enum(['success', 'failed', 'skipped']),
          include_upstream: flag(false),
          include_downstream: flag(false),
        }),
        response: commandAnswers(TiChange),
      },
    },
    async (request) => {
      const { body, params } = request
      const options = {
        taskIds: body.task_ids,
        state: body.new_state,
        upstream: body.include_upstream === true,
        downstream: body.include_downstream === true,
      }
      if (body.dry_run !== false) {
        const { run, version, tis } = await loadRun(parts, params)
        if (tis.length === 0) return { task_instances: [], total_entries: 0, cleared: [] }
        const plan = planMark(version.graph, tis, options)
        if (!plan.ok) throw notFound(plan.message)
        const pick = (indexes: readonly number[]) => indexes.map((index) => tis[index]!)
        return {
          task_instances: await showTis(parts, run, pick(plan.indexes)),
          total_entries: plan.indexes.length,
          cleared: await showTis(parts, run, pick(plan.cleared)),
        }
      }
      await requireRun(parts, params)
      const name = { dagId: params.dag_id, runId: params.dag_run_id }
      const answer = await sendCommand(parts, request, { kind: 'mark', ...name, ...options })
      const run = await requireRun(parts, params)
      const tis = await listTis(parts.pool, run.id)
      const named = async (value: unknown) => {
        const names = new Set(Array.isArray(value) ? value.map(String) : [])
        return showTis(
          parts,
          run,
          tis.filter((ti) => names.has(ti.taskId)),
        )
      }
      const marked = await named(answer.task_ids)
      return { task_instances: marked, total_entries: marked.length, cleared: await named(answer.cleared) }
    },
  )
}
