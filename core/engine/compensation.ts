/**
 * How what a run or a saga did is undone, step by step in ticks: planned in one commit, given to the limits in the order of
 * the graph, ended by results (docs/adr/0010-sagas.md). Invariants: the plan is rows, never memory alone; a TI has its turn when
 * nothing below it is still to be undone and no execution of before the plan is alive; a TI is undone once for a forward try.
 */
import { descendants } from '../graph.ts'
import type { CompensationRecord, TiRecord } from '../records.ts'
import {
  calledOff,
  canBeUndone,
  failureOf,
  forwardTryOf,
  isBuiltOn,
  isUndoneNow,
  liveTryOf,
  type ScopeFailure,
} from '../saga.ts'
import { settleLetters, writeDeadLetter } from './dead-letters.ts'
import type { Draft } from './draft.ts'
import { poolKey } from './limits.ts'
import type { ExecutionMemory } from './memory.ts'
import type { RunDraft } from './run-draft.ts'

export interface UndoReason {
  /** `scheduler`, `user:anna`. */
  readonly actor: string
  /** Saga id, or `null`: of the whole run. */
  readonly scope: string | null
  /** Task index of the failure that is the cause, if one is. */
  readonly failedTask: number | null
  /** What happened, where no task is the cause. */
  readonly error: string | null
}

/** Plans that these are undone. Each gets its turn when the order allows, which `giveTurns` works out once for all plans of a tick. */
export function undo(draft: Draft, run: RunDraft, indexes: readonly number[], why: UndoReason): void {
  const saga = run.saga!
  for (const index of indexes) {
    const ti = run.ti(index)!
    const before = run.compensation(index)
    if (ti.state === 'compensation_failed') {
      settleLetters(draft, ti, { status: 'redriven', reason: null, actor: why.actor }, null)
    }
    const record = planned(draft, run, index, why)
    saga.setCompensation(index, record)
    run.reopen(index, {
      ...ti,
      state: 'compensating',
      // One that is undone again had its tries already: it waits as for a retry, which is due.
      ...(before?.lastTry === ti.tryNumber
        ? { ...freshCounters(run, index, ti), retryAt: draft.now }
        : { retryAt: null }),
    })
    draft.rows += 2
    draft.tiEvent(run, run.ti(index)!, why.actor, undoCause(run, record))
  }
  saga.planned()
}

function planned(draft: Draft, run: RunDraft, index: number, why: UndoReason): CompensationRecord {
  const ti = run.ti(index)!
  const before = run.compensation(index)
  const forwardTry = forwardTryOf(ti, before)
  const again = before?.forwardTry === forwardTry ? before : undefined
  const forwardState =
    ti.state === 'success' || ti.state === 'failed' ? ti.state : (again?.forwardState ?? ('success' as const))
  const cause = forwardState === 'failed' ? index : why.failedTask
  return {
    tiId: ti.id,
    forwardTry,
    dagRunId: run.record.id,
    forwardState,
    state: 'compensating',
    scope: why.scope,
    firstTry: again?.firstTry ?? null,
    lastTry: again?.lastTry ?? null,
    plannedAt: draft.now,
    endedAt: null,
    actor: why.actor,
    failedTask: cause === null ? null : run.graph.tasks[cause]!.taskId,
    error: cause === null ? why.error : errorOf(run, cause),
  }
}

/** One sentence on why a task failed. */
function errorOf(run: RunDraft, index: number): string {
  const ti = run.ti(index)!
  const compensation = run.compensation(index)
  const own =
    compensation?.forwardState === 'failed' && compensation.failedTask === ti.taskId ? compensation.error : null
  return run.saga!.error(index, forwardTryOf(ti, compensation)) ?? own ?? `task "${ti.taskId}" failed`
}

function undoCause(run: RunDraft, { failedTask, scope, error, actor }: CompensationRecord): string {
  const of = scope === null ? `run ${run.record.runId}` : `saga ${scope}`
  if (failedTask !== null) return `${of} is undone: task "${failedTask}" failed: ${error ?? ''}`
  return `${of} is undone: ${error ?? `asked for by ${actor}`}`
}

/** Of the tries that undo a TI. */
export function freshCounters(run: RunDraft, index: number, ti: TiRecord) {
  const retries = run.graph.tasks[index]!.compensate?.retries ?? 0
  return { maxTries: ti.tryNumber + retries + 1, failures: 0, losses: 0 }
}

/** A scope in which everything has ended and whose failure asks for it. */
export function undoScope(
  draft: Draft,
  run: RunDraft,
  scope: string | null,
  { undo: indexes, failedTask }: ScopeFailure,
) {
  undo(draft, run, indexes, { actor: 'scheduler', scope, failedTask, error: null })
}

/**
 * What follows within the sagas of a run from what this tick did: a saga has settled, or is to be undone; what waited for its
 * turn has it.
 */
export function settleSagas(draft: Draft, run: RunDraft): void {
  const saga = run.saga!
  if (run.record.state === 'running') {
    // One that settles may end the tasks of another, by a trigger rule.
    while (run.graph.sagas.some((_, index) => settleSaga(draft, run, index)));
  }
  if (saga.held && !hasOtherExecutions(draft, run, null)) {
    saga.held = false
    saga.release(run.isBeingUndone)
  }
  giveTurns(draft, run)
}

/** @returns whether others may follow. */
function settleSaga(draft: Draft, run: RunDraft, index: number): boolean {
  const saga = run.saga!
  if (saga.isSettled(index) || saga.sagaIsOpen(index)) return false
  const scope = run.graph.sagas[index]!
  const failure = failureOf(run, scope)
  if (failure === null) {
    run.settleSaga(index, draft.listener(run))
    return true
  }
  if (!isBuiltOn(run, scope) && !hasOtherExecutions(draft, run, index)) undoScope(draft, run, scope.sagaId, failure)
  return false
}

/** Whoever has nothing below it that is still to be undone is offered to the limits. */
export function giveTurns(draft: Draft, run: RunDraft): void {
  const { state } = run.record
  const saga = run.saga!
  if (saga.isReplanned) {
    // Of a run that waits in the queue this is known when the queue lets it in.
    saga.held = state === 'compensating' && hasOtherExecutions(draft, run, null)
    saga.reorder(run.isBeingUndone)
    // What has come to be undone may lie below what had its turn and waits for a limit.
    for (let i = 0; i < run.size; i++) {
      if (!run.isReady(i) || !run.isBeingUndone(i) || saga.hasTurn(i)) continue
      run.holdBack(i)
      // Whoever stood behind it may pass.
      draft.freed.add(poolKey(run.graph.tasks[i]!.pool))
    }
  }
  for (const index of saga.turns.splice(0)) {
    const ti = run.ti(index)!
    if ((state !== 'running' && state !== 'compensating') || !saga.hasTurn(index) || run.isReady(index)) continue
    if (ti.state !== 'compensating' || isUndoneNow(ti, run.compensation(index))) continue
    if (ti.retryAt === null || ti.retryAt <= draft.now) run.markReady(index)
    else draft.timer({ at: ti.retryAt, kind: 'retry', dagRunId: run.record.id, index, tryNumber: ti.tryNumber })
  }
}

/** The queue has let it in. */
export function resumeUndo(draft: Draft, run: RunDraft): void {
  const saga = run.saga!
  saga.held = hasOtherExecutions(draft, run, null)
  saga.release(run.isBeingUndone)
  giveTurns(draft, run)
}

/**
 * Something of a run is still working that is not undoing it as planned. Of a saga: something of its own, or what lies below it
 * and was cleared or marked since.
 */
export function hasOtherExecutions(draft: Draft, run: RunDraft, saga: number | null): boolean {
  for (const execution of draft.executionsOf(run.record.id)) {
    const index = indexIn(run, execution)
    const ti = run.ti(index)
    const isLive = ti !== undefined && liveTryOf(ti, run.compensation(index)) === execution.record.tryNumber
    const isPlanned = isLive && ti.state === 'compensating'
    if (isPlanned) continue
    if (saga === null || run.graph.sagaOf?.[index] === saga || (!isLive && isBelow(run, saga, index))) return true
  }
  return false
}

function isBelow({ graph }: RunDraft, saga: number, index: number): boolean {
  return descendants(graph, graph.sagas[saga]!.members).has(index)
}

/** An execution that outlived its run points nowhere, until the run is back. */
function indexIn(run: RunDraft, { index, record }: ExecutionMemory): number {
  if (run.ti(index)?.id === record.tiId) return index
  for (let i = 0; i < run.size; i++) if (run.ti(i)!.id === record.tiId) return i
  return -1
}

/** The try that undoes a TI is queued: the row names it. */
export function noteUndoTry(draft: Draft, run: RunDraft, index: number, tryNumber: number): void {
  draft.rows++
  const record = run.compensation(index)!
  run.saga!.setCompensation(index, { ...record, firstTry: record.firstTry ?? tryNumber, lastTry: tryNumber })
}

/** A TI is undone, or nothing more is tried. */
export function endUndo(
  draft: Draft,
  run: RunDraft,
  index: number,
  ti: TiRecord & { readonly state: 'compensated' | 'compensation_failed' },
  cause: string | null,
): void {
  const record = run.compensation(index)!
  run.saga!.setCompensation(index, { ...record, state: ti.state, endedAt: ti.endDate })
  draft.rows++
  run.finish(index, ti, cause, draft.listener(run))
}

/** A try that was cut off by the end of its run may have succeeded, or done a part: then that is undone, too. */
export function undoCutOff(draft: Draft, run: RunDraft, index: number): void {
  if (run.record.state !== 'compensating' || !canBeUndone(run, index, false)) return
  undo(draft, run, [index], { actor: 'scheduler', scope: null, failedTask: null, error: 'its run was ended' })
}

/** A TI is not undone any further: one that was not begun is what it was before. Its live try is ended by the caller. */
export function callOff(draft: Draft, run: RunDraft, index: number, actor: string, why: string): void {
  const ti = run.ti(index)!
  const record = run.compensation(index)!
  const state = calledOff(record)
  const isBegun = state === 'compensation_failed'
  run.saga!.setCompensation(index, { ...record, state: isBegun ? state : 'withdrawn', endedAt: draft.now })
  draft.rows++
  // One that was planned again and not begun since has left its letter before.
  const isTried = isUndoneNow(ti, record) || ti.retryAt !== record.plannedAt
  if (isBegun && isTried)
    writeDeadLetter(draft, run, index, { kind: 'cancelled', by: actor, message: why }, 'compensation')
  const cause = isBegun ? `it was being undone: ${why}` : `it is not undone: ${why}`
  const ended: TiRecord = { ...ti, state, retryAt: null, ...(isBegun ? { endDate: draft.now } : {}) }
  run.finish(index, ended, cause, (changed, text) => {
    const by = changed === ended ? actor : 'scheduler'
    draft.rows++
    draft.tiEvent(run, changed, by, text)
  })
}

/** How it went, for the run's last event. */
export function undoneText(run: RunDraft): string {
  let undone = 0
  let failed = 0
  for (let i = 0; i < run.size; i++) {
    const { state } = run.ti(i)!
    if (state === 'compensated') undone++
    else if (state === 'compensation_failed') failed++
  }
  if (undone + failed === 0) return 'nothing had to be undone'
  const tasks = (count: number) => (count === 1 ? '1 task' : `${count} tasks`)
  return failed === 0 ? `${tasks(undone)} undone` : `${tasks(undone)} undone, ${tasks(failed)} could not be`
}
