/** The schedule as stored: presets are expanded, cron fields checked, intervals in milliseconds. */
import type { Schedule, TickSource } from '../../core/serialized-dag.ts'
import { describe } from '../declarations.ts'
import { isRecord } from '../declare-task.ts'
import { nearestName } from '../nearest-name.ts'
import { checkCron } from './check-cron.ts'
import { DATE_WANTS, readDate } from './read-date.ts'
import { DURATION_WANTS, readDuration } from './read-duration.ts'
import type { Finding } from './report.ts'

const PRESETS: Readonly<Record<string, string>> = {
  '@hourly': '0 * * * *',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@weekly': '0 0 * * 0',
  '@monthly': '0 0 1 * *',
  '@quarterly': '0 0 1 */3 *',
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
}
const SHORTEST_INTERVAL_MS = 1_000

type Problem = Pick<Finding, 'code' | 'message' | 'remedy'>

/** Keys of which one says what kind of schedule an object is. */
const KINDS: Readonly<Record<string, (value: unknown, zone: string) => Schedule | TickSource[] | Problem>> = {
  every: (value) => period(value),
  cron: (value) => crons(value),
  workdays: (value) => workdays(value),
  at: (value, zone) => instants(value, zone),
}
const EXTRAS = ['except', 'dataIntervals']

/** The schedule, or what is wrong with it. `undefined` and `null` mean: only when triggered. `zone` is the Dag's. */
export function readSchedule(value: unknown, zone: string): Schedule | Problem {
  if (value === undefined || value === null) return { kind: 'none' }
  if (typeof value === 'string') return value.trim().startsWith('@') ? preset(value.trim()) : cron(value)
  const kind = isRecord(value) ? Object.keys(KINDS).find((key) => Object.hasOwn(value, key)) : undefined
  if (kind === undefined || !isRecord(value)) {
    return {
      code: 'bad-schedule',
      message: `The schedule is ${describe(value)}.`,
      remedy:
        "Give five cron fields such as '0 2 * * *', a preset such as '@daily', { every: '10 minutes' }, { every: { months: 1 } }, " +
        "{ cron: ['0 8 * * 1-5', '0 12 * * 6'] }, { workdays: '07:30' }, { at: ['2026-12-01T08:00'] }, or null.",
    }
  }
  const extra = Object.keys(value).find((key) => key !== kind && (kind === 'at' || !EXTRAS.includes(key)))
  if (extra !== undefined) {
    return {
      code: 'unknown-option',
      message: `There is no option "${extra}" for a schedule with "${kind}".`,
      remedy:
        kind === 'at'
          ? 'Give "at" alone.'
          : `Beside "${kind}" there may be ${EXTRAS.join(' and ')}; startDate sets its phase.`,
    }
  }
  const read = KINDS[kind]!(value[kind], zone)
  return Array.isArray(read) ? withExtras(read, value) : read
}

/** One source and no extras is the plain form, so that equal schedules are equal data. */
function withExtras(
  sources: readonly TickSource[],
  { except, dataIntervals }: Readonly<Record<string, unknown>>,
): Schedule | Problem {
  if (dataIntervals !== undefined && typeof dataIntervals !== 'boolean') {
    return {
      code: 'bad-schedule',
      message: `"dataIntervals" of the schedule is ${describe(dataIntervals)}.`,
      remedy: 'Set it to true or leave it out.',
    }
  }
  const dates = except === undefined ? [] : except
  const wrong = Array.isArray(dates) ? dates.find((date) => !isLocalDate(date)) : dates
  if (!Array.isArray(dates) || wrong !== undefined) {
    return {
      code: 'bad-date',
      message: `"except" of the schedule has ${describe(wrong)}, which is no date.`,
      remedy: "Give a list of local dates such as ['2026-12-25', '2026-12-26'].",
    }
  }
  const [first] = sources
  if (sources.length === 1 && dates.length === 0 && dataIntervals !== true && first?.kind !== 'calendar') return first!
  return {
    kind: 'ticks',
    sources,
    ...(dataIntervals === true ? { dataIntervals } : {}),
    ...(dates.length === 0 ? {} : { except: [...new Set(dates as string[])].sort() }),
  }
}

function isLocalDate(value: unknown): boolean {
  if (typeof value !== 'string' || !/^\d{4}-\d{2}-\d{2}$/.test(value)) return false
  const at = Date.parse(`${value}T00:00Z`)
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(value)
}

function preset(name: string): Schedule | Problem {
  if (name === '@once') return { kind: 'once' }
  const expression = Object.hasOwn(PRESETS, name) ? PRESETS[name] : undefined
  if (expression !== undefined) return { kind: 'cron', expression }
  if (name === '@continuous') {
    return {
      code: 'not-supported-yet',
      message: 'The schedule "@continuous" is not supported yet.',
      remedy: "Use a short interval with maxActiveRuns: 1, as in schedule: { every: '1 min' }.",
    }
  }
  const known = ['@once', ...Object.keys(PRESETS)]
  const nearest = nearestName(name, known)
  return {
    code: 'bad-preset',
    message: `There is no schedule preset ${describe(name)}.`,
    remedy: nearest === undefined ? `Use one of ${known.join(', ')}.` : `Did you mean "${nearest}"?`,
  }
}

function cron(text: string): Schedule | Problem {
  const cause = checkCron(text)
  if (cause === undefined) return { kind: 'cron', expression: text.trim().split(/\s+/).join(' ') }
  return {
    code: 'bad-cron',
    message: `The schedule ${describe(text)} is no cron expression: ${cause}.`,
    remedy: "Give five fields: minute, hour, day of month, month, day of week, as in '0 2 * * *'.",
  }
}

function crons(value: unknown): TickSource[] | Problem {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value]
  const sources: TickSource[] = []
  for (const one of list) {
    const read =
      typeof one !== 'string'
        ? { code: 'bad-cron', message: `"cron" of the schedule is ${describe(one)}.`, remedy: CRON_WANTS }
        : one.trim().startsWith('@')
          ? preset(one.trim())
          : cron(one)
    if ('code' in read) return read
    if (read.kind !== 'cron') {
      return { code: 'bad-cron', message: `"cron" of the schedule is ${describe(one)}.`, remedy: CRON_WANTS }
    }
    if (!sources.some((source) => source.kind === 'cron' && source.expression === read.expression)) sources.push(read)
  }
  if (sources.length > 0) return sources
  return { code: 'bad-cron', message: '"cron" of the schedule is an empty list.', remedy: CRON_WANTS }
}

const CRON_WANTS = "Give five cron fields as text, or a list of such texts: ['0 8 * * 1-5', '0 12 * * 6']."

function workdays(value: unknown): TickSource[] | Problem {
  const match = typeof value === 'string' ? /^([01]?\d|2[0-3]):([0-5]\d)$/.exec(value.trim()) : null
  if (match === null) {
    return {
      code: 'bad-schedule',
      message: `"workdays" of the schedule is ${describe(value)}.`,
      remedy: 'Give the local time at which it runs from Monday to Friday, such as \'07:30\'; "except" takes holidays.',
    }
  }
  return [{ kind: 'cron', expression: `${Number(match[2])} ${Number(match[1])} * * 1-5` }]
}

function instants(value: unknown, zone: string): Schedule | Problem {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value]
  const found = list.map((one) => readDate(one, zone, 'start'))
  const wrong = found.indexOf(undefined)
  if (list.length === 0 || wrong >= 0) {
    return {
      code: 'bad-date',
      message:
        list.length === 0
          ? '"at" of the schedule is an empty list.'
          : `"at" of the schedule has ${describe(list[wrong])}.`,
      remedy: `Give a list of instants, each ${DATE_WANTS}.`,
    }
  }
  return { kind: 'events', at: [...new Set(found as number[])].sort((a, b) => a - b) }
}

const PERIODS: Readonly<Record<string, Readonly<Record<'months' | 'days', number>>>> = {
  years: { months: 12, days: 0 },
  months: { months: 1, days: 0 },
  weeks: { months: 0, days: 7 },
  days: { months: 0, days: 1 },
}

/** Real time, or a period by the calendar. */
function period(every: unknown): TickSource[] | Problem {
  if (isRecord(every)) return calendar(every)
  const everyMs = readDuration(every)
  if (everyMs !== undefined && everyMs >= SHORTEST_INTERVAL_MS) return [{ kind: 'interval', everyMs }]
  return {
    code: 'bad-duration',
    message: `The schedule runs every ${describe(every)}; that has to be one second or more.`,
    remedy: `Set "every" to ${DURATION_WANTS}, or to a period by the calendar such as { months: 1 }.`,
  }
}

function calendar(every: Readonly<Record<string, unknown>>): TickSource[] | Problem {
  let months = 0
  let days = 0
  for (const [unit, count] of Object.entries(every)) {
    if (count === undefined) continue
    const size = Object.hasOwn(PERIODS, unit) ? PERIODS[unit] : undefined
    if (size === undefined || typeof count !== 'number' || !Number.isInteger(count) || count < 0 || count > 1_200) {
      return {
        code: 'bad-duration',
        message: `The schedule runs every { ${unit}: ${describe(count)} }.`,
        remedy: `Give whole numbers of ${Object.keys(PERIODS).join(', ')}, as in { months: 1 }; for real time write '36 hours'.`,
      }
    }
    months += count * size.months
    days += count * size.days
  }
  if (months + days > 0) return [{ kind: 'calendar', months, days }]
  return {
    code: 'bad-duration',
    message: 'The schedule runs every { }, which is no time.',
    remedy: 'Give a period such as { months: 1 } or { weeks: 2 }.',
  }
}
