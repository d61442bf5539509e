/**
 * Wall clocks and instants of a zone, one at a time. A wall clock is written as if it were UTC, in epoch milliseconds. The rules
 * for gaps and repeated times are those of `zone-windows.ts`.
 */
import { yearWindows } from './zone-windows.ts'

const DAY = 86_400_000

/** What the clocks of the zone show at this instant. */
export function wallOf(timezone: string, at: number): number {
  const { both } = yearWindows(timezone, new Date(at).getUTCFullYear())
  // After a gap two windows overlap; the later one holds the real clock.
  let shift = 0
  for (const window of both) if (window.from <= at && at < window.to) shift = window.shift
  return at + shift
}

/** The one instant that a wall clock means; in a gap, as much later as the gap is long. */
export function instantOf(timezone: string, wall: number): number {
  for (const near of [wall, wall - DAY, wall + DAY]) {
    for (const window of yearWindows(timezone, new Date(near).getUTCFullYear()).once) {
      const at = wall - window.shift
      if (window.from <= at && at < window.to) return at
    }
  }
  throw new RangeError(`${new Date(wall).toISOString()} is not a time of the zone ${timezone}`)
}

/** `YYYY-MM-DD` of the zone at this instant. */
export function localDate(timezone: string, at: number): string {
  return new Date(wallOf(timezone, at)).toISOString().slice(0, 10)
}
