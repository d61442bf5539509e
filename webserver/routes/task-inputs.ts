/** What a try was given: each argument of its handler, where it came from, and its value, as far as it is not large. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { getTi, listTries } from '../../database/queries/task-instances.ts'
import type { ApiParts } from '../api-parts.ts'
import { notFound } from '../error-replies.ts'
import { requireRun } from '../load-run.ts'
import { answers, Closed, Nullable, TiPath } from '../schemas/shapes.ts'
import { InputBody } from '../schemas/task-input.ts'
import { showInputs } from '../show-inputs.ts'

export const taskInputRoutes: FastifyPluginAsyncTypebox<ApiParts> = async (app, parts) => {
  app.get(
    '/dags/:dag_id/dagRuns/:dag_run_id/taskInstances/:task_id/inputs',
    {
      config: { role: 'viewer' },
      schema: {
        tags: ['Task Instance'],
        summary: 'The arguments a try was given; without a try yet, those it would be given now',
        params: TiPath,
        querystring: Closed({
          map_index: Type.Optional(Type.Integer({ minimum: -1, maximum: 1_000_000, default: -1 })),
          try_number: Type.Optional(
            Type.Integer({ minimum: 1, maximum: 2_147_483_647, description: 'Default: the last.' }),
          ),
        }),
        response: answers(Closed({ try_number: Nullable(Type.Integer()), inputs: Type.Array(InputBody) })),
      },
    },
    async ({ params, query }) => {
      const run = await requireRun(parts, params)
      const version = (await parts.versionsOf([run.versionId])).get(run.versionId)
      const task = version?.serialized.tasks.find((one) => one.taskId === params.task_id)
      if (task === undefined)
        throw notFound(`Run "${run.runId}" of Dag "${run.dagId}" has no task "${params.task_id}".`)
      const ti = await getTi(parts.pool, { dagRunId: run.id, taskId: task.taskId, mapIndex: query.map_index ?? -1 })
      const tries = ti === null ? [] : await listTries(parts.pool, ti.id)
      const wanted = query.try_number ?? ti?.tryNumber ?? 0
      const one = tries.find((each) => each.tryNumber === wanted)
      if (one === undefined && query.try_number !== undefined) {
        throw notFound(`Task instance "${task.taskId}" has no try ${query.try_number}.`)
      }
      return { try_number: one?.tryNumber ?? null, inputs: await showInputs(parts, run, task, one ?? null) }
    },
  )
}
