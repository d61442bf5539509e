/** The grid as the API packs it, unpacked: columns are runs, oldest first; rows are tasks. */
import { get } from '../api/request.ts'
import type { PackedGrid, TiState } from '../api/types.ts'
import type { Grid, GridCell, GridRun } from './grid-model.ts'
import { dagPath } from './paths.ts'

/** The most the API gives at once. */
const MOST_RUNS = 365

/** As many runs as are wanted, in as many readings as that takes. */
export async function readGrid(dagId: string, wanted: number, signal: AbortSignal): Promise<Grid> {
  const read = (limit: number, before: number | null) =>
    get<PackedGrid>(`${dagPath(dagId)}/grid`, { limit, before }, signal)
  const first = await read(Math.min(wanted, MOST_RUNS), null)
  let runs = unpackRuns(first)
  let nextBefore = first.next_before
  while (nextBefore !== null && runs.length < wanted) {
    const older = await read(Math.min(wanted - runs.length, MOST_RUNS), nextBefore)
    runs = [...unpackRuns(older), ...runs]
    nextBefore = older.next_before
  }
  return { structure: first.structure, runs, nextBefore, wanted }
}

export async function readGridRuns(dagId: string, numbers: readonly number[]): Promise<readonly GridRun[]> {
  return unpackRuns(await get<PackedGrid>(`${dagPath(dagId)}/grid`, { run: numbers.slice(0, MOST_RUNS).map(String) }))
}

/** Runs come newest first; the arrays of a run are in the order of `tasks`. */
function unpackRuns(packed: PackedGrid): readonly GridRun[] {
  return packed.runs.toReversed().map((run): GridRun => {
    const cells = new Map<string, GridCell>()
    const taskOf = new Map<number, string>()
    packed.tasks.forEach((taskId, index) => {
      const at = run.states[index]
      const state = at === null || at === undefined ? undefined : (packed.state_names[at] as TiState | undefined)
      if (state === undefined) return
      cells.set(taskId, { state, tryNumber: run.try_numbers[index] ?? 0, retryAt: run.retry_ats[index] ?? null })
      const tiId = run.ti_ids[index]
      if (tiId != null) taskOf.set(tiId, taskId)
    })
    return {
      id: run.id,
      runId: run.dag_run_id,
      state: run.state,
      runType: run.run_type,
      runAfter: run.run_after,
      logicalDate: run.logical_date,
      startDate: run.start_date,
      endDate: run.end_date,
      cells,
      taskOf,
    }
  })
}

export async function readOlderRuns(
  dagId: string,
  before: number,
  limit: number,
): Promise<Pick<Grid, 'runs' | 'nextBefore'>> {
  const packed = await get<PackedGrid>(`${dagPath(dagId)}/grid`, { limit, before })
  return { runs: unpackRuns(packed), nextBefore: packed.next_before }
}
