/**
 * Which TIs a clear or a mark touches: pure planning, used alike by the dry run of the API, by the page's preview and by
 * the engine that then does it (airflow-behaviour 2.10, 2.11).
 */
import { didYouMean } from './config/nearest-name.ts'
import { ancestors, type DagGraph, descendants } from './graph.ts'
import type { ClearOptions, CompensationRecord, MarkOptions, TiRecord } from './records.ts'
import { type Compensations, calledOff } from './saga.ts'
import { FINISHED_TI_STATES, type TiState } from './states.ts'

export type Planned =
  | {
      readonly ok: true
      readonly indexes: readonly number[]
      /** Of these, what comes along because it was undone, or lies below what was (docs/adr/0010-sagas.md). */
      readonly undone: readonly number[]
    }
  | { readonly ok: false; readonly message: string }

type Selected =
  | { readonly ok: true; readonly indexes: readonly number[] }
  | { readonly ok: false; readonly message: string }

/** Task indexes to clear, in order. */
export function planClear(graph: DagGraph, tis: readonly TiRecord[], options: ClearOptions): Planned {
  const selected = select(graph, options)
  if (!selected.ok) return selected
  const wanted = (ti: TiRecord) => {
    if (options.onlyFailed && ti.state !== 'failed' && ti.state !== 'upstream_failed' && !UNDONE.has(ti.state))
      return false
    if (options.onlyRunning && ti.state !== 'running' && ti.state !== 'queued') return false
    return isClearable(ti)
  }
  const indexes = selected.indexes.filter((index) => wanted(tis[index]!))
  const undone = withUndone(graph, tis, indexes)
  return { ok: true, indexes: [...indexes, ...undone].sort((a, b) => a - b), undone }
}

/** A TI that never began has nothing to clear; `removed` ones take no part in the run. */
function isClearable(ti: TiRecord): boolean {
  return ti.state !== 'removed' && !(ti.state === 'none' && ti.tryNumber === 0)
}

const UNDONE: ReadonlySet<TiState> = new Set(['compensated', 'compensation_failed'])

/** What nobody could build on: whoever clears something of a run clears what was undone of it, and all below that, too. */
function withUndone(graph: DagGraph, tis: readonly TiRecord[], cleared: readonly number[]): number[] {
  if (cleared.length === 0) return []
  // Also of a run that has come to a version in which nothing can be undone any more.
  const undone = tis.flatMap((ti, index) => (UNDONE.has(ti.state) ? [index] : []))
  if (undone.length === 0) return []
  const known = new Set(cleared)
  return [...descendants(graph, undone)]
    .filter((index) => !known.has(index) && isClearable(tis[index]!))
    .sort((a, b) => a - b)
}

export interface MarkPlan {
  readonly ok: true
  /** Get the new state. */
  readonly indexes: readonly number[]
  /** Failed ones below them: cleared, so that the run goes on. */
  readonly cleared: readonly number[]
}

export function planMark(
  graph: DagGraph,
  tis: readonly TiRecord[],
  options: MarkOptions,
): MarkPlan | { readonly ok: false; readonly message: string } {
  if (options.taskIds.length === 0) return { ok: false, message: 'name at least one task to mark' }
  const selected = select(graph, options)
  if (!selected.ok) return selected
  const indexes = selected.indexes.filter(
    (index) => tis[index]!.state !== options.state && tis[index]!.state !== 'removed',
  )
  if (options.state === 'failed') return { ok: true, indexes, cleared: [] }
  const marked = new Set(selected.indexes)
  const below = [...descendants(graph, selected.indexes)].filter(
    (index) => !marked.has(index) && ['failed', 'upstream_failed'].includes(tis[index]!.state),
  )
  const undone = withUndone(graph, tis, below).filter((index) => !marked.has(index))
  return { ok: true, indexes, cleared: [...below, ...undone].sort((a, b) => a - b) }
}

/**
 * What ends when a run is ended by hand (airflow-behaviour 2.11): task index and the state it gets. What was undone stays so,
 * and what is being undone is called off.
 */
export function planMarkRun(
  tis: readonly TiRecord[],
  state: 'success' | 'failed',
  compensations: Compensations = NO_COMPENSATIONS,
): ReadonlyMap<number, TiState> {
  const states = new Map<number, TiState>()
  tis.forEach((ti, index) => {
    if (ti.state === 'removed' || UNDONE.has(ti.state)) return
    const isMarked = state === 'success' && ti.state !== 'compensating'
    const next = isMarked ? 'success' : stateOfStopped(ti, compensations.get(index))
    if (next !== null && next !== ti.state) states.set(index, next)
  })
  return states
}

const NO_COMPENSATIONS: Compensations = new Map()

/** In a run that is ended: what had begun has failed, what had not is skipped, what has ended stays. */
function stateOfStopped(ti: TiRecord, compensation: CompensationRecord | undefined): TiState | null {
  if (FINISHED_TI_STATES.has(ti.state)) return null
  if (ti.state === 'compensating') return compensation === undefined ? 'compensation_failed' : calledOff(compensation)
  return ti.state === 'running' || ti.state === 'queued' || ti.state === 'up_for_retry' ? 'failed' : 'skipped'
}

/**
 * What a cancel ends: task indexes with the state they get. Of a whole run what had begun has failed and the rest is skipped;
 * a named task fails, at once or when its live try has ended. What is being undone is called off.
 */
export function planCancel(
  graph: DagGraph,
  tis: readonly TiRecord[],
  taskIds: readonly string[] | undefined,
  compensations: Compensations = NO_COMPENSATIONS,
):
  | { readonly ok: true; readonly states: ReadonlyMap<number, TiState> }
  | { readonly ok: false; readonly message: string } {
  if (taskIds === undefined) return { ok: true, states: planMarkRun(tis, 'failed', compensations) }
  const states = new Map<number, TiState>()
  for (const id of taskIds) {
    const index = graph.indexOf.get(id) ?? -1
    const ti = tis[index]
    if (ti === undefined) return { ok: false, message: unknownTask(graph, id) }
    if (FINISHED_TI_STATES.has(ti.state)) continue
    const isUndone = ti.state === 'compensating'
    states.set(index, isUndone ? (stateOfStopped(ti, compensations.get(index)) ?? ti.state) : 'failed')
  }
  return { ok: true, states }
}

/** Names longer than any task's are not compared: this runs within a tick. */
const LONGEST_ID = 250

function unknownTask({ dagId, indexOf }: DagGraph, id: string): string {
  if (id.length > LONGEST_ID) return `Dag "${dagId}" has no task of a name of ${id.length} characters in this run`
  const some = [...indexOf.keys()].slice(0, 3).join(', ')
  const hint = didYouMean(id, indexOf.keys()) || ` It has ${indexOf.size} tasks, such as ${some}.`
  return `Dag "${dagId}" has no task "${id}" in this run.${hint}`
}

function select(
  graph: DagGraph,
  { taskIds, upstream, downstream }: Pick<ClearOptions, 'taskIds' | 'upstream' | 'downstream'>,
): Selected {
  if (taskIds.length === 0) return { ok: true, indexes: graph.tasks.map((task) => task.index) }
  const named: number[] = []
  for (const id of taskIds) {
    const index = graph.indexOf.get(id)
    if (index === undefined) {
      return {
        ok: false,
        message: unknownTask(graph, id),
      }
    }
    named.push(index)
  }
  const found = new Set(named)
  if (downstream) for (const index of descendants(graph, named)) found.add(index)
  if (upstream) for (const index of ancestors(graph, named)) found.add(index)
  return { ok: true, indexes: [...found].sort((a, b) => a - b) }
}
