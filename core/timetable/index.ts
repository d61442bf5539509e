/**
 * When a Dag runs by itself. Pure: the caller gives the last automatic run, since when the schedule counts, and the time.
 * The rules, with their reasons, are in docs/timetables.md.
 *
 * Invariants: logical dates of one Dag only grow; asking again after a restart with the same `last` and `since` gives the
 * same answer; without catchup nothing older than `since` fires, and time spent down makes one run, not many.
 */
import type { Schedule } from '../serialized-dag.ts'
import type { Ticks } from './tick-set.ts'
import { listedTicks, mergedTicks, ticksExcept, ticksOfSource } from './ticks.ts'

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

/** One automatic run. All instants are epoch milliseconds; without data intervals all four are the tick. */
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

/**
 * The next automatic run: in the past or now when it is due, or in the future; `null` when there is none any more. For a
 * continuous schedule the caller asks only when no run is unfinished.
 * Throws a RangeError for a cron or a zone that `checkCron` or `checkTimezone` refuses.
 */
export function nextFire(spec: ScheduleSpec, last: LastRun | null, since: number, now: number): FireTime | null {
  if (spec.schedule.kind === 'continuous') return nextContinuous(spec, last, since, now)
  const ticks = ticksOf(spec, last, since)
  if (ticks === null) return null
  const { first, latest, runAt } = hasIntervals(spec)
    ? intervals(spec, ticks, last, since)
    : points(spec, ticks, last, since)
  if (first === null || first > latest) return null
  if (spec.catchup || first > now) return runAt(first)
  // Missed while down or late: one run, for the newest tick that has passed.
  return runAt(ticks.previous(Math.min(now, latest)) ?? first)
}

/** How ticks become runs. */
interface Flavour {
  /** The tick of the next run, were nothing missed. */
  readonly first: number | null
  /** No run has a later tick. */
  readonly latest: number
  readonly runAt: (tick: number) => FireTime
}

/** A run is its tick. */
function points(spec: ScheduleSpec, ticks: Ticks, last: LastRun | null, since: number): Flavour {
  const afterLast = last === null ? Number.NEGATIVE_INFINITY : Math.max(last.logicalDate, last.intervalEnd) + 1
  const start = spec.startDate ?? (spec.catchup && last === null ? since : Number.NEGATIVE_INFINITY)
  const from = Math.max(afterLast, start, spec.catchup ? Number.NEGATIVE_INFINITY : since)
  return { first: ticks.next(from), latest: spec.endDate ?? Number.POSITIVE_INFINITY, runAt: fireAt }
}

/** A run is the time between two ticks: it comes at the second and is named after the first, which start and end date bound. */
function intervals(spec: ScheduleSpec, ticks: Ticks, last: LastRun | null, since: number): Flavour {
  const { startDate, endDate, catchup } = spec
  // No overlap with the last run, nor its logical date again where the schedule was of another kind then.
  const afterLast = last === null ? Number.NEGATIVE_INFINITY : Math.max(last.intervalEnd, last.logicalDate + 1)
  const earliest = Math.max(afterLast, startDate ?? Number.NEGATIVE_INFINITY)
  const start = earliest === Number.NEGATIVE_INFINITY ? null : ticks.next(earliest)
  const fromStart = start === null ? Number.NEGATIVE_INFINITY : start + 1
  const counts = !catchup || (startDate === null && last === null) ? since : Number.NEGATIVE_INFINITY
  let first = ticks.next(Math.max(fromStart, counts))
  // Ticks may have a first one: before it there is no interval.
  if (first !== null && ticks.previous(first - 1) === null) first = ticks.next(first + 1)
  const lastStart = endDate === null ? null : ticks.previous(endDate)
  return {
    first: earliest !== Number.NEGATIVE_INFINITY && start === null ? null : first,
    latest:
      endDate === null
        ? Number.POSITIVE_INFINITY
        : lastStart === null
          ? Number.NEGATIVE_INFINITY
          : (ticks.next(lastStart + 1) ?? Number.NEGATIVE_INFINITY),
    runAt: (tick) => {
      const begin = ticks.previous(tick - 1) ?? tick
      return { logicalDate: begin, dataIntervalStart: begin, dataIntervalEnd: tick, runAfter: tick }
    },
  }
}

function hasIntervals({ schedule }: ScheduleSpec): boolean {
  return schedule.kind === 'ticks' && schedule.dataIntervals === true
}

/** As soon as it may: the run before has ended. */
function nextContinuous(spec: ScheduleSpec, last: LastRun | null, since: number, now: number): FireTime | null {
  const at = Math.max(now, since, spec.startDate ?? since, last === null ? since : last.logicalDate + 1)
  return spec.endDate !== null && at > spec.endDate ? null : fireAt(at)
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

/**
 * Data interval of a run that a person or another Dag asked for at `at`: empty, or the last one that was complete then where
 * the schedule has intervals. The logical date is `at` in any case.
 */
export function manualInterval(spec: ScheduleSpec, at: number): { readonly start: number; readonly end: number } {
  const ticks = hasIntervals(spec) ? ticksOf(spec, null, at) : null
  const end = ticks?.previous(at) ?? null
  const start = end === null ? null : (ticks?.previous(end - 1) ?? null)
  return end === null || start === null ? { start: at, end: at } : { start, end }
}

function ticksOf(spec: ScheduleSpec, last: LastRun | null, since: number): Ticks | null {
  const { schedule, timezone, startDate } = spec
  switch (schedule.kind) {
    case 'none':
    case 'continuous':
      return null
    case 'once': {
      if (last !== null) return null
      const at = Math.max(startDate ?? since, since)
      return { next: () => at, previous: () => at }
    }
    case 'interval':
    case 'cron':
      return ticksOfSource(schedule, timezone, startDate)
    case 'events':
      return listedTicks(schedule.at)
    case 'ticks':
      return ticksExcept(
        mergedTicks(schedule.sources.map((source) => ticksOfSource(source, timezone, startDate))),
        timezone,
        schedule.except ?? [],
      )
  }
}

function fireAt(tick: number): FireTime {
  return { logicalDate: tick, dataIntervalStart: tick, dataIntervalEnd: tick, runAfter: tick }
}
