/**
 * When a Dag runs by itself. Pure: the caller gives the last automatic run, since when the schedule counts, and the time.
 * The rules, with their reasons, are in docs/timetables.md.
 *
 * Invariants: logical dates of one Dag only grow; asking again after a restart with the same `last` and `since` gives the
 * same answer; without catchup nothing older than `since` fires, and time spent down makes one run, not many.
 */
import type { Schedule } from '../serialized-dag.ts'
import { nextTick, previousTick } from './cron-ticks.ts'

export { describeSchedule } from './describe-schedule.ts'
export { checkCron } from './naive-cron.ts'
export { checkTimezone } from './zone-windows.ts'

/** The part of a Dag that decides when it runs. Instants are epoch milliseconds. */
export interface ScheduleSpec {
  readonly schedule: Schedule
  /** IANA name; only cron schedules look at it. */
  readonly timezone: string
  /** Nothing fires before it; inclusive. */
  readonly startDate: number | null
  /** Nothing fires after it; inclusive, compared with the tick. */
  readonly endDate: number | null
  readonly catchup: boolean
}

/** One automatic run. All instants are epoch milliseconds; here all four are the tick. */
export interface FireTime {
  readonly logicalDate: number
  readonly dataIntervalStart: number
  readonly dataIntervalEnd: number
  /** The run is created at this time or as soon after it as the program is up. */
  readonly runAfter: number
}

/** The newest automatic run of the Dag; manual runs never count. */
export interface LastRun {
  readonly logicalDate: number
  readonly intervalEnd: number
}

/** The ticks of a schedule, as a set that can be walked from anywhere. */
interface Ticks {
  /** Least tick `>= at`. */
  next(at: number): number | null
  /** Greatest tick `<= at`. */
  previous(at: number): number | null
}

/**
 * The next automatic run: in the past or now when it is due, or in the future; `null` when there is none any more.
 * Throws a RangeError for a cron or a zone that `checkCron` or `checkTimezone` refuses.
 */
export function nextFire(spec: ScheduleSpec, last: LastRun | null, since: number, now: number): FireTime | null {
  const ticks = ticksOf(spec, last, since)
  if (ticks === null) return null
  const afterLast = last === null ? Number.NEGATIVE_INFINITY : Math.max(last.logicalDate, last.intervalEnd) + 1
  const start = spec.startDate ?? (spec.catchup && last === null ? since : Number.NEGATIVE_INFINITY)
  const from = Math.max(afterLast, start, spec.catchup ? Number.NEGATIVE_INFINITY : since)
  const end = spec.endDate ?? Number.POSITIVE_INFINITY
  const first = ticks.next(from)
  if (first === null || first > end) return null
  if (spec.catchup || first > now) return fireAt(first)
  // Missed while down or late: one run, for the newest tick that has passed.
  return fireAt(ticks.previous(Math.min(now, end)) ?? first)
}

/** The next `count` runs as they would come if the program stayed up; fewer when the schedule ends. */
export function upcomingFires(
  spec: ScheduleSpec,
  last: LastRun | null,
  since: number,
  now: number,
  count: number,
): FireTime[] {
  const fires: FireTime[] = []
  let previous = last
  while (fires.length < count) {
    const fire = nextFire(spec, previous, since, now)
    if (fire === null) break
    fires.push(fire)
    previous = { logicalDate: fire.logicalDate, intervalEnd: fire.dataIntervalEnd }
  }
  return fires
}

/** Data interval of a run that a person or another Dag asked for at `at`: empty, as that of every scheduled run here. */
export function manualInterval(_spec: ScheduleSpec, at: number): { readonly start: number; readonly end: number } {
  return { start: at, end: at }
}

function ticksOf(spec: ScheduleSpec, last: LastRun | null, since: number): Ticks | null {
  const { schedule, timezone } = spec
  switch (schedule.kind) {
    case 'none':
      return null
    case 'once': {
      if (last !== null) return null
      const at = Math.max(spec.startDate ?? since, since)
      return { next: () => at, previous: () => at }
    }
    case 'interval':
      return intervalTicks(schedule.everyMs, spec.startDate)
    case 'cron':
      return {
        next: (at) => nextTick(schedule.expression, timezone, at),
        previous: (at) => previousTick(schedule.expression, timezone, at),
      }
  }
}

/** Every `everyMs` of real time, counted from the start date, or from the epoch so that 10 minutes are :00, :10, ... */
function intervalTicks(everyMs: number, startDate: number | null): Ticks {
  if (!(Number.isSafeInteger(everyMs) && everyMs > 0)) {
    throw new RangeError(
      `An interval of ${everyMs} ms cannot be a schedule; give a whole number of milliseconds above 0.`,
    )
  }
  const phase = startDate ?? 0
  return {
    next: (at) => phase + Math.ceil((at - phase) / everyMs) * everyMs,
    previous: (at) => phase + Math.floor((at - phase) / everyMs) * everyMs,
  }
}

function fireAt(tick: number): FireTime {
  return { logicalDate: tick, dataIntervalStart: tick, dataIntervalEnd: tick, runAfter: tick }
}
