/**
 * How a DagRun ends (airflow-behaviour 2.3, without teardowns). Invariant: the outcome follows from the leaves alone and
 * only once every task instance of the run has finished; a failed task in the middle whose downstream coped with it (a
 * leaf with `all_done` that succeeded) does not fail the run.
 */
import { FINISHED_TI_STATES, type TiState } from './states.ts'

/** What fails a run that ends with it. What was undone, or could not be, has failed. */
const FAILED_STATES: ReadonlySet<TiState> = new Set(['failed', 'upstream_failed', 'compensated', 'compensation_failed'])

/** Indexes of the leaves: tasks with no downstream task. `downstreamCount[i]` is the number of task i. */
export function leafTasks(downstreamCount: ArrayLike<number>): number[] {
  const leaves: number[] = []
  for (let i = 0; i < downstreamCount.length; i++) if (downstreamCount[i] === 0) leaves.push(i)
  return leaves
}

/**
 * Outcome of a run all of whose task instances have finished. Removed leaves do not count; a run with no leaf left is a
 * success. Throws when a leaf is unfinished: the caller has ended a run too early.
 */
export function runOutcome(leafStates: Iterable<TiState>): 'success' | 'failed' {
  let outcome: 'success' | 'failed' = 'success'
  for (const state of leafStates) {
    if (!FINISHED_TI_STATES.has(state)) {
      throw new Error(`A run was about to end while a leaf is ${state}; it ends only when all its task instances have.`)
    }
    if (FAILED_STATES.has(state)) outcome = 'failed'
  }
  return outcome
}
