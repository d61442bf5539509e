/** What a branch has decided, as it is kept with the TI that decided: the ids of the tasks it excluded. */
import { type DagGraph, excludedByBranches } from '../graph.ts'
import type { TiRecord } from '../records.ts'

/** The task ids a decided branch excluded. */
export function branchSkips(ti: TiRecord): string[] {
  return ti.branchSkips === null ? [] : (JSON.parse(ti.branchSkips) as string[])
}

/** `branchSkips` column for a task that followed these candidates; `null` for a task without branches. */
export function branchSkipsText(
  graph: DagGraph,
  index: number,
  followed: readonly string[] | undefined,
): string | null {
  const task = graph.tasks[index]!
  if (task.serialized.branches === undefined || task.serialized.branches.length === 0) return null
  return JSON.stringify(excludedByBranches(graph, task, followed ?? []).map((i) => graph.tasks[i]!.taskId))
}
