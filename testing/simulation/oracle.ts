/** How a run has to end, worked out from its Dag and the fates of its tasks alone: one pass, no engine, no order of events. */
import type { RunRecord } from '../../core/records.ts'
import type { SerializedDag, SerializedTask } from '../../core/serialized-dag.ts'
import type { TiState } from '../../core/states.ts'
import { evaluateTriggerRule } from '../../core/trigger-rules.ts'
import { fateOf, followed } from './fate.ts'

/**
 * @param retries the default number
 * @param observed the states the TIs ended in: taken as given for tasks that trigger a Dag, whose fate hangs on others.
 */
export function expectedStates(
  seed: number,
  run: RunRecord,
  dag: SerializedDag,
  retries: number,
  observed: ReadonlyMap<string, TiState>,
): Map<string, TiState> {
  const states = new Map<string, TiState>()
  const way = (taskId: string) => fateOf(seed, dag.dagId, run.runId, taskId).way
  for (const task of dag.tasks) {
    if (isOutside(task, run)) {
      states.set(task.taskId, 'removed')
      continue
    }
    const counts = { success: 0, failed: 0, skipped: 0, upstreamFailed: 0, removed: 0, total: task.upstream.length }
    for (const id of task.upstream) {
      const state = states.get(id)
      if (state === 'upstream_failed') counts.upstreamFailed++
      else if (state === 'success' || state === 'failed' || state === 'skipped' || state === 'removed') counts[state]++
    }
    const excluded = dag.tasks.some(
      (decider) =>
        states.get(decider.taskId) === 'success' && excludes(dag, decider, way(decider.taskId)).has(task.taskId),
    )
    const verdict = excluded ? 'skipped' : evaluateTriggerRule(task.triggerRule ?? 'all_success', counts)
    if (verdict === 'wait') throw new Error(`${task.triggerRule} waits although every upstream has ended`)
    if (verdict !== 'run') states.set(task.taskId, verdict)
    else if (task.kind === 'trigger') {
      const state = observed.get(task.taskId)
      states.set(task.taskId, state === 'success' ? 'success' : 'failed')
    } else {
      const fate = fateOf(seed, dag.dagId, run.runId, task.taskId)
      if (fate.failures > (task.retries ?? retries)) states.set(task.taskId, 'failed')
      else states.set(task.taskId, fate.then === 'fail-now' ? 'failed' : fate.then)
    }
  }
  return states
}

function isOutside({ startDate, endDate }: SerializedTask, { logicalDate }: RunRecord): boolean {
  if (logicalDate === null) return false
  return (startDate !== undefined && logicalDate < startDate) || (endDate !== undefined && logicalDate > endDate)
}

/** The tasks that the branches of a task exclude when they go this way. */
function excludes(dag: SerializedDag, decider: SerializedTask, way: number): Set<string> {
  const { branches } = decider
  if (branches === undefined) return new Set()
  const kept = new Set(followed(branches, way))
  // Tasks come in topological order here, so one pass finds everything below.
  for (const task of dag.tasks) if (task.upstream.some((id) => kept.has(id))) kept.add(task.taskId)
  const candidates = branches.flatMap((branch) =>
    branch.kind === 'if'
      ? [...branch.then, ...branch.else]
      : [...branch.cases.flatMap((one) => one.taskIds), ...(branch.otherwise ?? [])],
  )
  return new Set(candidates.filter((id) => !kept.has(id)))
}

export function leafOutcome(
  dag: SerializedDag,
  states: ReadonlyMap<string, TiState | undefined>,
): 'success' | 'failed' {
  const leaves = dag.tasks.filter((task) => !dag.tasks.some((other) => other.upstream.includes(task.taskId)))
  const failed = leaves.some((task) => ['failed', 'upstream_failed'].includes(states.get(task.taskId) ?? ''))
  return failed ? 'failed' : 'success'
}
