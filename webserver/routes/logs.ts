/** Logs of tries: JSON with a token to go on from, or plain text for those who ask for it. */
import { Readable } from 'node:stream'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { LogAddress, LogLine, LogStore } from '../../core/ports/log-store.ts'
import { FINISHED_TI_STATES } from '../../core/states.ts'
import { getTi, listTries } from '../../database/queries/task-instances.ts'
import type { ApiParts } from '../api-parts.ts'
import { notFound } from '../error-replies.ts'
import { requireRun } from '../load-run.ts'
import { answers, Closed, Instant, MaybeText, TiPath } from '../schemas/shapes.ts'
import { iso } from '../schemas/values.ts'

const LogBody = Closed({
  content: Type.Array(
    Closed({
      timestamp: Instant,
      level: Type.String(),
      source: Type.String(),
      event: Type.String(),
      fields: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
    }),
  ),
  continuation_token: MaybeText,
})

export const logRoutes: FastifyPluginAsyncTypebox<ApiParts> = async (app, parts) => {
  app.get(
    '/dags/:dag_id/dagRuns/:dag_run_id/taskInstances/:task_id/logs/:try_number',
    {
      config: { role: 'viewer' },
      schema: {
        tags: ['Task Instance'],
        params: Closed({ ...TiPath.properties, try_number: Type.Integer({ minimum: 0, maximum: 2_147_483_647 }) }),
        querystring: Closed({
          map_index: Type.Optional(Type.Integer({ minimum: -1, maximum: 1_000_000, default: -1 })),
          full_content: Type.Optional(Type.Boolean({ description: 'Text: the whole log, however long.' })),
          token: Type.Optional(Type.String({ pattern: '^[0-9]{1,15}$', description: 'continuation_token of before.' })),
        }),
        response: answers(LogBody),
      },
    },
    async ({ headers, params, query }, reply) => {
      const run = await requireRun(parts, params)
      const mapIndex = query.map_index ?? -1
      const ti = await getTi(parts.pool, { dagRunId: run.id, taskId: params.task_id, mapIndex })
      if (ti === null)
        throw notFound(`Run "${run.runId}" of Dag "${run.dagId}" has no task instance "${params.task_id}".`)
      const one = (await listTries(parts.pool, ti.id)).find((each) => each.tryNumber === params.try_number)
      if (one === undefined) throw notFound(`Task instance "${params.task_id}" has no try ${params.try_number}.`)
      const address = {
        tiId: ti.id,
        tryNumber: one.tryNumber,
        dagId: run.dagId,
        runId: run.runId,
        taskId: ti.taskId,
        mapIndex,
      }
      const from = Number(query.token ?? 0)
      const first = await parts.logs.read(address, from)
      if (wantsText(headers.accept)) {
        void reply.type('text/plain; charset=utf-8')
        if (query.full_content === true)
          return reply.send(Readable.from(wholeText(parts.logs, address, first)) as never)
        void reply.header('x-continuation-token', String(first.nextByte))
        return reply.serializer((body) => String(body)).send(asText(first.lines) as never)
      }
      const isOver = FINISHED_TI_STATES.has(one.state) || one.tryNumber < ti.tryNumber || one.endDate !== null
      return {
        content: first.lines.map((line) => ({
          timestamp: iso(line.at),
          level: line.level,
          source: line.source,
          event: line.text,
          ...(line.fields === undefined ? {} : { fields: { ...line.fields } }),
        })),
        continuation_token: isOver && first.lines.length === 0 ? null : String(first.nextByte),
      }
    },
  )
}

function wantsText(accept: string | undefined): boolean {
  return accept?.includes('text/plain') === true && !accept.includes('application/json')
}

/** Read as it is sent: a log can be larger than what memory should hold. */
async function* wholeText(logs: ApiParts['logs'], address: LogAddress, first: Awaited<ReturnType<LogStore['read']>>) {
  for (let at = first, from = -1; at.nextByte !== from; ) {
    yield asText(at.lines)
    from = at.nextByte
    at = await logs.read(address, from)
  }
}

function asText(lines: readonly LogLine[]): string {
  return lines
    .map(({ at, level, text, fields }) => {
      const rest = fields === undefined ? '' : ` ${JSON.stringify(fields)}`
      return `[${iso(at)}] ${level.toUpperCase()} ${text}${rest}\n`
    })
    .join('')
}
