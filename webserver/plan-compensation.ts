/**
 * What the command `compensate` would undo of a run as it is now, in order: planned by the function with which the scheduler
 * then does it.
 */
import type { DagGraph } from '../core/graph.ts'
import type { CompensationRecord, TiRecord } from '../core/records.ts'
import { forwardTryOf, planCompensation, runOfTis } from '../core/saga.ts'

export interface PlannedCompensation {
  readonly ti: TiRecord
  readonly forwardTry: number
  /** Tasks that are undone before, the nearest of them. */
  readonly after: readonly string[]
}

export type CompensationPreview =
  | { readonly ok: true; readonly planned: readonly PlannedCompensation[] }
  | { readonly ok: false; readonly code: string; readonly message: string }

/** `tis` by task index; none while the run is queued for the first time. */
export function previewCompensation(
  graph: DagGraph,
  tis: readonly TiRecord[],
  newest: readonly CompensationRecord[],
  taskIds?: readonly string[],
): CompensationPreview {
  const byTi = new Map(newest.map((one) => [one.tiId, one]))
  const compensations = new Map<number, CompensationRecord>()
  tis.forEach((ti, index) => {
    const found = byTi.get(ti.id)
    if (found !== undefined) compensations.set(index, found)
  })
  const plan = planCompensation(runOfTis(graph, tis, compensations), taskIds)
  if (!plan.ok) return plan
  const planned = new Set(plan.indexes)
  return {
    ok: true,
    planned: plan.indexes.map((index) => ({
      ti: tis[index]!,
      forwardTry: forwardTryOf(tis[index]!, compensations.get(index)),
      after: nearestBelow(graph, index, planned).map((below) => graph.tasks[below]!.taskId),
    })),
  }
}

function nearestBelow(graph: DagGraph, start: number, wanted: ReadonlySet<number>): readonly number[] {
  const found: number[] = []
  const seen = new Set([start])
  const stack = [start]
  for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
    for (const below of graph.downstream[at]!) {
      if (seen.has(below)) continue
      seen.add(below)
      if (wanted.has(below)) found.push(below)
      else stack.push(below)
    }
  }
  return found.sort((a, b) => a - b)
}
