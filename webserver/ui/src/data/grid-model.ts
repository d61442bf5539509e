/** Runs and the states of all their tasks, as the page keeps them: columns are runs, oldest first; rows are tasks. */
import type { RunState, Structure, TiState } from '../api/types.ts'

export interface GridCell {
  readonly state: TiState
  readonly tryNumber: number
  /** Epoch milliseconds, while it waits for its retry. */
  readonly retryAt: number | null
}

export interface GridRun {
  /** Number of the run: events name it so. */
  readonly id: number
  readonly runId: string
  readonly state: RunState
  readonly runType: string
  /** ISO. */
  readonly runAfter: string
  readonly logicalDate: string | null
  readonly startDate: string | null
  readonly endDate: string | null
  readonly cells: ReadonlyMap<string, GridCell>
  /** Task id by id of the task instance. */
  readonly taskOf: ReadonlyMap<number, string>
}

export interface Grid {
  readonly structure: Structure
  /** Oldest first. */
  readonly runs: readonly GridRun[]
  /** Where runs older than these begin; `null`: there are none. */
  readonly nextBefore: number | null
  /** How many runs the reader has asked for. */
  readonly wanted: number
}
