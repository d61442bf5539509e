/** Undoing what a run completed. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { ApiParts } from '../api-parts.ts'
import { requireRun } from '../load-run.ts'
import { Closed, commandAnswers, RunPath } from '../schemas/shapes.ts'
import { sendCommand } from '../send-command.ts'

export const compensationRoutes: FastifyPluginAsyncTypebox<ApiParts> = async (app, parts) => {
  app.post(
    '/dags/:dag_id/dagRuns/:dag_run_id/compensate',
    {
      config: { role: 'operator' },
      schema: {
        tags: ['Compensation'],
        summary: 'Undoes what a run completed, or some tasks of it; what failed to be undone is tried again',
        params: RunPath,
        body: Closed({
          task_ids: Type.Optional(Type.Array(Type.String({ maxLength: 250 }), { minItems: 1, maxItems: 10_000 })),
        }),
        response: commandAnswers(
          Closed({ dag_id: Type.String(), dag_run_id: Type.String(), task_ids: Type.Array(Type.String()) }),
        ),
      },
    },
    async (request) => {
      const { body, params } = request
      await requireRun(parts, params)
      const answer = await sendCommand(parts, request, {
        kind: 'compensate',
        dagId: params.dag_id,
        runId: params.dag_run_id,
        ...(body.task_ids === undefined ? {} : { taskIds: body.task_ids }),
      })
      const taskIds = Array.isArray(answer.task_ids) ? answer.task_ids.map(String) : []
      return { dag_id: params.dag_id, dag_run_id: params.dag_run_id, task_ids: taskIds }
    },
  )
}
