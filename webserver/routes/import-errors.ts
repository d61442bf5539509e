/** Import errors: a file, what is wrong in it, where, and what to do about it. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { ImportErrorRecord } from '../../core/records.ts'
import { listImportErrors } from '../../database/queries/overview.ts'
import type { ApiParts } from '../api-parts.ts'
import { notFound } from '../error-replies.ts'
import { page, readOrder, sortBy } from '../read-query.ts'
import { answers, Closed, Instant, orderBy, paging } from '../schemas/shapes.ts'
import { iso } from '../schemas/values.ts'

const ImportErrorBody = Closed({
  import_error_id: Type.String({ description: 'The file: there is one entry for each.' }),
  timestamp: Instant,
  filename: Type.String(),
  bundle_name: Type.String(),
  stack_trace: Type.String({ description: 'All problems as text.' }),
  problems: Type.Array(
    Closed({
      code: Type.String(),
      message: Type.String(),
      remedy: Type.String(),
      file: Type.String(),
      line: Type.Optional(Type.Integer()),
      column: Type.Optional(Type.Integer()),
      dag_id: Type.Optional(Type.String()),
      task_id: Type.Optional(Type.String()),
    }),
  ),
})

function shown({ file, problems, at }: ImportErrorRecord) {
  return {
    import_error_id: file,
    timestamp: iso(at),
    filename: file,
    bundle_name: 'dags-folder',
    stack_trace: problems
      .map((one) => `${one.file}${one.line === undefined ? '' : `:${one.line}`}: ${one.message} ${one.remedy}`)
      .join('\n'),
    problems: problems.map(({ code, message, remedy, file: where, line, column, dagId, taskId }) => ({
      code,
      message,
      remedy,
      file: where,
      ...(line === undefined ? {} : { line }),
      ...(column === undefined ? {} : { column }),
      ...(dagId === undefined ? {} : { dag_id: dagId }),
      ...(taskId === undefined ? {} : { task_id: taskId }),
    })),
  }
}

export const importErrorRoutes: FastifyPluginAsyncTypebox<ApiParts> = async (app, parts) => {
  app.get(
    '/importErrors',
    {
      config: { role: 'viewer' },
      schema: {
        tags: ['Import Error'],
        querystring: Closed({
          ...paging,
          order_by: orderBy,
          filename_pattern: Type.Optional(Type.String({ maxLength: 500 })),
        }),
        response: answers(Closed({ import_errors: Type.Array(ImportErrorBody), total_entries: Type.Integer() })),
      },
    },
    async ({ query }) => {
      const orders = { id: 'file', filename: 'file', timestamp: 'at' } as const
      const order = readOrder(query.order_by, orders, { field: 'file', falling: false })
      const pattern = (query.filename_pattern ?? '').replaceAll('%', '')
      const found = (await listImportErrors(parts.pool)).filter((error) => error.file.includes(pattern))
      const sorted = sortBy(found, order.falling, (error) => error[order.field])
      return { import_errors: page(sorted, query).map(shown), total_entries: found.length }
    },
  )

  app.get(
    '/importErrors/:import_error_id',
    {
      config: { role: 'viewer' },
      schema: {
        tags: ['Import Error'],
        params: Closed({ import_error_id: Type.String({ maxLength: 300 }) }),
        response: answers(ImportErrorBody),
      },
    },
    async ({ params }) => {
      const error = (await listImportErrors(parts.pool)).find((one) => one.file === params.import_error_id)
      if (error === undefined) throw notFound(`There is no import error of "${params.import_error_id}".`)
      return shown(error)
    },
  )
}
