/**
 * Committed changes brought into what was read before: pure functions over answers of the API. Applying an event twice, or
 * one that an answer holds already, changes nothing in the end, because the last event of each thing wins. What an event
 * does not tell (the time of a retry, a run that is not known) is asked for by number.
 */
import type { LiveEvent } from '../api/live-event.ts'
import type { Dag, Run, RunState, TaskInstance, TiState } from '../api/types.ts'
import type { Grid, GridRun } from './grid-model.ts'

const TI_STATES: ReadonlySet<string> = new Set<TiState>([
  'none',
  'queued',
  'running',
  'success',
  'failed',
  'skipped',
  'upstream_failed',
  'removed',
  'up_for_retry',
  'deferred',
  'compensating',
  'compensated',
  'compensation_failed',
])
const RUN_STATES: ReadonlySet<string> = new Set<RunState>(['queued', 'running', 'compensating', 'success', 'failed'])

/** State that a task instance has after the event, if it is about its state. */
export function tiStateOf({ kind }: LiveEvent): TiState | null {
  if (kind === 'ti.cleared') return 'none'
  const state = kind.startsWith('ti.') ? kind.slice('ti.'.length) : ''
  return TI_STATES.has(state) ? (state as TiState) : null
}

export function runStateOf({ kind }: LiveEvent): RunState | null {
  const state = kind.startsWith('run.') ? kind.slice('run.'.length) : ''
  return RUN_STATES.has(state) ? (state as RunState) : null
}

export interface PatchedGrid {
  readonly grid: Grid
  /** Numbers of runs that have to be read. */
  readonly unread: ReadonlySet<number>
}

export function patchGrid(grid: Grid, events: readonly LiveEvent[]): PatchedGrid {
  const unread = new Set<number>()
  const placeOf = new Map(grid.runs.map((run, place) => [run.id, place]))
  const oldest = grid.runs[0]?.id ?? 0
  const changed = new Map<number, GridRun>()
  const gone = new Set<number>()
  for (const event of events) {
    const id = event.dag_run_id
    if (id === null) continue
    const run = changed.get(id) ?? grid.runs[placeOf.get(id) ?? -1]
    if (run === undefined) {
      if (event.kind !== 'run.deleted' && id > oldest) unread.add(id)
      continue
    }
    if (event.kind === 'run.deleted') {
      gone.add(id)
      unread.delete(id)
      continue
    }
    const state = runStateOf(event)
    if (state !== null) {
      changed.set(id, { ...run, ...runTimes(run, event, state) })
      // Its task instances were made this moment.
      if (state === 'running' && run.cells.size === 0) unread.add(id)
      continue
    }
    const tiState = tiStateOf(event)
    if (tiState === null || event.ti_id === null) continue
    const taskId = run.taskOf.get(event.ti_id)
    if (taskId === undefined) {
      unread.add(id)
      continue
    }
    if (tiState === 'up_for_retry') unread.add(id)
    const old = run.cells.get(taskId)
    const cell = { state: tiState, tryNumber: event.try_number ?? old?.tryNumber ?? 0, retryAt: null }
    changed.set(id, { ...run, cells: new Map(run.cells).set(taskId, cell) })
  }
  if (changed.size === 0 && gone.size === 0) return { grid, unread }
  const runs = grid.runs.flatMap((run) => (gone.has(run.id) ? [] : [changed.get(run.id) ?? run]))
  return { grid: { ...grid, runs }, unread }
}

/** Runs that were read by number take their places; the oldest go when there are far more than the reader asked for. */
export function mergeRuns(grid: Grid, fresh: readonly GridRun[]): Grid {
  if (fresh.length === 0) return grid
  const byId = new Map([...grid.runs, ...fresh].map((run) => [run.id, run]))
  const runs = [...byId.values()].toSorted((a, b) => a.id - b.id)
  if (runs.length <= grid.wanted + SPARE_RUNS) return { ...grid, runs }
  const kept = runs.slice(-grid.wanted)
  return { ...grid, runs: kept, nextBefore: kept[0]?.id ?? null }
}

const SPARE_RUNS = 50

/** Dates as ISO texts, in the fields that grid, runs and the list of Dags share. */
interface RunTimes {
  readonly state: RunState
  readonly startDate: string | null
  readonly endDate: string | null
}

function runTimes(old: Omit<RunTimes, 'state'>, event: LiveEvent, state: RunState): RunTimes {
  const at = new Date(event.at).toISOString()
  if (state === 'queued') return { state, startDate: null, endDate: null }
  if (state === 'running') return { state, startDate: at, endDate: null }
  return { state, startDate: old.startDate, endDate: at }
}

type ShownRun = Pick<Run, 'state' | 'start_date' | 'end_date' | 'duration'>

function patchTimes<One extends ShownRun>(run: One, event: LiveEvent): One {
  const state = runStateOf(event)
  if (state === null) return run
  const { startDate, endDate } = runTimes({ startDate: run.start_date, endDate: run.end_date }, event, state)
  return { ...run, state, start_date: startDate, end_date: endDate, duration: secondsBetween(startDate, endDate) }
}

function secondsBetween(from: string | null, to: string | null): number | null {
  return from === null || to === null ? null : Math.max(0, Date.parse(to) - Date.parse(from)) / 1_000
}

export function patchRun(run: Run, events: readonly LiveEvent[]): Run {
  return events.reduce((one, event) => (event.dag_run_id === run.id ? patchTimes(one, event) : one), run)
}

export function patchRuns(runs: readonly Run[], events: readonly LiveEvent[]): Run[] {
  const touched = new Set(events.map((event) => event.dag_run_id))
  return runs.map((run) => (touched.has(run.id) ? patchRun(run, events) : run))
}

/** The newest runs in the list of Dags. `isNew`: one that is not in it has come, or one has gone. */
export function patchDags(
  dags: readonly Dag[],
  events: readonly LiveEvent[],
): { readonly dags: readonly Dag[]; readonly isNew: boolean } {
  let isNew = false
  const patched = dags.map((dag): Dag => {
    let runs = dag.recent_runs
    for (const event of events) {
      if (event.dag_id !== dag.dag_id) continue
      const place = runs.findIndex((run) => run.id === event.dag_run_id)
      const newest = runs[0]?.id ?? 0
      if (place === -1) isNew ||= !event.kind.startsWith('run.') || (event.dag_run_id ?? 0) > newest
      else if (event.kind === 'run.deleted') isNew = true
      else runs = runs.with(place, patchTimes(runs[place]!, event))
    }
    return runs === dag.recent_runs ? dag : { ...dag, recent_runs: runs }
  })
  return { dags: patched, isNew }
}

/** One event on the task instance it is about. */
function patchTi(ti: TaskInstance, event: LiveEvent): TaskInstance {
  const state = tiStateOf(event)
  if (state === null) return ti
  const at = new Date(event.at).toISOString()
  const shown = { ...ti, state: state === 'none' ? null : state, retry_at: null }
  switch (state) {
    case 'none':
      return { ...shown, start_date: null, end_date: null, duration: null }
    case 'queued': {
      const fresh = { start_date: null, end_date: null, duration: null, hostname: null, pid: null, cause: null }
      return { ...shown, ...fresh, try_number: event.try_number ?? ti.try_number, queued_when: at }
    }
    case 'running':
      return { ...shown, start_date: at, end_date: null, duration: null }
    default:
      return { ...shown, end_date: at, duration: secondsBetween(ti.start_date, at) }
  }
}

/** `isPartial`: something is left to read, such as a cause of death. */
export function patchTis(
  tis: readonly TaskInstance[],
  events: readonly LiveEvent[],
): { readonly tis: readonly TaskInstance[]; readonly isPartial: boolean } {
  const placeOf = new Map(tis.map((ti, place) => [ti.id, place]))
  const patched = [...tis]
  let isPartial = false
  let isChanged = false
  for (const event of events) {
    const place = placeOf.get(String(event.ti_id))
    if (place === undefined || tiStateOf(event) === null) continue
    patched[place] = patchTi(patched[place]!, event)
    isChanged = true
    isPartial ||= event.cause !== null || event.kind === 'ti.cleared' || event.kind === 'ti.up_for_retry'
  }
  return { tis: isChanged ? patched : tis, isPartial }
}

/** Tries of one task instance, first try first, and events of it: a new one is added, an old one gets its state. */
export function patchTries(tries: readonly TaskInstance[], events: readonly LiveEvent[]): readonly TaskInstance[] {
  let patched = tries
  for (const event of events) {
    const state = tiStateOf(event)
    if (state === null || state === 'none' || event.try_number === null) continue
    const place = patched.findIndex((one) => one.try_number === event.try_number)
    const last = patched.at(-1)
    if (place !== -1) patched = patched.with(place, patchTi(patched[place]!, event))
    else if (last !== undefined) patched = [...patched, patchTi({ ...last, try_number: event.try_number }, event)]
  }
  return patched
}
