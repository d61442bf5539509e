/** Invariants 3 and 10 at the end of a history: what the schedules made, whatever happened to programs and clocks. */
import type { RunRecord } from '../../core/records.ts'
import type { SerializedDag } from '../../core/serialized-dag.ts'
import { upcomingFires } from '../../core/timetable/index.ts'
import type { Violation } from './invariants.ts'
import { SIMULATED_DEFAULTS } from './simulated-defaults.ts'

/** More ticks than any history has. */
const MOST_TICKS = 1000

/**
 * No tick has two automatic runs. With catchup every tick of the schedule has one (or a run somebody asked for at that very
 * date), and no other instant has.
 *
 * @param runs every run of this Dag there ever was, deleted ones too.
 */
export function checkSchedule(
  dag: SerializedDag,
  runs: readonly RunRecord[],
  edited: boolean,
  violation: Violation,
): void {
  const scheduled = runs.filter((run) => run.runType === 'scheduled').map((run) => run.logicalDate)
  if (new Set(scheduled).size !== scheduled.length) violation(`invariant 10: ${dag.dagId} ran twice for one tick`)
  if (edited) return
  const { schedule, timezone, startDate, endDate } = dag
  if (schedule.kind === 'once' && scheduled.length > 1) violation(`invariant 10: ${dag.dagId} ran more than once`)
  const catchup = dag.catchup ?? SIMULATED_DEFAULTS.catchup
  if (!catchup || startDate === undefined || endDate === undefined) return
  if (schedule.kind !== 'interval' && schedule.kind !== 'cron') return
  const spec = { schedule, timezone, startDate, endDate, catchup }
  const ticks = new Set(upcomingFires(spec, null, startDate, startDate, MOST_TICKS).map((fire) => fire.logicalDate))
  const dates = new Set(runs.map((run) => run.logicalDate))
  for (const tick of ticks) {
    if (!dates.has(tick)) violation(`invariant 10: ${dag.dagId} has no run for ${new Date(tick).toISOString()}`)
  }
  for (const date of scheduled) {
    if (date !== null && !ticks.has(date)) {
      violation(`invariant 10: ${dag.dagId} ran for ${new Date(date).toISOString()}, which is no tick`)
    }
  }
}
