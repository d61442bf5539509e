/**
 * Formats of JSON Schema that params may name, checked by small functions of our own. Invariant: each ends in time linear in
 * its input (conf comes from outside), and a format unknown here is a hint for the form, never an error.
 */

/** By name, as ajv takes them. */
export const PARAM_FORMATS: Readonly<Record<string, (text: string) => boolean>> = {
  date: isDate,
  time: isTime,
  'date-time': isDateTime,
  email: isEmail,
  uri: isUri,
}

const DATE = /^(\d{4})-(\d\d)-(\d\d)$/
const TIME = /^(\d\d):(\d\d):(\d\d)(?:\.\d{1,9})?(?:z|[+-](\d\d):?(\d\d))?$/i

/** A day that exists: `2024-02-29`, not `2023-02-29`. */
function isDate(text: string): boolean {
  const match = DATE.exec(text)
  if (match === null) return false
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])]
  if (month < 1 || month > 12 || day < 1) return false
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  const length = month === 2 ? (isLeap ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31
  return day <= length
}

/** `23:59:59`, with or without a fraction and an offset. Leap seconds are let in at the end of a minute. */
function isTime(text: string): boolean {
  const match = TIME.exec(text)
  if (match === null) return false
  const [hour, minute, second] = [Number(match[1]), Number(match[2]), Number(match[3])]
  const isOffset = match[4] === undefined || (Number(match[4]) <= 23 && Number(match[5]) <= 59)
  return hour <= 23 && minute <= 59 && second <= 60 && isOffset
}

/** RFC 3339: date, `T` (or a space), time and an offset. */
function isDateTime(text: string): boolean {
  const separator = text.charAt(10)
  if (separator !== 'T' && separator !== 't' && separator !== ' ') return false
  const time = text.slice(11)
  return isDate(text.slice(0, 10)) && isTime(time) && /(?:z|[+-]\d\d:?\d\d)$/i.test(time)
}

/** One `@` between a local part and a domain of dotted names; what an address really is only its server knows. */
function isEmail(text: string): boolean {
  if (text.length > 254) return false
  const at = text.lastIndexOf('@')
  const local = text.slice(0, at)
  if (at < 1 || local.length > 64) return false
  if (!/^[^\s@"(),:;<>[\\\]]+$/.test(local) || local.startsWith('.') || local.endsWith('.') || local.includes('..')) {
    return false
  }
  return text
    .slice(at + 1)
    .split('.')
    .every((name) => /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i.test(name))
}

/** Absolute, with a scheme and no blanks: `https://example.org/a`, `s3://bucket/key`, `mailto:a@example.org`. */
function isUri(text: string): boolean {
  return /^[a-z][a-z0-9+.-]*:[^\s<>"{}|\\^`]+$/i.test(text) && !/^[a-z][a-z0-9+.-]*:\/\/?$/i.test(text)
}
