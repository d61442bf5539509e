/** The run x task grid of a Dag: runs newest first, each with the states of its TIs packed in the order of `tasks`. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { TI_STATES } from '../../core/states.ts'
import { type PackedTis, packTis } from '../../database/queries/grid.ts'
import { pageRuns } from '../../database/queries/run-pages.ts'
import { runsByNumber } from '../../database/queries/runs.ts'
import type { ApiParts } from '../api-parts.ts'
import { notFound } from '../error-replies.ts'
import { requireDag } from '../load-run.ts'
import { Structure, shownStructure } from '../schemas/dag.ts'
import { answers, Closed, DagPath, Instant, MaybeInstant, MaybeText, Nullable } from '../schemas/shapes.ts'
import { iso, RunState, RunType, seconds } from '../schemas/values.ts'

const perTask = (description: string) => Type.Array(Nullable(Type.Number()), { description })

const GridRun = Closed({
  id: Type.Integer(),
  dag_run_id: Type.String(),
  state: RunState,
  run_type: RunType,
  logical_date: MaybeInstant,
  run_after: Instant,
  start_date: MaybeInstant,
  end_date: MaybeInstant,
  duration: Nullable(Type.Number()),
  note: MaybeText,
  version_number: Nullable(Type.Integer()),
  ti_ids: perTask('Id of the task instance, by which events name it; null where the run has none of that task.'),
  states: perTask('Index into state_names.'),
  try_numbers: perTask('Current or last try.'),
  retry_ats: perTask('Epoch milliseconds; of those that wait for a retry.'),
})

const Grid = Closed({
  dag_id: Type.String(),
  state_names: Type.Array(Type.String()),
  tasks: Type.Array(Type.String(), {
    description: 'Task ids: those of the newest version in its order, then those only older runs have.',
  }),
  structure: Structure,
  runs: Type.Array(GridRun),
  next_before: Type.Union([Type.Integer(), Type.Null()], { description: 'Give as `before` for older runs.' }),
})

const STATE_INDEX = new Map(TI_STATES.map((state, index) => [state, index]))

export const gridRoutes: FastifyPluginAsyncTypebox<ApiParts> = async (app, parts) => {
  async function namedRuns(dagId: string, numbers: readonly number[]) {
    const found = await runsByNumber(parts.pool, numbers)
    return found.filter((run) => run.dagId === dagId).toSorted((a, b) => b.id - a.id)
  }

  app.get(
    '/dags/:dag_id/grid',
    {
      config: { role: 'viewer' },
      schema: {
        tags: ['DAG'],
        params: DagPath,
        querystring: Closed({
          limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 365, default: 30 })),
          before: Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),
          run: Type.Optional(
            Type.Array(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }), {
              maxItems: 365,
              description: 'Numbers of runs: only these, as far as they are there.',
            }),
          ),
        }),
        response: answers(Grid),
      },
    },
    async ({ params, query }) => {
      const row = await requireDag(parts, params.dag_id)
      const limit = query.limit ?? 30
      const runs =
        query.run === undefined
          ? await pageRuns(parts.pool, {
              dagId: row.dagId,
              order: 'id',
              falling: true,
              ...(query.before === undefined ? {} : { cursor: query.before }),
              offset: 0,
              limit,
            })
          : await namedRuns(row.dagId, query.run)
      const versions = await parts.versionsOf([row.versionId])
      const version = versions.get(row.versionId)
      if (version === undefined) throw notFound(`Dag "${row.dagId}" was replaced this moment; ask again.`)
      const packed = await packTis(
        parts.pool,
        runs.map((run) => run.id),
      )
      const tasks = version.graph.tasks.map((task) => task.taskId)
      const places = new Map(tasks.map((taskId, place) => [taskId, place]))
      for (const { taskIds } of packed.values()) {
        for (const taskId of taskIds) if (!places.has(taskId)) places.set(taskId, tasks.push(taskId) - 1)
      }
      return {
        dag_id: row.dagId,
        state_names: [...TI_STATES],
        tasks,
        structure: shownStructure(version),
        runs: runs.map((run) => ({
          id: run.id,
          dag_run_id: run.runId,
          state: run.state,
          run_type: run.runType,
          logical_date: iso(run.logicalDate),
          run_after: iso(run.runAfter),
          start_date: iso(run.startDate),
          end_date: iso(run.endDate),
          duration: seconds(run.startDate, run.endDate),
          note: run.note,
          version_number: run.versionNumber,
          ...placed(packed.get(run.id), places),
        })),
        next_before: query.run === undefined && runs.length === limit ? (runs.at(-1)?.id ?? null) : null,
      }
    },
  )
}

function placed(packed: PackedTis | undefined, places: ReadonlyMap<string, number>) {
  const spread = (value: (at: number) => number | null | undefined) => {
    const row: (number | null)[] = Array.from({ length: places.size }, () => null)
    packed?.taskIds.forEach((taskId, at) => {
      row[places.get(taskId)!] = value(at) ?? null
    })
    return row
  }
  return {
    ti_ids: spread((at) => packed!.tiIds[at]),
    states: spread((at) => STATE_INDEX.get(packed!.states[at]!)),
    try_numbers: spread((at) => packed!.tries[at]),
    retry_ats: spread((at) => packed!.retries[at]),
  }
}
