/** The last runs of a Dag as small bars: colour is the state, height the duration beside its neighbours. */
import { Link, useNavigate } from '@tanstack/react-router'
import type { RecentRun } from '../api/types.ts'
import { stateStyle, stateWord } from './state.tsx'
import { showDuration, showInstant } from './time.tsx'

const TALLEST = 28
const SHORTEST = 8

function durationOf(run: Pick<RecentRun, 'start_date' | 'end_date'>): number | null {
  if (run.start_date === null) return null
  return ((run.end_date === null ? Date.now() : Date.parse(run.end_date)) - Date.parse(run.start_date)) / 1_000
}

/**
 * `runs` newest first; drawn oldest on the left. One link for the keyboard, to all runs; a click on a bar opens its run,
 * because a link of seven pixels each would be none.
 */
export function RunBars({ dagId, runs }: { readonly dagId: string; readonly runs: readonly RecentRun[] }) {
  const navigate = useNavigate()
  const newest = runs[0]
  if (newest === undefined) return <span className="quiet bars-none">no runs yet</span>
  const longest = Math.max(...runs.map((run) => durationOf(run) ?? 0), 0.001)
  const states = [...new Set(runs.map((run) => run.state))]
  const words = states
    .map((state) => `${runs.filter((run) => run.state === state).length} ${stateWord(state)}`)
    .join(', ')
  return (
    <Link
      to="/dags/$dagId"
      params={{ dagId }}
      search={{ tab: 'runs' }}
      className="bars"
      aria-label={`Last ${runs.length} runs of ${dagId}: ${words}; the newest ${stateWord(newest.state)}`}
      onClick={(event) => {
        const runId = event.target instanceof HTMLElement ? event.target.dataset.run : undefined
        if (runId === undefined || event.ctrlKey || event.metaKey) return
        event.preventDefault()
        void navigate({ to: '/dags/$dagId/runs/$runId', params: { dagId, runId } })
      }}
    >
      {runs.toReversed().map((run) => {
        const seconds = durationOf(run)
        const height = SHORTEST + (TALLEST - SHORTEST) * Math.sqrt((seconds ?? 0) / longest)
        const when = run.run_after === null ? run.dag_run_id : showInstant(run.run_after)
        return (
          <span
            key={run.dag_run_id}
            className="bar"
            data-run={run.dag_run_id}
            data-state={run.state}
            style={{ ...stateStyle(run.state), height }}
            title={`${stateWord(run.state)}, ${when}, ${showDuration(seconds)}`}
          />
        )
      })}
    </Link>
  )
}
