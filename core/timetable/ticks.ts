/** What a schedule fires at, as sets of instants, and how sets are made of others. */
import type { TickSource } from '../serialized-dag.ts'
import { calendarTicks } from './calendar-ticks.ts'
import { nextTick, previousTick } from './cron-ticks.ts'
import type { Ticks } from './tick-set.ts'
import { localDate } from './wall-clock.ts'

/** `startDate` sets the phase of intervals and is where calendar periods are counted from. */
export function ticksOfSource(source: TickSource, timezone: string, startDate: number | null): Ticks {
  switch (source.kind) {
    case 'cron':
      return {
        next: (at) => nextTick(source.expression, timezone, at),
        previous: (at) => previousTick(source.expression, timezone, at),
      }
    case 'interval':
      return intervalTicks(source.everyMs, startDate)
    case 'calendar':
      return calendarTicks(source, timezone, startDate ?? 0)
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

/** These instants, which are sorted. */
export function listedTicks(instants: readonly number[]): Ticks {
  /** How many are below `at`. */
  const below = (at: number) => {
    let [low, high] = [0, instants.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (instants[middle]! < at) low = middle + 1
      else high = middle
    }
    return low
  }
  return {
    next: (at) => instants[below(at)] ?? null,
    previous: (at) => instants[below(at + 1) - 1] ?? null,
  }
}

/** The ticks of all of them. */
export function mergedTicks(members: readonly Ticks[]): Ticks {
  if (members.length === 1) return members[0]!
  const best = (found: readonly (number | null)[], pick: (...values: number[]) => number) => {
    const there = found.filter((tick) => tick !== null)
    return there.length === 0 ? null : pick(...there)
  }
  return {
    next: (at) =>
      best(
        members.map((member) => member.next(at)),
        Math.min,
      ),
    previous: (at) =>
      best(
        members.map((member) => member.previous(at)),
        Math.max,
      ),
  }
}

/** Without those on certain local dates. */
export function ticksExcept(ticks: Ticks, timezone: string, dates: readonly string[]): Ticks {
  if (dates.length === 0) return ticks
  const excluded = new Set(dates)
  const isExcluded = (tick: number) => excluded.has(localDate(timezone, tick))
  return {
    next: (at) => {
      let tick = ticks.next(at)
      while (tick !== null && isExcluded(tick)) tick = ticks.next(tick + 1)
      return tick
    },
    previous: (at) => {
      let tick = ticks.previous(at)
      while (tick !== null && isExcluded(tick)) tick = ticks.previous(tick - 1)
      return tick
    },
  }
}
