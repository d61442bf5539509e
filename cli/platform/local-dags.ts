/** What only the database of this machine tells of Dags: their import errors, and the ticks that come next. */
import { describeSchedule, upcomingFires } from '../../core/timetable/index.ts'
import { listImportErrors } from '../../database/queries/overview.ts'
import { withDatabase } from '../database-access.ts'
import type { ProgramConfig } from '../load-config.ts'
import { requireDag } from './require-dag.ts'

export function importErrors(program: ProgramConfig): ReturnType<typeof listImportErrors> {
  return withDatabase(program, { need: 'existing' }, listImportErrors)
}

export async function nextTicks(program: ProgramConfig, dagId: string, count: number) {
  const dag = await withDatabase(program, { need: 'existing' }, (pool) => requireDag(pool, dagId))
  const { schedule, timezone, startDate = null, endDate = null } = dag.serialized
  const catchup = dag.serialized.catchup ?? program.config['scheduler.catchup']
  const { lastLogicalDate: logicalDate, lastIntervalEnd } = dag
  const last = logicalDate === null ? null : { logicalDate, intervalEnd: lastIntervalEnd ?? logicalDate }
  const timetable = { schedule, timezone, startDate, endDate, catchup }
  return {
    timezone,
    isPaused: dag.isPaused,
    scheduleText: describeSchedule(schedule, timezone),
    fires: upcomingFires(timetable, last, dag.scheduleSince, Date.now(), count),
  }
}
