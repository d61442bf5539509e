/**
 * What the command `compensate` would undo of a run as it is now, in order: planned by the function with which the scheduler
 * then does it.
 */
import type { DagGraph } from '../core/graph.ts'
import type { TiRecord } from '../core/records.ts'
import { forwardTryOf, planCompensation, runOfTis } from '../core/saga.ts'
import type { LoadedRun } from './load-run.ts'

export interface PlannedCompensation {
  readonly ti: TiRecord
  readonly forwardTry: number
  /** Tasks that are undone before, the nearest of them. */
  readonly after: readonly string[]
}

export type CompensationPreview =
  | { readonly ok: true; readonly planned: readonly PlannedCompensation[] }
  | { readonly ok: false; readonly code: string; readonly message: string }

export function previewCompensation(
  { version: { graph }, tis, compensations }: Pick<LoadedRun, 'version' | 'tis' | 'compensations'>,
  taskIds?: readonly string[],
): CompensationPreview {
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
