/** What marking or cancelling a run would change, planned by the functions with which the scheduler then does it. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { planCancel, planMarkRun } from '../../core/clear.ts'
import { isCompensating } from '../../core/graph.ts'
import { runOfTis, undoableIn } from '../../core/saga.ts'
import { FINISHED_RUN_STATES, type TiState as TiStateName } from '../../core/states.ts'
import type { ApiParts } from '../api-parts.ts'
import { EarlyReply, notFound } from '../error-replies.ts'
import { type LoadedRun, loadRun } from '../load-run.ts'
import { answers, Closed, RunPath } from '../schemas/shapes.ts'
import { ShownTiState, shownTiState } from '../schemas/values.ts'

const Changes = Closed({
  changes: Type.Array(
    Closed({ task_id: Type.String(), map_index: Type.Integer(), state: ShownTiState, new_state: ShownTiState }),
  ),
  total_entries: Type.Integer(),
  undone: Type.Array(Type.String(), {
    description: 'Of a cancel: tasks that would be undone then, the first at the front, as far as it can be told now.',
  }),
})

export const runPreviewRoutes: FastifyPluginAsyncTypebox<ApiParts> = async (app, parts) => {
  app.patch(
    '/dags/:dag_id/dagRuns/:dag_run_id/dry_run',
    {
      config: { role: 'viewer' },
      schema: {
        tags: ['DagRun'],
        summary: 'What marking the run would change',
        params: RunPath,
        body: Closed({ state: Type.Enum(['success', 'failed']) }),
        response: answers(Changes),
      },
    },
    async ({ body, params }) => {
      const loaded = await loadRun(parts, params)
      return shown(loaded, planMarkRun(loaded.tis, body.state, loaded.compensations))
    },
  )

  app.post(
    '/dags/:dag_id/dagRuns/:dag_run_id/cancel/dry_run',
    {
      config: { role: 'viewer' },
      schema: {
        tags: ['DagRun'],
        summary: 'What a cancel would end',
        params: RunPath,
        body: Closed({
          task_ids: Type.Optional(Type.Array(Type.String({ maxLength: 250 }), { minItems: 1, maxItems: 10_000 })),
          compensate: Type.Optional(Type.Boolean({ default: true })),
        }),
        response: answers(Changes),
      },
    },
    async ({ body, params }) => {
      const loaded = await loadRun(parts, params)
      const { run, version, tis } = loaded
      if (FINISHED_RUN_STATES.has(run.state)) {
        throw new EarlyReply(409, `Run "${run.runId}" has ended (${run.state}); there is nothing to cancel.`)
      }
      const plan = planCancel(version.graph, tis, body.task_ids, loaded.compensations)
      if (!plan.ok) throw notFound(plan.message)
      const isUndone = body.task_ids === undefined && body.compensate !== false
      return shown(loaded, plan.states, isUndone ? undoneAfter(loaded, plan.states) : [])
    },
  )
}

/** What the Dag's error strategy has undone when the run is cancelled. */
function undoneAfter({ version: { graph }, tis, compensations }: LoadedRun, states: ReadonlyMap<number, TiStateName>) {
  if (!isCompensating(graph.errorStrategy) || !graph.compensates) return []
  const after = tis.map((ti, index) => ({ ...ti, state: states.get(index) ?? ti.state }))
  const undone = new Set(undoableIn(runOfTis(graph, after, compensations), null))
  return [...graph.order].reverse().filter((index) => undone.has(index))
}

function shown({ tis }: LoadedRun, states: ReadonlyMap<number, TiStateName>, undone: readonly number[] = []) {
  const changes = [...states].map(([index, state]) => {
    const ti = tis[index]!
    return { task_id: ti.taskId, map_index: ti.mapIndex, state: shownTiState(ti.state), new_state: shownTiState(state) }
  })
  return { changes, total_entries: changes.length, undone: undone.map((index) => tis[index]!.taskId) }
}
