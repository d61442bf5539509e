/** Running a whole run again, and ending it before its time. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { planClear } from '../../core/clear.ts'
import type { ApiParts } from '../api-parts.ts'
import { EarlyReply } from '../error-replies.ts'
import { loadRun, requireRun } from '../load-run.ts'
import { RunBody, shownRun } from '../schemas/run.ts'
import { AFTER_CLEAR, afterClear, Closed, commandAnswers, RunPath } from '../schemas/shapes.ts'
import { TiList } from '../schemas/task-instance.ts'
import { sendCommand } from '../send-command.ts'
import { showTis } from '../show-tis.ts'

export const changeRunRoutes: FastifyPluginAsyncTypebox<ApiParts> = async (app, parts) => {
  app.post(
    '/dags/:dag_id/dagRuns/:dag_run_id/clear',
    {
      config: { role: 'operator' },
      schema: {
        tags: ['DagRun'],
        params: RunPath,
        body: Closed({
          dry_run: Type.Optional(Type.Boolean({ default: true })),
          only_failed: Type.Optional(Type.Boolean({ default: false })),
          ...AFTER_CLEAR,
        }),
        response: commandAnswers(Type.Union([TiList, RunBody])),
      },
    },
    async (request) => {
      const { body, params } = request
      const options = {
        taskIds: [],
        upstream: false,
        downstream: false,
        onlyFailed: body.only_failed === true,
        onlyRunning: false,
        ...afterClear(body),
      }
      if (body.dry_run !== false) {
        const loaded = await loadRun(parts, params)
        const plan = loaded.tis.length === 0 ? null : planClear(loaded.version.graph, loaded.tis, options)
        const tis = plan?.ok === true ? plan.indexes.map((index) => loaded.tis[index]!) : []
        const undone = plan?.ok === true ? plan.undone.map((index) => loaded.tis[index]!.taskId) : []
        return { task_instances: await showTis(parts, loaded.run, tis), total_entries: tis.length, undone }
      }
      await requireRun(parts, params)
      await sendCommand(parts, request, { kind: 'clear', dagId: params.dag_id, runId: params.dag_run_id, ...options })
      const run = await requireRun(parts, params)
      return shownRun(run, (await parts.versionsOf([run.versionId])).get(run.versionId))
    },
  )

  app.post(
    '/dags/:dag_id/dagRuns/:dag_run_id/cancel',
    {
      config: { role: 'operator' },
      schema: {
        tags: ['DagRun'],
        summary: 'Ends live tries for good, of some tasks or of the whole run, which then fails',
        params: RunPath,
        body: Closed({
          task_ids: Type.Optional(Type.Array(Type.String({ maxLength: 250 }), { minItems: 1, maxItems: 10_000 })),
          compensate: Type.Optional(
            Type.Boolean({ default: true, description: 'Of the whole run: false leaves what it completed as it is.' }),
          ),
        }),
        response: commandAnswers(
          Closed({ dag_id: Type.String(), dag_run_id: Type.String(), task_ids: Type.Array(Type.String()) }),
        ),
      },
    },
    async (request) => {
      const { body, params } = request
      if (body.task_ids !== undefined && body.compensate === false) {
        throw new EarlyReply(
          400,
          'compensate goes with a whole run: tasks that are cancelled are not compensated. Leave one out.',
        )
      }
      await requireRun(parts, params)
      const answer = await sendCommand(parts, request, {
        kind: 'cancel',
        dagId: params.dag_id,
        runId: params.dag_run_id,
        ...(body.task_ids === undefined ? {} : { taskIds: body.task_ids }),
        ...(body.compensate === false ? { withoutCompensation: true } : {}),
      })
      const taskIds = Array.isArray(answer.task_ids) ? answer.task_ids.map(String) : []
      return { dag_id: params.dag_id, dag_run_id: params.dag_run_id, task_ids: taskIds }
    },
  )
}
