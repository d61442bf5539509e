/**
 * What is undone, and in what order: pure planning, used alike by the engine, which then does it, and by whoever shows
 * beforehand what it would do (docs/adr/0010-sagas.md). Invariant: a TI is undone when nothing below it in the graph has
 * still to be undone, and never twice for one forward try.
 */
import { didYouMean } from './config/nearest-name.ts'
import { type DagGraph, descendants, isCompensating } from './graph.ts'
import type { CompensationRecord, TiRecord } from './records.ts'
import { runOutcome } from './run-state.ts'
import type { SagaScope } from './saga-scopes.ts'
import type { TiState } from './states.ts'

/** Newest compensation of a TI, by task index. */
export type Compensations = ReadonlyMap<number, CompensationRecord>

/** TIs of a run by task index. */
export interface RunOfTis {
  readonly graph: DagGraph
  ti(index: number): TiRecord | undefined
  compensation(index: number): CompensationRecord | undefined
}

export function runOfTis(graph: DagGraph, tis: readonly TiRecord[], compensations: Compensations): RunOfTis {
  return { graph, ti: (index) => tis[index], compensation: (index) => compensations.get(index) }
}

/**
 * The try whose result counts: the last one, unless that was a compensation. A TI that was undone and cleared has later
 * tries, so it is the last one again.
 */
export function forwardTryOf(ti: TiRecord, compensation: CompensationRecord | undefined): number {
  const isUndone = compensation?.lastTry !== null && compensation?.lastTry === ti.tryNumber
  return isUndone ? compensation.forwardTry : ti.tryNumber
}

/** The try that has to be running now, or `null`: a TI that is being undone may wait for its turn, a limit or its retry. */
export function liveTryOf(ti: TiRecord, compensation: CompensationRecord | undefined): number | null {
  if (ti.state === 'queued' || ti.state === 'running') return ti.tryNumber
  return isUndoneNow(ti, compensation) ? ti.tryNumber : null
}

/** Its compensation is queued or running. */
export function isUndoneNow(ti: TiRecord, compensation: CompensationRecord | undefined): boolean {
  return ti.state === 'compensating' && ti.retryAt === null && compensation?.lastTry === ti.tryNumber
}

/** Whether a task failed by itself: what it did midway may have been undone since. */
function failedItself(ti: TiRecord, compensation: CompensationRecord | undefined): boolean {
  if (ti.state === 'failed') return true
  const isUndone = ti.state === 'compensated' || ti.state === 'compensation_failed'
  return isUndone && compensation?.forwardState === 'failed'
}

/** `byHand`: also what failed to be undone. */
export function canBeUndone(run: RunOfTis, index: number, byHand: boolean): boolean {
  const spec = run.graph.tasks[index]!.compensate
  const ti = run.ti(index)
  if (spec === null || ti === undefined || ti.tryNumber === 0) return false
  if (ti.state === 'compensation_failed') return byHand
  if (ti.state !== 'success' && !(ti.state === 'failed' && spec.alsoWhenFailed)) return false
  // Marked by hand since.
  const compensation = run.compensation(index)
  return compensation?.state !== 'compensated' || compensation.forwardTry !== forwardTryOf(ti, compensation)
}

/** What a TI becomes when its undoing is called off now: one that was not begun is what it was before. */
export function calledOff({
  firstTry,
  forwardState,
}: CompensationRecord): 'success' | 'failed' | 'compensation_failed' {
  return firstTry === null ? forwardState : 'compensation_failed'
}

/** `null`: the whole run. */
type Scope = SagaScope | null

function* indexesOf({ graph }: RunOfTis, scope: Scope): IterableIterator<number> {
  if (scope !== null) yield* scope.members
  else for (let i = 0; i < graph.tasks.length; i++) yield i
}

const BEGUN: ReadonlySet<TiState> = new Set(['queued', 'running', 'up_for_retry', 'deferred', 'compensating'])

/** Something below a saga, begun when that had settled, has not ended: the saga was cleared or marked since. */
export function isBuiltOn(run: RunOfTis, { members }: SagaScope): boolean {
  const own = new Set(members)
  for (const index of descendants(run.graph, members)) {
    if (!own.has(index) && BEGUN.has(run.ti(index)?.state ?? 'none')) return true
  }
  return false
}

/** What of a scope is undone when it fails now. */
export function undoableIn(run: RunOfTis, scope: Scope): number[] {
  return [...indexesOf(run, scope)].filter((index) => canBeUndone(run, index, false))
}

export interface ScopeFailure {
  /** The task that failed first, of those whose strategy compensates. */
  readonly failedTask: number
  readonly undo: readonly number[]
}

/**
 * What to undo of a scope in which every TI has ended; `null`: nothing, whether because it has not failed, no failure in it
 * asks for it, or all is done.
 */
export function failureOf(run: RunOfTis, scope: Scope): ScopeFailure | null {
  const { graph } = run
  const leaves = scope === null ? graph.tasks.map((_, i) => i) : [...scope.leaves]
  const states = leaves
    .filter((i) => scope !== null || graph.downstream[i]!.length === 0)
    .flatMap((i) => run.ti(i)?.state ?? [])
  if (runOutcome(states) === 'success') return null
  const failedTask = firstFailure(run, scope)
  if (failedTask === null) return null
  const undo = undoableIn(run, scope)
  return undo.length === 0 ? null : { failedTask, undo }
}

function firstFailure(run: RunOfTis, scope: Scope): number | null {
  let first: number | null = null
  let firstAt = Number.POSITIVE_INFINITY
  for (const index of indexesOf(run, scope)) {
    const ti = run.ti(index)
    if (ti === undefined || !failedItself(ti, run.compensation(index))) continue
    if (!isCompensating(run.graph.tasks[index]!.errorStrategy)) continue
    const at = ti.endDate ?? Number.MAX_SAFE_INTEGER
    if (at >= firstAt) continue
    first = index
    firstAt = at
  }
  return first
}

/** The task a person would name as the cause when somebody undoes a run by hand; `null` when none failed. */
export function causeByHand(run: RunOfTis): number | null {
  let first: number | null = null
  for (const index of indexesOf(run, null)) {
    const ti = run.ti(index)!
    if (!failedItself(ti, run.compensation(index))) continue
    if (first === null || (ti.endDate ?? 0) < (run.ti(first)!.endDate ?? 0)) first = index
  }
  return first
}

export type CompensationPlan =
  /** Task indexes, those that are undone first at the front. */
  | { readonly ok: true; readonly indexes: readonly number[] }
  | { readonly ok: false; readonly code: string; readonly message: string }

/** What the command `compensate` undoes: what completed, and what failed to be undone. Without `taskIds`: all of the run. */
export function planCompensation(run: RunOfTis, taskIds?: readonly string[]): CompensationPlan {
  const { graph } = run
  const asked = (taskIds ?? graph.tasks.map((task) => task.taskId)).map((id) => [id, graph.indexOf.get(id)] as const)
  const wanted = new Set<number>()
  for (const [id, index] of asked) {
    if (index === undefined) {
      const hint = didYouMean(id.slice(0, 250), graph.indexOf.keys())
      return { ok: false, code: 'task-not-found', message: `Dag "${graph.dagId}" has no task "${id}".${hint}` }
    }
    if (canBeUndone(run, index, true)) wanted.add(index)
    else if (taskIds !== undefined) return { ok: false, code: 'not-compensable', message: whyNotUndone(run, index) }
  }
  return { ok: true, indexes: [...graph.order].filter((index) => wanted.has(index)).reverse() }
}

function whyNotUndone(run: RunOfTis, index: number): string {
  const { taskId, compensate } = run.graph.tasks[index]!
  const ti = run.ti(index)
  if (compensate === null) return `task "${taskId}" does not say how it is undone; give it a compensate function`
  if (ti === undefined || ti.tryNumber === 0) return `task "${taskId}" has not run, so there is nothing to undo`
  if (ti.state === 'failed') return `task "${taskId}" failed, and its compensation does not say alsoWhenFailed`
  if (ti.state === 'success') return `task "${taskId}" was undone before it was marked; clear it to run it again`
  return `task "${taskId}" is ${ti.state}; only what completed, or failed to be undone, can be undone`
}

/**
 * Per task, how many of its direct downstream tasks have, themselves or below them, something that is still to be undone.
 * One pass over tasks and edges.
 */
export function undoCounts(graph: DagGraph, isOpen: (index: number) => boolean): Int32Array {
  const counts = new Int32Array(graph.tasks.length)
  for (let i = graph.order.length - 1; i >= 0; i--) {
    const index = graph.order[i]!
    if (counts[index] === 0 && !isOpen(index)) continue
    for (const up of graph.upstream[index]!) counts[up]! += 1
  }
  return counts
}
