/**
 * How runs end: when their last TI has (invariant 7), and before that by a timeout, by `failFast`, or because somebody asked for it.
 * What a run did is undone before it fails, where its tasks say how and their error strategy asks for it.
 */
import { isCompensating } from '../graph.ts'
import { runOutcome } from '../run-state.ts'
import { failureOf, isUndoneNow, liveTryOf, planCompensation, undoableIn } from '../saga.ts'
import { FINISHED_TI_STATES, type RunState, type TiState } from '../states.ts'
import {
  callOff,
  giveTurns,
  hasOtherExecutions,
  settleSagas,
  type UndoReason,
  undo,
  undoneText,
} from './compensation.ts'
import { writeDeadLetter } from './dead-letters.ts'
import type { Draft } from './draft.ts'
import { poolKey } from './limits.ts'
import { completeTis } from './make-tis.ts'
import type { RunDraft } from './run-draft.ts'

/** Takes a queued run out of its Dag's queue: it ends without having started. */
export function dequeue(draft: Draft, run: RunDraft): void {
  const dag = draft.dag(run.record.dagId)
  if (dag !== undefined) draft.setDag({ ...dag, queued: dag.queued.filter((queued) => queued.id !== run.record.id) })
}

/** States of the leaves that take part in the run. */
export function leafStates(run: RunDraft): TiState[] {
  const leaves: TiState[] = []
  for (let i = 0; i < run.size; i++) {
    const { state } = run.ti(i)!
    if (run.graph.downstream[i]!.length === 0 && state !== 'removed') leaves.push(state)
  }
  return leaves
}

/** Ends runs whose last TI has ended in this tick (invariant 7), or begins to undo what they did. */
export function endFinishedRuns(draft: Draft): void {
  for (const run of draft.runs.values()) {
    if (run.failedFast !== null) failFast(draft, run, run.failedFast)
    const { state } = run.record
    if (state !== 'running' && state !== 'compensating') continue
    if (run.saga !== null) settleSagas(draft, run)
    if (run.open > 0) continue
    if (state === 'compensating') endRun(draft, run, 'failed', undoneText(run))
    else endOrUndo(draft, run)
  }
}

function endOrUndo(draft: Draft, run: RunDraft): void {
  const outcome = runOutcome(leafStates(run))
  const failure = outcome === 'failed' && run.graph.compensates ? failureOf(run, null) : null
  if (failure === null) {
    endRun(draft, run, outcome, null)
    return
  }
  // One that was cleared or marked may still be working: nothing is undone before it has ended.
  if (hasOtherExecutions(draft, run, null)) return
  const { taskId } = run.graph.tasks[failure.failedTask]!
  beginUndo(draft, run, `task "${taskId}" failed`)
  undo(draft, run, failure.undo, { actor: 'scheduler', scope: null, failedTask: failure.failedTask, error: null })
  giveTurns(draft, run)
}

function beginUndo(draft: Draft, run: RunDraft, cause: string): void {
  run.setRecord({ ...run.record, state: 'compensating' })
  const { id: dagRunId, dagId } = run.record
  draft.event({ kind: 'run.compensating', actor: 'scheduler', dagRunId, dagId, cause })
}

export function endRun(
  draft: Draft,
  run: RunDraft,
  state: Extract<RunState, 'success' | 'failed'>,
  cause: string | null,
  wasActive = true,
): void {
  run.setRecord({ ...run.record, state, endDate: draft.now })
  draft.endedRuns.add(run.record.id)
  draft.event({ kind: `run.${state}`, actor: 'scheduler', dagRunId: run.record.id, dagId: run.record.dagId, cause })
  const dag = draft.dag(run.record.dagId)
  if (dag === undefined) return
  if (wasActive) draft.setDag({ ...dag, running: dag.running - 1 })
  draft.dagsToAdvance.add(dag.record.dagId)
}

/** `dagrunTimeout` has passed: the run fails, what has not begun is skipped, what still runs is cancelled (2.3 rule 7). */
export function timeOutRun(draft: Draft, dagRunId: number): void {
  const run = draft.run(dagRunId)
  const { dagrunTimeoutMs } = run?.graph ?? { dagrunTimeoutMs: null }
  if (run === undefined || run.record.state !== 'running' || dagrunTimeoutMs === null) return
  // Set for an earlier start: the run was cleared and began anew since.
  if (run.record.startDate === null || run.record.startDate + dagrunTimeoutMs > draft.now) return
  const cause = `the run took longer than its dagrunTimeout of ${dagrunTimeoutMs / 1000} s`
  abandonRun(draft, run, 'dagrun timeout', cause, byStrategy(run))
}

/** The first final failure ends a run of a Dag that says so. */
function failFast(draft: Draft, run: RunDraft, index: number): void {
  run.failedFast = null
  if (run.record.state !== 'running' || run.open === 0) return
  const cause = `task "${run.graph.tasks[index]!.taskId}" failed, and the Dag says failFast`
  abandonRun(draft, run, 'failFast', cause, byStrategy(run), index)
}

/** Ready TIs that will not be any more let those behind them pass: the queue of a pool is strict. */
export function leavePoolQueues(draft: Draft, run: RunDraft): void {
  for (let i = 0; i < run.size; i++) if (run.isReady(i)) draft.freed.add(poolKey(run.graph.tasks[i]!.pool))
}

/**
 * Whether what an abandoned run did is undone. `begun`: what one of its sagas has begun to undo goes on, and nothing else is;
 * `by-hand`: also what failed to be undone before.
 */
export type Undoing = 'no' | 'begun' | 'yes' | 'by-hand'

/** What the error strategy of the Dag asks for when a run ends before its tasks have. */
export function byStrategy({ graph }: RunDraft): Undoing {
  return isCompensating(graph.errorStrategy) ? 'yes' : 'begun'
}

/**
 * Ends a run before its tasks have: live executions are cancelled, what had begun has failed, the rest is skipped. With
 * something to undo the run is `compensating` from then on, and a try that is cut off keeps its TI until it has ended, since
 * it may yet succeed; nothing is undone before all of them have. What one of its sagas undoes goes on. Otherwise the run has failed.
 */
export function abandonRun(
  draft: Draft,
  run: RunDraft,
  by: string,
  cause: string,
  undoing: Undoing = 'no',
  failedTask: number | null = null,
): void {
  completeTis(draft, run)
  const goesOn = run.record.state === 'running' && undoing !== 'no'
  const mayUndo = goesOn && undoing !== 'begun' && canUndo(run, undoing)
  const staysOpen = goesOn && (mayUndo || (run.saga?.undoing ?? 0) > 0)
  for (const execution of draft.executionsOf(run.record.id)) {
    const ti = run.ti(execution.index)
    const isUndo = ti !== undefined && isUndoneNow(ti, run.compensation(execution.index))
    if (!(staysOpen && isUndo)) draft.cancel(execution, by)
  }
  leavePoolQueues(draft, run)
  // From the leaves up, so that no trigger rule of a task below can fire in between.
  for (let i = run.graph.order.length - 1; i >= 0; i--)
    endOpen(draft, run, run.graph.order[i]!, { staysOpen, mayUndo, by, cause })
  const wasActive = run.record.state !== 'queued'
  if (!staysOpen) {
    if (!wasActive) dequeue(draft, run)
    endRun(draft, run, 'failed', cause, wasActive)
    return
  }
  beginUndo(draft, run, cause)
  const why: UndoReason = { actor: undoing === 'by-hand' ? by : 'scheduler', scope: null, failedTask, error: cause }
  undo(draft, run, mayUndo ? undoNow(run, undoing) : [], why)
}

function undoNow(run: RunDraft, undoing: Undoing): readonly number[] {
  if (undoing === 'yes') return undoableIn(run, null)
  const plan = planCompensation(run)
  return plan.ok ? plan.indexes : []
}

/** Something of it can be undone now, or when its live try has ended. */
function canUndo(run: RunDraft, undoing: Undoing): boolean {
  const { graph } = run
  if (!graph.compensates) return false
  const mayEnd = (index: number) => {
    const ti = run.ti(index)
    if (ti === undefined || graph.tasks[index]!.compensate === null) return false
    const hasBegun = ti.state === 'up_for_retry' && graph.tasks[index]!.compensate?.alsoWhenFailed === true
    return hasBegun || ti.state === 'queued' || ti.state === 'running'
  }
  return undoNow(run, undoing).length > 0 || graph.tasks.some((_, index) => mayEnd(index))
}

interface Ending {
  readonly staysOpen: boolean
  readonly mayUndo: boolean
  readonly by: string
  readonly cause: string
}

function endOpen(draft: Draft, run: RunDraft, index: number, { staysOpen, mayUndo, by, cause }: Ending): void {
  const ti = run.ti(index)
  if (ti === undefined || FINISHED_TI_STATES.has(ti.state)) return
  if (ti.state === 'compensating') {
    if (!staysOpen) callOff(draft, run, index, by, cause)
    return
  }
  const isLive = liveTryOf(ti, undefined) !== null
  if (isLive && mayUndo) return
  const state = isLive || ti.state === 'up_for_retry' ? 'failed' : 'skipped'
  if (state === 'failed') writeDeadLetter(draft, run, index, { kind: 'cancelled', by, message: cause })
  run.finish(index, { ...ti, state, retryAt: null, endDate: draft.now }, cause, draft.listener(run))
}
