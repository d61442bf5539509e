/**
 * Time zones for schedules: how wall clocks map to instants. A year of a zone becomes a few windows; inside a window an
 * instant and its wall clock differ by a constant, so that finding ticks is arithmetic.
 *
 * The rule (docs/timetables.md): a wall time in a gap moves forward by the gap; an ambiguous one means its second
 * occurrence, or both where the caller asks for real elapsed time. Invariant: by that rule every wall time is in exactly one
 * window (ambiguous ones in one or two), in every zone and year.
 */
import { IANAZone } from 'luxon'

/** Instants `from <= t < to` whose wall clock, written as if it were UTC, is `t + shift`. All in milliseconds. */
export interface Window {
  readonly from: number
  readonly to: number
  readonly shift: number
}

/** Windows of one UTC year, sorted by `from`. After a gap two of them overlap: the shifted wall times and the real ones. */
export interface YearWindows {
  /** Ambiguous wall times once, as their second occurrence. */
  readonly once: readonly Window[]
  /** Ambiguous wall times as both occurrences. */
  readonly both: readonly Window[]
}

interface Transition {
  readonly at: number
  readonly before: number
  readonly after: number
}

interface Zone {
  readonly offset: (instant: number) => number
  readonly transitions: Map<number, readonly Transition[]>
  readonly windows: Map<number, YearWindows>
}

const MINUTE = 60_000
/**
 * Two changes of a zone's offset closer together than this could be missed. The closest two of any zone since 1970 are
 * seven days apart (measured); asking for an offset costs 5 µs, so a year of a zone costs half a millisecond, once.
 */
const SAMPLE_STEP = 4 * 86_400_000

/** Rules of zones change with the time zone data of the runtime, never while it runs: what was computed stays true. */
const zones = new Map<string, Zone>()

/** A sentence naming the problem with a zone name, or `null`. */
export function checkTimezone(timezone: string): string | null {
  if (IANAZone.isValidZone(timezone)) return null
  return `"${timezone}" is not a time zone this machine knows; use an IANA name such as "UTC" or "Europe/Berlin".`
}

/** Windows of a UTC year. Throws for a zone that `checkTimezone` refuses. */
export function yearWindows(timezone: string, year: number): YearWindows {
  const zone = zoneOf(timezone)
  const known = zone.windows.get(year)
  if (known !== undefined) return known
  const made = buildWindows(zone, year)
  zone.windows.set(year, made)
  return made
}

function zoneOf(timezone: string): Zone {
  const known = zones.get(timezone)
  if (known !== undefined) return known
  const problem = checkTimezone(timezone)
  if (problem !== null) throw new RangeError(problem)
  const luxonZone = IANAZone.create(timezone)
  const zone: Zone = {
    // Offsets before railway time have odd seconds; luxon gives minutes as a fraction.
    offset: timezone === 'UTC' ? () => 0 : (instant) => Math.round(luxonZone.offset(instant) * MINUTE),
    transitions: new Map(),
    windows: new Map(),
  }
  zones.set(timezone, zone)
  return zone
}

function buildWindows(zone: Zone, year: number): YearWindows {
  const yearStart = Date.UTC(year, 0, 1)
  const yearEnd = Date.UTC(year + 1, 0, 1)
  // A gap or fold at new year reaches over the border, so the neighbours' changes count too.
  const changes = [year - 1, year, year + 1].flatMap((y) => transitionsOf(zone, y))
  const once: Window[] = []
  const both: Window[] = []
  const add = (list: Window[], from: number, to: number, shift: number): void => {
    const clipped = { from: Math.max(from, yearStart), to: Math.min(to, yearEnd), shift }
    if (clipped.from < clipped.to) list.push(clipped)
  }
  for (let i = 0; i <= changes.length; i++) {
    const start = changes[i - 1]
    const end = changes[i]
    const shift = start?.after ?? end?.before ?? zone.offset(yearStart)
    const from = start?.at ?? Number.NEGATIVE_INFINITY
    const to = end?.at ?? Number.POSITIVE_INFINITY
    if (start !== undefined && start.after > start.before) {
      // Wall times that the clock jumped over, read with the old offset, land exactly one gap later.
      const gapEnd = from + start.after - start.before
      add(once, from, gapEnd, start.before)
      add(both, from, gapEnd, start.before)
    }
    const fold = end === undefined ? 0 : Math.max(0, end.before - end.after)
    add(once, from, to - fold, shift)
    add(both, from, to, shift)
  }
  const byStart = (a: Window, b: Window): number => a.from - b.from
  return { once: once.sort(byStart), both: both.sort(byStart) }
}

/** Changes of offset with `yearStart <= at < yearEnd`, found by sampling and bisection. */
function transitionsOf(zone: Zone, year: number): readonly Transition[] {
  const known = zone.transitions.get(year)
  if (known !== undefined) return known
  const yearEnd = Date.UTC(year + 1, 0, 1)
  const found: Transition[] = []
  // One millisecond early, so that a change exactly at the year's start belongs to this year.
  let left = Date.UTC(year, 0, 1) - 1
  let before = zone.offset(left)
  while (left < yearEnd - 1) {
    const right = Math.min(left + SAMPLE_STEP, yearEnd - 1)
    const after = zone.offset(right)
    if (after !== before) found.push({ at: firstInstantOf(zone, left, right, before), before, after })
    left = right
    before = after
  }
  zone.transitions.set(year, found)
  return found
}

/** The first instant in `(left, right]` whose offset is not `before`. */
function firstInstantOf(zone: Zone, left: number, right: number, before: number): number {
  let low = left
  let high = right
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (zone.offset(middle) === before) low = middle
    else high = middle
  }
  return high
}
