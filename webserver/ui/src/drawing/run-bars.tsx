/** The last runs of a Dag as small bars: colour is the state, height the duration beside its neighbours. */
import { Tooltip } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import type { RecentRun } from '../api/types.ts'
import { stateStyle, stateWord } from './state.tsx'
import { showDuration, showInstant } from './time.tsx'

const TALLEST = 28
const SHORTEST = 8

export function durationOf(run: Pick<RecentRun, 'start_date' | 'end_date'>): number | null {
  if (run.start_date === null) return null
  return ((run.end_date === null ? Date.now() : Date.parse(run.end_date)) - Date.parse(run.start_date)) / 1_000
}

/** `runs` newest first; drawn oldest on the left. */
export function RunBars({ dagId, runs }: { readonly dagId: string; readonly runs: readonly RecentRun[] }) {
  if (runs.length === 0) return <span className="quiet">no runs yet</span>
  const longest = Math.max(...runs.map((run) => durationOf(run) ?? 0), 0.001)
  return (
    <span className="bars">
      {runs.toReversed().map((run) => {
        const seconds = durationOf(run)
        const height = SHORTEST + (TALLEST - SHORTEST) * Math.sqrt((seconds ?? 0) / longest)
        const when = run.run_after === null ? run.dag_run_id : showInstant(run.run_after)
        const label = `${stateWord(run.state)}, ${when}, ${showDuration(seconds)}`
        return (
          <Tooltip key={run.dag_run_id} label={label}>
            <Link
              to="/dags/$dagId/runs/$runId"
              params={{ dagId, runId: run.dag_run_id }}
              className="bar"
              style={{ ...stateStyle(run.state), height }}
              aria-label={`Run ${label}`}
            />
          </Tooltip>
        )
      })}
    </span>
  )
}
