/**
 * The ticks of a cron expression in a time zone: a fixed set of instants, the same whichever way and from wherever it is
 * walked, so a restart loses none. Invariant: `nextTick(t)` is the least tick at or after t and `previousTick(t)` the
 * greatest at or before it; two wall times that land on one instant after a gap are one tick.
 */
import { naiveCron } from './naive-cron.ts'
import { type Window, yearWindows } from './zone-windows.ts'

/** No tick is looked for outside these years; a start date of the year 9999 means never. */
const FIRST_YEAR = 1900
const LAST_YEAR = 2999
/** The rarest expression that is let in fires once in forty years. */
const MOST_YEARS = 42

/** Least tick `>= at` (epoch milliseconds), or `null` when there is none in the years that are looked at. */
export function nextTick(expression: string, timezone: string, at: number): number | null {
  const cron = naiveCron(expression)
  const first = Math.max(FIRST_YEAR, yearOf(at))
  for (let year = first; year <= Math.min(LAST_YEAR, first + MOST_YEARS); year++) {
    let best: number | null = null
    for (const window of windowsOf(timezone, year, cron.everyHour)) {
      const from = Math.max(window.from, at)
      if (from >= window.to || (best !== null && from >= best)) continue
      const limit = best === null ? window.to : Math.min(window.to, best)
      const wall = cron.nextWall(from + window.shift, limit + window.shift)
      if (wall !== null) best = wall - window.shift
    }
    if (best !== null) return best
  }
  return null
}

/** Greatest tick `<= at` (epoch milliseconds), or `null` when there is none in the years that are looked at. */
export function previousTick(expression: string, timezone: string, at: number): number | null {
  const cron = naiveCron(expression)
  const last = Math.min(LAST_YEAR, yearOf(at))
  for (let year = last; year >= Math.max(FIRST_YEAR, last - MOST_YEARS); year--) {
    let best: number | null = null
    for (const window of windowsOf(timezone, year, cron.everyHour)) {
      const to = Math.min(window.to - 1, at)
      if (to < window.from || (best !== null && to <= best)) continue
      const limit = best === null ? window.from : Math.max(window.from, best)
      const wall = cron.previousWall(to + window.shift, limit + window.shift)
      if (wall !== null) best = wall - window.shift
    }
    if (best !== null) return best
  }
  return null
}

function windowsOf(timezone: string, year: number, everyHour: boolean): readonly Window[] {
  const windows = yearWindows(timezone, year)
  return everyHour ? windows.both : windows.once
}

/** UTC year; instants beyond what a Date can hold count as far past or future. */
function yearOf(at: number): number {
  const year = new Date(at).getUTCFullYear()
  return Number.isNaN(year) ? (at > 0 ? LAST_YEAR + 1 : FIRST_YEAR - 1) : year
}
