/** Instants as authors write them: a `Date`, or ISO text, local to the Dag's zone when it names no offset. */
import { instantOfLocal } from './zones.ts'

const ISO =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?)?(?:(Z)|([+-])(\d{2}):?(\d{2}))?$/i

/** What a date has to be, for messages. */
export const DATE_WANTS =
  "a Date or ISO text such as '2026-01-31', '2026-01-31T06:00' (in the Dag's zone) or '2026-01-31T06:00Z'"

/**
 * Epoch milliseconds, or `undefined` when `value` is no date. A date alone is its first instant in `zone`, or its last with
 * the edge `end`: an end date includes its day.
 */
export function readDate(value: unknown, zone: string, edge: 'start' | 'end'): number | undefined {
  if (Object.prototype.toString.call(value) === '[object Date]') {
    const at = Number(value)
    return Number.isNaN(at) ? undefined : at
  }
  if (typeof value !== 'string') return undefined
  const match = ISO.exec(value.trim())
  if (match === null) return undefined
  const [, year, month, day, hour, minute, second, fraction, utc, sign, offsetHours, offsetMinutes] = match
  const date = new Date(0)
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day))
  if (date.getUTCMonth() !== Number(month) - 1 || date.getUTCDate() !== Number(day)) return undefined
  if (Number(hour ?? 0) > 23 || Number(minute ?? 0) > 59 || Number(second ?? 0) > 59) return undefined
  const millis = Math.floor(Number(`0.${fraction ?? '0'}`) * 1_000)
  date.setUTCHours(Number(hour ?? 0), Number(minute ?? 0), Number(second ?? 0), millis)
  const wall = date.getTime()
  if (utc !== undefined) return wall
  if (sign !== undefined) {
    const offset = (Number(offsetHours) * 60 + Number(offsetMinutes)) * 60_000
    return sign === '-' ? wall + offset : wall - offset
  }
  if (hour === undefined && edge === 'end') return instantOfLocal(zone, wall + 86_400_000) - 1
  return instantOfLocal(zone, wall)
}
