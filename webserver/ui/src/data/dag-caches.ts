/**
 * What events mean for each thing of a Dag that the page keeps. Keys begin with what it is and the Dag's id: `grid`, `run`,
 * `tis`, `compensations`, `runs`, `ti`, `dag`, `source`. What no event tells is asked to be read again.
 */
import type { QueryKey } from '@tanstack/react-query'
import type { LiveEvent } from '../api/live-event.ts'
import type { Run, RunList, TaskInstance } from '../api/types.ts'
import type { Grid } from './grid-model.ts'
import { patchGrid, patchRun, patchRuns, patchTis, patchTries, runStateOf } from './live-patches.ts'

/** First parts of the keys of all that events of a Dag change. */
export const DAG_KEYS = ['grid', 'run', 'tis', 'compensations', 'ti', 'runs', 'dag', 'source'] as const

/** What is shown of one thing, and what of a long list. */
const DETAIL_EVERY_MS = 400
const LIST_EVERY_MS = 1_000

export interface Asking {
  refresh(queryKey: QueryKey, everyMs: number): void
  /** Runs of the grid, by number. */
  readRuns(numbers: ReadonlySet<number>): void
  /** What is kept under the key. */
  kept(queryKey: QueryKey): unknown
}

/** @returns `data` itself where nothing changes. */
export function applyEvents(queryKey: QueryKey, data: unknown, events: readonly LiveEvent[], ask: Asking): unknown {
  const [kind, dagId] = queryKey
  switch (kind) {
    case 'grid': {
      const { grid, unread } = patchGrid(data as Grid, events)
      if (unread.size > 0) ask.readRuns(unread)
      if (isOfDag(events)) ask.refresh(queryKey, LIST_EVERY_MS)
      return grid
    }
    case 'run': {
      const run = data as Run
      const own = events.filter((event) => event.dag_run_id === run.id)
      if (own.some((event) => event.kind === 'run.note')) ask.refresh(queryKey, DETAIL_EVERY_MS)
      // Its task instances were made this moment.
      if (own.some((event) => runStateOf(event) === 'running'))
        ask.refresh(['tis', dagId, run.dag_run_id], DETAIL_EVERY_MS)
      return patchRun(run, own)
    }
    case 'tis': {
      const { tis, isPartial } = patchTis(data as readonly TaskInstance[], events)
      if (isPartial) ask.refresh(queryKey, LIST_EVERY_MS)
      return tis
    }
    case 'compensations': {
      const run = ask.kept(['run', dagId, queryKey[2]]) as Run | undefined
      const isOwn = (event: LiveEvent) => run === undefined || event.dag_run_id === run.id
      // Their tries, reasons and order: only the API tells them.
      if (events.some((event) => isOwn(event) && isOfSaga(event))) ask.refresh(queryKey, DETAIL_EVERY_MS)
      return data
    }
    case 'runs': {
      const list = data as RunList
      const known = new Set(list.dag_runs.map((run) => run.id))
      const isNew = ({ kind: of, dag_run_id: id }: LiveEvent) =>
        of === 'run.deleted' || (of === 'run.queued' && !known.has(id ?? 0))
      if (events.some(isNew)) ask.refresh(queryKey, LIST_EVERY_MS)
      if (!events.some((event) => known.has(event.dag_run_id ?? 0))) return data
      return { ...list, dag_runs: patchRuns(list.dag_runs, events) }
    }
    case 'ti':
      return applyToTi(queryKey, data, events, ask)
    default:
      if (isOfDag(events)) ask.refresh(queryKey, LIST_EVERY_MS)
      return data
  }
}

/** A plan, a step of it, or a clear that takes it back. */
const isOfSaga = ({ kind }: LiveEvent) => /^(run|ti)\.(compensat|cleared|failed|success)/.test(kind)

const isOfDag = (events: readonly LiveEvent[]) => events.some((event) => event.kind.startsWith('dag.'))

/** Keys are `ti`, Dag, run, task, what, and perhaps a try. */
function applyToTi(queryKey: QueryKey, data: unknown, events: readonly LiveEvent[], ask: Asking): unknown {
  const what = queryKey[4]
  // It may wait for another task, or for a limit that others hold.
  if (what === 'reasons') ask.refresh(queryKey, LIST_EVERY_MS)
  const id =
    what === 'now' ? (data as TaskInstance).id : (ask.kept([...queryKey.slice(0, 4), 'now']) as TaskInstance)?.id
  const own = events.filter((event) => event.ti_id !== null && String(event.ti_id) === id)
  if (own.length === 0) return data
  // Causes, hosts, values: only the API tells them.
  ask.refresh(queryKey, DETAIL_EVERY_MS)
  if (what === 'now') return patchTis([data as TaskInstance], own).tis[0]
  return what === 'tries' ? patchTries(data as readonly TaskInstance[], own) : data
}
