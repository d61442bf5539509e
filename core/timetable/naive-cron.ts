/**
 * A cron expression on the naive wall clock: no zones, times written as if they were UTC. cron-parser reads the expression
 * and says which times of day and which days match; walking over them is arithmetic here, because the parser's own
 * stepping costs 75 µs a tick and has its own ideas about zones.
 *
 * Invariant: `nextWall` and `previousWall` walk the same set of times, and both end: an expression that no day of forty
 * years matches is refused when it is read.
 */
import { type CronExpression, CronExpressionParser } from 'cron-parser'
import { withoutRepeats } from './list-fields.ts'

export interface NaiveCron {
  /** The hour field is `*`: it runs at least hourly on its days, so ambiguous hours run twice (docs/timetables.md). */
  readonly everyHour: boolean
  /** First matching wall time at or after `wall` and before `limit`, or `null`. */
  nextWall(wall: number, limit: number): number | null
  /** Last matching wall time at or before `wall` and not before `limit`, or `null`. */
  previousWall(wall: number, limit: number): number | null
}

const MINUTE = 60_000
const DAY = 86_400_000
/** Seasons of weekdays and leap days repeat after 28 years, 40 over a century that skips one. */
const YEARS_WITHOUT_A_DAY = 41
const MOST_CACHED = 5_000

/** Pure results of pure parsing, so that a thousand Dags on `0 0 * * *` parse it once. Oldest out first. */
const parsed = new Map<string, NaiveCron | string>()

/** The problem with a five-field cron expression as a sentence with its remedy, or `null`. */
export function checkCron(expression: string): string | null {
  const cron = parse(expression)
  return typeof cron === 'string' ? cron : null
}

/** The compiled expression. Throws a RangeError with the sentence of `checkCron` when it is wrong. */
export function naiveCron(expression: string): NaiveCron {
  const cron = parse(expression)
  if (typeof cron === 'string') throw new RangeError(cron)
  return cron
}

function parse(expression: string): NaiveCron | string {
  const known = parsed.get(expression)
  if (known !== undefined) return known
  const result = compile(expression)
  if (parsed.size >= MOST_CACHED) {
    const oldest = parsed.keys().next()
    if (!oldest.done) parsed.delete(oldest.value)
  }
  parsed.set(expression, result)
  return result
}

function compile(expression: string): NaiveCron | string {
  const shown = expression.length > 80 ? `${expression.slice(0, 80)}...` : expression
  const fields = expression.trim().split(/\s+/)
  if (expression.trim() === '' || fields.length !== 5) {
    const count = expression.trim() === '' ? 0 : fields.length
    const remedy = 'it needs five: minute, hour, day of month, month, day of week, as in "0 2 * * *"'
    return `The cron expression "${shown}" has ${count} field${count === 1 ? '' : 's'}; ${remedy}.`
  }
  if (/(^|[,\s])H/.test(expression)) {
    return `The cron expression "${shown}" uses H, whose value would differ at each start; write a number.`
  }
  let days: CronExpression
  try {
    days = CronExpressionParser.parse(withoutRepeats(fields), { tz: 'UTC', currentDate: new Date(0) })
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error)
    return `The cron expression "${shown}" cannot be read: ${cause}. Check the field named there, or try "0 2 * * *".`
  }
  const cron = walker(days)
  const from = Date.UTC(2000, 0, 1)
  if (cron.nextWall(from, Date.UTC(2000 + YEARS_WITHOUT_A_DAY, 0, 1)) === null) {
    return `The cron expression "${shown}" matches no day that exists; check its day of month against its month.`
  }
  return cron
}

function walker(cron: CronExpression): NaiveCron {
  const times = cron.fields.hour.values.flatMap((hour) =>
    cron.fields.minute.values.map((minute) => (Number(hour) * 60 + Number(minute)) * MINUTE),
  )
  const firstTime = times[0] ?? 0
  const lastTime = times.at(-1) ?? 0
  const months = new Set(cron.fields.month.values.map(Number))
  /** Bit d-1 is day d; by month number since year 0. */
  const matchingDays = new Map<number, number>()

  const daysOf = (year: number, month: number): number => {
    if (!months.has(month + 1)) return 0
    const key = year * 12 + month
    let bits = matchingDays.get(key)
    if (bits === undefined) {
      bits = 0
      for (let day = Date.UTC(year, month, 1); new Date(day).getUTCMonth() === month; day += DAY) {
        if (cron.includesDate(new Date(day + firstTime))) bits |= 1 << (new Date(day).getUTCDate() - 1)
      }
      matchingDays.set(key, bits)
    }
    return bits
  }

  /** First (step 1) or last (step -1) matching day from `day` on, in that direction, up to `limit`. */
  const seekDay = (day: number, limit: number, step: 1 | -1): number | null => {
    const date = new Date(day)
    let year = date.getUTCFullYear()
    let month = date.getUTCMonth()
    const dayBit = date.getUTCDate() - 1
    let bits = daysOf(year, month) & (step === 1 ? -1 << dayBit : (2 << dayBit) - 1)
    for (;;) {
      if (bits !== 0) {
        const bit = step === 1 ? 31 - Math.clz32(bits & -bits) : 31 - Math.clz32(bits)
        return Date.UTC(year, month, bit + 1)
      }
      month += step
      if (month === 12 || month === -1) {
        year += step
        month = month === 12 ? 0 : 11
      }
      const edge = Date.UTC(year, month, 1)
      if (step === 1 ? edge >= limit : edge + 31 * DAY <= limit) return null
      bits = daysOf(year, month)
    }
  }

  return {
    everyHour: cron.fields.hour.isWildcard,
    nextWall(wall, limit) {
      if (wall >= limit) return null
      let day = Math.floor(wall / DAY) * DAY
      let time = times[firstNotBelow(times, wall - day)]
      if (time === undefined) {
        day += DAY
        time = firstTime
      }
      const found = seekDay(day, limit, 1)
      if (found === null) return null
      const tick = found + (found === day ? time : firstTime)
      return tick < limit ? tick : null
    },
    previousWall(wall, limit) {
      if (wall < limit) return null
      let day = Math.floor(wall / DAY) * DAY
      let time = times[firstNotBelow(times, wall - day + 1) - 1]
      if (time === undefined) {
        day -= DAY
        time = lastTime
      }
      const found = seekDay(day, limit, -1)
      if (found === null) return null
      const tick = found + (found === day ? time : lastTime)
      return tick >= limit ? tick : null
    },
  }
}

/** Index of the first element `>= value`. */
function firstNotBelow(sorted: readonly number[], value: number): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (sorted[middle]! < value) low = middle + 1
    else high = middle
  }
  return low
}
