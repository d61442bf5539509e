/** Durations as authors write them: seconds, or text with units. The result is whole milliseconds. */

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  millisecond: 1,
  milliseconds: 1,
  s: 1_000,
  sec: 1_000,
  secs: 1_000,
  second: 1_000,
  seconds: 1_000,
  m: 60_000,
  min: 60_000,
  mins: 60_000,
  minute: 60_000,
  minutes: 60_000,
  h: 3_600_000,
  hr: 3_600_000,
  hrs: 3_600_000,
  hour: 3_600_000,
  hours: 3_600_000,
  d: 86_400_000,
  day: 86_400_000,
  days: 86_400_000,
  w: 604_800_000,
  week: 604_800_000,
  weeks: 604_800_000,
}

/** What a duration has to be, for messages. */
export const DURATION_WANTS = "a number of seconds or text with a unit such as '30 s', '5 min', '2 hours' or '1 day'"

/** A hundred years: longer ones are a slip, and would leave the range of dates. */
const LONGEST = 100 * 366 * 86_400_000

/** Milliseconds, or `undefined` when `value` is no duration. */
export function readDuration(value: unknown): number | undefined {
  const ms = typeof value === 'number' ? value * 1_000 : typeof value === 'string' ? fromText(value) : undefined
  return ms !== undefined && Number.isFinite(ms) && ms >= 0 && ms <= LONGEST ? Math.round(ms) : undefined
}

function fromText(text: string): number | undefined {
  if (!/^\s*(\d+(\.\d+)?\s*[a-z]+\s*)+$/i.test(text)) return undefined
  let sum = 0
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)\s*([a-z]+)/gi)) {
    const size = Object.hasOwn(UNITS, unit!.toLowerCase()) ? UNITS[unit!.toLowerCase()] : undefined
    if (size === undefined) return undefined
    sum += Number(amount) * size
  }
  return sum
}
