/**
 * Every so many months or days by the wall clock, counted from a start. The n-th tick is the start plus n periods, never the
 * tick before plus one: a monthly Dag that starts on 31 January fires on 28 February and on 31 March, where walking step
 * by step would stay on the 28th for ever.
 */
import type { TickSource } from '../serialized-dag.ts'
import type { Ticks } from './tick-set.ts'
import { instantOf, wallOf } from './wall-clock.ts'

const DAY = 86_400_000
const MEAN_MONTH = 30.436875 * DAY
/** As for crons: no tick is looked for beyond. */
const LAST = Date.UTC(2999, 11, 31)

/** Nothing is before `start`, which is the first tick. */
export function calendarTicks(
  { months, days }: Pick<Extract<TickSource, { kind: 'calendar' }>, 'months' | 'days'>,
  timezone: string,
  start: number,
): Ticks {
  if (!Number.isInteger(months) || !Number.isInteger(days) || months < 0 || days < 0 || months + days === 0) {
    throw new RangeError(
      `A period of ${months} months and ${days} days cannot be a schedule; give whole numbers, not both 0.`,
    )
  }
  const first = new Date(wallOf(timezone, start))
  const timeOfDay = first.getTime() - Date.UTC(first.getUTCFullYear(), first.getUTCMonth(), first.getUTCDate())
  const nth = (n: number) => {
    if (n === 0) return start
    const month = first.getUTCMonth() + n * months
    const lastDay = new Date(Date.UTC(first.getUTCFullYear(), month + 1, 0)).getUTCDate()
    const day = Math.min(first.getUTCDate(), lastDay) + n * days
    return instantOf(timezone, Date.UTC(first.getUTCFullYear(), month, day) + timeOfDay)
  }
  /** Least n whose tick is `>= at`. */
  const indexOf = (at: number) => {
    if (at <= start) return 0
    let n = Math.max(0, Math.floor((at - start) / (months * MEAN_MONTH + days * DAY)))
    while (n > 0 && nth(n - 1) >= at) n--
    while (nth(n) < at) n++
    return n
  }
  return {
    next: (at) => (at > LAST ? null : nth(indexOf(at))),
    previous: (at) => {
      if (at < start) return null
      const n = indexOf(Math.min(at, LAST) + 1)
      return n === 0 ? null : nth(n - 1)
    },
  }
}
