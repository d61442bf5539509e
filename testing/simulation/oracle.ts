/** How a run has to end, worked out from its Dag and the fates of its tasks alone: one pass, no engine, no order of events. */
import type { RunRecord } from '../../core/records.ts'
import type { ErrorStrategy, SerializedDag, SerializedTask } from '../../core/serialized-dag.ts'
import type { TiState } from '../../core/states.ts'
import { evaluateTriggerRule } from '../../core/trigger-rules.ts'
import { fateOf, followed, undoFateOf } from './fate.ts'

/** A TI as it ended. */
export interface Observed {
  readonly state: TiState
  /** Before it was undone, if it was. */
  readonly forward: TiState
}

/**
 * @param retries the default number
 * @param observed taken as given for tasks that trigger a Dag, whose fate hangs on others.
 */
export function expectedStates(
  seed: number,
  run: RunRecord,
  dag: SerializedDag,
  retries: number,
  observed: ReadonlyMap<string, Observed>,
): Map<string, TiState> {
  const states = new Map<string, TiState>()
  const way = (taskId: string) => fateOf(seed, dag.dagId, run.runId, taskId).way
  const undoing = { seed, run, dag, retries, observed, states, forward: new Map<string, TiState>() }
  for (const [i, task] of dag.tasks.entries()) {
    states.set(task.taskId, forwardState(task))
    undoing.forward.set(task.taskId, states.get(task.taskId)!)
    // Those of a saga follow each other, so it has ended with the last of them.
    const { groupId } = task
    if (groupId !== undefined && dag.tasks[i + 1]?.groupId !== groupId) {
      undoScope(
        undoing,
        dag.tasks.filter((one) => one.groupId === groupId),
      )
    }
  }
  undoScope(undoing, dag.tasks)
  return states

  function forwardState(task: SerializedTask): TiState {
    if (isOutside(task, run)) return 'removed'
    const counts = { success: 0, failed: 0, skipped: 0, upstreamFailed: 0, removed: 0, total: task.upstream.length }
    for (const id of task.upstream) {
      const state = states.get(id)
      if (state === 'upstream_failed') counts.upstreamFailed++
      else if (state === 'compensated' || state === 'compensation_failed') counts.failed++
      else if (state === 'success' || state === 'failed' || state === 'skipped' || state === 'removed') counts[state]++
    }
    const excluded = dag.tasks.some(
      (decider) =>
        states.get(decider.taskId) === 'success' && excludes(dag, decider, way(decider.taskId)).has(task.taskId),
    )
    const verdict = excluded ? 'skipped' : evaluateTriggerRule(task.triggerRule ?? 'all_success', counts)
    if (verdict === 'wait') throw new Error(`${task.triggerRule} waits although every upstream has ended`)
    if (verdict !== 'run') return verdict
    if (task.kind === 'trigger') return observed.get(task.taskId)?.forward === 'success' ? 'success' : 'failed'
    const fate = fateOf(seed, dag.dagId, run.runId, task.taskId)
    const strategy = strategyOf(dag, task)
    const isRetried = strategy === 'retry' || strategy === 'retry-then-compensate'
    if (fate.failures > (isRetried ? (task.retries ?? retries) : 0)) return 'failed'
    return fate.then === 'fail-now' ? 'failed' : fate.then
  }
}

function strategyOf(dag: SerializedDag, task: SerializedTask): ErrorStrategy {
  return task.errorStrategy ?? dag.errorStrategy ?? 'retry-then-compensate'
}

interface Undoing {
  readonly seed: number
  readonly run: RunRecord
  readonly dag: SerializedDag
  readonly retries: number
  readonly observed: ReadonlyMap<string, Observed>
  readonly states: Map<string, TiState>
  readonly forward: ReadonlyMap<string, TiState>
}

/** Undoes what is to be undone of a scope that has failed. */
function undoScope(undoing: Undoing, scope: readonly SerializedTask[]): void {
  const { dag, states, forward } = undoing
  if (!mustBeUndone(dag, scope, states, forward)) return
  for (const task of scope)
    if (canBeUndone(task, states.get(task.taskId))) states.set(task.taskId, undone(undoing, task))
}

/** It fails, and one of the failures in it asks for it. */
export function mustBeUndone(
  dag: SerializedDag,
  scope: readonly SerializedTask[],
  states: ReadonlyMap<string, TiState>,
  forward: ReadonlyMap<string, TiState>,
): boolean {
  const isLeaf = ({ taskId }: SerializedTask) => !scope.some((other) => other.upstream.includes(taskId))
  if (!scope.some((task) => isLeaf(task) && BAD_LEAVES.has(states.get(task.taskId) ?? 'none'))) return false
  return scope.some((task) => forward.get(task.taskId) === 'failed' && COMPENSATING.has(strategyOf(dag, task)))
}

export const COMPENSATING: ReadonlySet<ErrorStrategy> = new Set(['compensate', 'retry-then-compensate'])

export function canBeUndone({ compensate }: SerializedTask, state: TiState | undefined): boolean {
  if (compensate === undefined) return false
  return state === 'success' || (state === 'failed' && compensate.alsoWhenFailed === true)
}

function undone({ seed, run, dag, retries, observed }: Undoing, task: SerializedTask): TiState {
  if (task.kind === 'trigger') {
    return observed.get(task.taskId)?.state === 'compensation_failed' ? 'compensation_failed' : 'compensated'
  }
  const fate = undoFateOf(seed, dag.dagId, run.runId, task.taskId)
  const hasFailed = fate.failures > (task.compensate?.retries ?? retries) || fate.then === 'fail-now'
  return hasFailed ? 'compensation_failed' : 'compensated'
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

const BAD_LEAVES: ReadonlySet<TiState> = new Set(['failed', 'upstream_failed', 'compensated', 'compensation_failed'])

export function leafOutcome(
  dag: SerializedDag,
  states: ReadonlyMap<string, TiState | undefined>,
): 'success' | 'failed' {
  const leaves = dag.tasks.filter((task) => !dag.tasks.some((other) => other.upstream.includes(task.taskId)))
  const failed = leaves.some((task) => BAD_LEAVES.has(states.get(task.taskId) ?? 'none'))
  return failed ? 'failed' : 'success'
}
