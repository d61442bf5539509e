/**
 * Which TIs a clear or a mark touches: pure planning, used alike by the dry run of the API, by the page's preview and by
 * the engine that then does it (airflow-behaviour 2.10, 2.11).
 */
import { didYouMean } from './config/nearest-name.ts'
import { ancestors, type DagGraph, descendants } from './graph.ts'
import type { ClearOptions, MarkOptions, TiRecord } from './records.ts'
import { FINISHED_TI_STATES, type RunState, type TiState } from './states.ts'

export type Planned =
  | { readonly ok: true; readonly indexes: readonly number[] }
  | { readonly ok: false; readonly message: string }

/** Task indexes to clear, in order. */
export function planClear(graph: DagGraph, tis: readonly TiRecord[], options: ClearOptions): Planned {
  const selected = select(graph, options)
  if (!selected.ok) return selected
  const wanted = (ti: TiRecord) => {
    if (options.onlyFailed && ti.state !== 'failed' && ti.state !== 'upstream_failed') return false
    if (options.onlyRunning && ti.state !== 'running' && ti.state !== 'queued') return false
    // A TI that never began has nothing to clear; `removed` ones take no part in the run.
    return ti.state !== 'removed' && !(ti.state === 'none' && ti.tryNumber === 0)
  }
  return { ok: true, indexes: selected.indexes.filter((index) => wanted(tis[index]!)) }
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
  const cleared = [...descendants(graph, selected.indexes)]
    .filter((index) => !marked.has(index) && ['failed', 'upstream_failed'].includes(tis[index]!.state))
    .sort((a, b) => a - b)
  return { ok: true, indexes, cleared }
}

/** What ends when a run is ended by hand (airflow-behaviour 2.11): task index and the state it gets. */
export function planMarkRun(tis: readonly TiRecord[], state: 'success' | 'failed'): ReadonlyMap<number, TiState> {
  const states = new Map<number, TiState>()
  tis.forEach((ti, index) => {
    const next = state === 'success' ? 'success' : stateOfStopped(ti)
    if (ti.state !== 'removed' && next !== null && next !== ti.state) states.set(index, next)
  })
  return states
}

/** In a run that is marked as failed: what ran has failed, what had not begun is skipped, what has ended stays. */
function stateOfStopped({ state }: TiRecord): TiState | null {
  if (FINISHED_TI_STATES.has(state)) return null
  return state === 'running' || state === 'queued' ? 'failed' : 'skipped'
}

/**
 * What a cancel ends: task indexes with the state they get. Of a whole run everything open is skipped and the run fails;
 * a named task fails, at once or when its live try has ended.
 */
export function planCancel(
  graph: DagGraph,
  tis: readonly TiRecord[],
  runState: RunState,
  taskIds: readonly string[] | undefined,
):
  | { readonly ok: true; readonly states: ReadonlyMap<number, TiState> }
  | { readonly ok: false; readonly message: string } {
  if (taskIds === undefined) {
    if (runState === 'queued') return { ok: true, states: planMarkRun(tis, 'failed') }
    const open = tis.flatMap((ti, index) => (FINISHED_TI_STATES.has(ti.state) ? [] : [[index, 'skipped'] as const]))
    return { ok: true, states: new Map(open) }
  }
  const states = new Map<number, TiState>()
  for (const id of taskIds) {
    const ti = tis[graph.indexOf.get(id) ?? -1]
    if (ti === undefined) return { ok: false, message: unknownTask(graph, id) }
    if (!FINISHED_TI_STATES.has(ti.state)) states.set(graph.indexOf.get(id)!, 'failed')
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
): Planned {
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
