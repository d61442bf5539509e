/** Runs and the states of all their tasks, as the grid draws them: columns are runs, oldest first; rows are tasks. */
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { get } from '../api/request.ts'
import type { PackedGrid, RunState, Structure, TiState } from '../api/types.ts'
import { dagPath } from './dags.ts'
import { useLiveQueries } from './live.ts'

export interface GridCell {
  readonly state: TiState
  readonly tryNumber: number
  /** Epoch milliseconds, while it waits for its retry. */
  readonly retryAt: number | null
}

export interface GridRun {
  readonly runId: string
  readonly state: RunState
  readonly runType: string
  /** ISO. */
  readonly runAfter: string
  readonly logicalDate: string | null
  readonly startDate: string | null
  readonly endDate: string | null
  readonly cells: ReadonlyMap<string, GridCell>
}

export interface Grid {
  readonly structure: Structure
  /** Oldest first. */
  readonly runs: readonly GridRun[]
}

export function useGrid(dagId: string, limit: number) {
  useLiveQueries([['grid', dagId]], { dagId })
  return useQuery({
    queryKey: ['grid', dagId, limit],
    queryFn: async ({ signal }) => unpack(await get<PackedGrid>(`${dagPath(dagId)}/grid`, { limit }, signal)),
    placeholderData: keepPreviousData,
  })
}

/** Runs come newest first; the arrays of a run are in the order of `tasks`. */
function unpack(packed: PackedGrid): Grid {
  const runs = packed.runs.map((run): GridRun => {
    const cells = packed.tasks.flatMap((taskId, index) => {
      const at = run.states[index]
      const state = at === null || at === undefined ? undefined : (packed.state_names[at] as TiState | undefined)
      if (state === undefined) return []
      const cell = { state, tryNumber: run.try_numbers[index] ?? 0, retryAt: run.retry_ats[index] ?? null }
      return [[taskId, cell] as const]
    })
    return {
      runId: run.dag_run_id,
      state: run.state,
      runType: run.run_type,
      runAfter: run.run_after,
      logicalDate: run.logical_date,
      startDate: run.start_date,
      endDate: run.end_date,
      cells: new Map(cells),
    }
  })
  return { structure: packed.structure, runs: runs.toReversed() }
}
