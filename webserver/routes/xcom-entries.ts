/** XComs of a task instance: the list without values, and one with its value. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { RunRecord } from '../../core/records.ts'
import { getTi } from '../../database/queries/task-instances.ts'
import { getXCom, listXComs, type XComRow } from '../../database/queries/xcom-pages.ts'
import type { ApiParts } from '../api-parts.ts'
import { notFound } from '../error-replies.ts'
import { requireRun } from '../load-run.ts'
import { page } from '../read-query.ts'
import { answers, Closed, MaybeInstant, paging, TiPath } from '../schemas/shapes.ts'
import { iso } from '../schemas/values.ts'

const fields = {
  key: Type.String(),
  timestamp: MaybeInstant,
  logical_date: MaybeInstant,
  map_index: Type.Integer(),
  task_id: Type.String(),
  dag_id: Type.String(),
  run_id: Type.String(),
  try_number: Type.Integer(),
  bytes: Type.Integer({ description: 'Size as JSON.' }),
}
const which = {
  map_index: Type.Optional(Type.Integer({ minimum: -1, maximum: 1_000_000, default: -1 })),
  try_number: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 2_147_483_647, description: 'Default: the last that has it.' }),
  ),
}

export const xcomRoutes: FastifyPluginAsyncTypebox<ApiParts> = async (app, parts) => {
  async function requireTi(name: { dag_id: string; dag_run_id: string; task_id: string }, mapIndex: number) {
    const run = await requireRun(parts, name)
    const ti = await getTi(parts.pool, { dagRunId: run.id, taskId: name.task_id, mapIndex })
    if (ti === null) throw notFound(`Run "${run.runId}" of Dag "${run.dagId}" has no task instance "${name.task_id}".`)
    return { run, ti }
  }

  const shown = (row: XComRow, run: RunRecord, taskId: string, mapIndex: number) => ({
    key: row.key,
    timestamp: iso(row.at),
    logical_date: iso(run.logicalDate),
    map_index: mapIndex,
    task_id: taskId,
    dag_id: run.dagId,
    run_id: run.runId,
    try_number: row.tryNumber,
    bytes: row.bytes,
  })

  app.get(
    '/dags/:dag_id/dagRuns/:dag_run_id/taskInstances/:task_id/xcomEntries',
    {
      config: { role: 'viewer' },
      schema: {
        tags: ['XCom'],
        params: TiPath,
        querystring: Closed({ ...paging, ...which, xcom_key: Type.Optional(Type.String({ maxLength: 512 })) }),
        response: answers(Closed({ xcom_entries: Type.Array(Closed(fields)), total_entries: Type.Integer() })),
      },
    },
    async ({ params, query }) => {
      const mapIndex = query.map_index ?? -1
      const { run, ti } = await requireTi(params, mapIndex)
      const rows = (await listXComs(parts.pool, ti.id, query.try_number)).filter(
        (row) => query.xcom_key === undefined || row.key === query.xcom_key,
      )
      return {
        xcom_entries: page(rows, query).map((row) => shown(row, run, ti.taskId, mapIndex)),
        total_entries: rows.length,
      }
    },
  )

  app.get(
    '/dags/:dag_id/dagRuns/:dag_run_id/taskInstances/:task_id/xcomEntries/:xcom_key',
    {
      config: { role: 'viewer' },
      schema: {
        tags: ['XCom'],
        params: Closed({ ...TiPath.properties, xcom_key: Type.String({ maxLength: 512 }) }),
        querystring: Closed({
          ...which,
          deserialize: Type.Optional(Type.Boolean()),
          stringify: Type.Optional(Type.Boolean({ description: 'The value as JSON text.' })),
        }),
        response: answers(Closed({ ...fields, value: Type.Unknown() })),
      },
    },
    async ({ params, query }) => {
      const mapIndex = query.map_index ?? -1
      const { run, ti } = await requireTi(params, mapIndex)
      const row = await getXCom(parts.pool, {
        tiId: ti.id,
        key: params.xcom_key,
        ...(query.try_number === undefined ? {} : { tryNumber: query.try_number }),
      })
      if (row === null) throw notFound(`Task instance "${ti.taskId}" has no XCom "${params.xcom_key}".`)
      const value: unknown = query.stringify === true ? row.json : JSON.parse(row.json)
      return { ...shown(row, run, ti.taskId, mapIndex), value }
    },
  )
}
