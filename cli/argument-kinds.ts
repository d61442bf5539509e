/** Texts of arguments and options as values, or a usage error that says what is expected. */
import { InvalidArgumentError } from '@commander-js/extra-typings'
import { RUN_STATES, type RunState } from '../core/states.ts'
import { safeText } from './terminal/safe-text.ts'

/** -1 and more. */
export function wholeNumber(text: string): number {
  const value = Number(text)
  if (text.trim() !== '' && Number.isInteger(value) && value >= -1) return value
  throw new InvalidArgumentError('Give a whole number.')
}

export function positive(text: string): number {
  const value = Number(text)
  if (Number.isInteger(value) && value > 0 && value <= 100_000) return value
  throw new InvalidArgumentError('Give a whole number from 1 to 100000.')
}

export function jsonText(text: string): string {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return text
  } catch {
    // Said below.
  }
  throw new InvalidArgumentError('Give a JSON object, such as \'{"region":"eu"}\'.')
}

export function date(text: string): number {
  const at = Date.parse(text)
  if (!Number.isNaN(at) && /\d{4}-\d\d-\d\d(T.*(Z|[+-]\d\d:?\d\d))?$/.test(text)) return at
  throw new InvalidArgumentError('Give an instant with its zone, such as 2026-01-31T02:00:00Z, or a date (then UTC).')
}

const UNITS = { s: 1_000, min: 60_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** `2h` is two hours ago, `today` its beginning (UTC); else as `date`. */
export function moment(text: string): number {
  const ago = /^(\d+(?:\.\d+)?) ?(s|min|m|h|d)$/.exec(text)
  if (ago !== null) return Date.now() - Number(ago[1]) * UNITS[ago[2] as keyof typeof UNITS]
  if (text === 'today') return new Date().setUTCHours(0, 0, 0, 0)
  try {
    return date(text)
  } catch {
    throw new InvalidArgumentError('Give 2h, 30min, 7d, today, a date, or an instant such as 2026-01-31T02:00:00Z.')
  }
}

export function runState(text: string): RunState {
  return oneOf(RUN_STATES)(text)
}

export function oneOf<const Value extends string>(values: readonly Value[]): (text: string) => Value {
  return (text) => {
    const found = values.find((value) => value === text)
    if (found === undefined) throw new InvalidArgumentError(`Give one of ${values.join(', ')}.`)
    return found
  }
}

export function rowName(text: string): string {
  if (isRowName(text)) return text
  throw new InvalidArgumentError('Give 1 to 250 characters without control characters.')
}

export function isRowName(text: string): boolean {
  return text.length > 0 && text.length <= 250 && safeText(text) === text && !/[\n\t]/.test(text)
}

export function portNumber(text: string): number {
  const value = Number(text)
  if (Number.isInteger(value) && value > 0 && value < 65_536) return value
  throw new InvalidArgumentError('Give a whole number from 1 to 65535.')
}
