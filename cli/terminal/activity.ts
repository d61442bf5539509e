/** What is going on, as one plain record: the panel and the log lines are drawn from it and from nothing else. */
import type { RunState, TiState } from '../../core/states.ts'

export interface Activity {
  readonly dags: { readonly active: number; readonly paused: number; readonly broken: number }
  readonly runs: Readonly<Partial<Record<RunState, number>>>
  readonly tis: Readonly<Partial<Record<TiState, number>>>
  /** TIs that ended in the last second. */
  readonly endedPerSecond: number
  /** No new tries until `resume`. */
  readonly draining: boolean
  /** Newest last. */
  readonly errors: readonly ActivityError[]
}

export interface ActivityError {
  readonly at: number
  readonly text: string
}

export const NO_ACTIVITY: Activity = {
  dags: { active: 0, paused: 0, broken: 0 },
  runs: {},
  tis: {},
  endedPerSecond: 0,
  draining: false,
  errors: [],
}

/** What every view says while it holds. */
export const DRAINING = 'draining: no new tasks until `tradewind resume`'

const RUN_ORDER: readonly RunState[] = ['queued', 'running', 'success', 'failed']
const TI_ORDER: readonly TiState[] = [
  'none',
  'queued',
  'running',
  'deferred',
  'up_for_retry',
  'success',
  'skipped',
  'failed',
  'upstream_failed',
  'removed',
]

export type Counted = readonly (readonly [string, number])[]

/** Counts that are not zero, in the order of a life. */
export function countedRuns(activity: Activity): Counted {
  return RUN_ORDER.map((state) => [state, activity.runs[state] ?? 0] as const).filter(([, count]) => count > 0)
}

export function countedTis(activity: Activity): Counted {
  return TI_ORDER.map((state) => [state, activity.tis[state] ?? 0] as const).filter(([, count]) => count > 0)
}

export function countsText(counted: Counted): string {
  return counted.length === 0 ? 'none' : counted.map(([state, count]) => `${count} ${state}`).join(', ')
}

/** One line, for logs: `Dags 3 active; runs 1 running; TIs 4 success`. */
export function summaryLine(activity: Activity): string {
  const { active, paused, broken } = activity.dags
  const dags = [
    `${active} active`,
    ...(paused > 0 ? [`${paused} paused`] : []),
    ...(broken > 0 ? [`${broken} broken`] : []),
  ]
  const counts = `runs: ${countsText(countedRuns(activity))}; TIs: ${countsText(countedTis(activity))}`
  return `Dags: ${dags.join(', ')}; ${counts}${activity.draining ? `; ${DRAINING}` : ''}`
}
