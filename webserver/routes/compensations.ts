/** Undoing what a run completed: by hand, with its preview, and what was or is undone. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { ERROR_CODES } from '../../core/error-codes.ts'
import { listCompensations } from '../../database/queries/compensations.ts'
import type { ApiParts } from '../api-parts.ts'
import { EarlyReply } from '../error-replies.ts'
import { loadRun, requireRun } from '../load-run.ts'
import { previewCompensation } from '../plan-compensation.ts'
import { readCursor } from '../read-query.ts'
import { CompensateBody, CompensationBody, shownCompensation, shownPlanned } from '../schemas/compensation.ts'
import { answers, Closed, commandAnswers, cursor, MaybeText, paging, RunPath } from '../schemas/shapes.ts'
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
          dry_run: Type.Optional(Type.Boolean({ default: false, description: 'Only list what would be undone.' })),
          task_ids: Type.Optional(Type.Array(Type.String({ maxLength: 250 }), { minItems: 1, maxItems: 10_000 })),
        }),
        response: commandAnswers(CompensateBody),
      },
    },
    async (request) => {
      const { body, params } = request
      const name = { dag_id: params.dag_id, dag_run_id: params.dag_run_id }
      if (body.dry_run === true) {
        const plan = previewCompensation(await loadRun(parts, params), body.task_ids)
        if (!plan.ok) {
          const status = ERROR_CODES.find((one) => one.code === plan.code)?.status ?? 409
          throw new EarlyReply(status, plan.message, { code: plan.code })
        }
        const planned = plan.planned.map(shownPlanned)
        return { ...name, dry_run: true, task_ids: planned.map((one) => one.task_id), planned }
      }
      await requireRun(parts, params)
      const answer = await sendCommand(parts, request, {
        kind: 'compensate',
        dagId: params.dag_id,
        runId: params.dag_run_id,
        ...(body.task_ids === undefined ? {} : { taskIds: body.task_ids }),
      })
      const taskIds = Array.isArray(answer.task_ids) ? answer.task_ids.map(String) : []
      return { ...name, dry_run: false, task_ids: taskIds, planned: [] }
    },
  )

  app.get(
    '/dags/:dag_id/dagRuns/:dag_run_id/compensations',
    {
      config: { role: 'viewer' },
      schema: {
        tags: ['Compensation'],
        summary: 'What was undone of a run, is being undone, or was to be',
        params: RunPath,
        querystring: Closed({ limit: paging.limit, cursor }),
        response: answers(
          Closed({
            compensations: Type.Array(CompensationBody, { description: 'By task instance, then by try.' }),
            next_cursor: MaybeText,
          }),
        ),
      },
    },
    async ({ params, query }) => {
      const run = await requireRun(parts, params)
      const limit = Math.max(1, query.limit ?? 50)
      const at = query.cursor === undefined ? undefined : readCursor(query.cursor)
      const found = await listCompensations(parts.pool, run.id, {
        ...(at === undefined ? {} : { cursor: { tiId: at.first, forwardTry: at.second } }),
        limit,
      })
      const last = found.at(-1)
      return {
        compensations: query.limit === 0 ? [] : found.map(shownCompensation),
        next_cursor: found.length < limit || last === undefined ? null : `${last.tiId}:${last.forwardTry}`,
      }
    },
  )
}
