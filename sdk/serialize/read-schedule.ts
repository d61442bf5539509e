/** The schedule as stored: presets are expanded, cron fields checked, intervals in milliseconds. */
import type { Schedule } from '../../core/serialized-dag.ts'
import { describe } from '../declarations.ts'
import { isRecord } from '../declare-task.ts'
import { nearestName } from '../nearest-name.ts'
import { checkCron } from './check-cron.ts'
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

/** The schedule, or what is wrong with it. `undefined` and `null` mean: only when triggered. */
export function readSchedule(value: unknown): Schedule | Problem {
  if (value === undefined || value === null) return { kind: 'none' }
  if (typeof value === 'string') return value.trim().startsWith('@') ? preset(value.trim()) : cron(value)
  if (isRecord(value) && Object.hasOwn(value, 'every')) return interval(value.every, Object.keys(value))
  return {
    code: 'bad-schedule',
    message: `The schedule is ${describe(value)}.`,
    remedy: "Give five cron fields such as '0 2 * * *', a preset such as '@daily', { every: '10 minutes' }, or null.",
  }
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

function interval(every: unknown, keys: readonly string[]): Schedule | Problem {
  const everyMs = readDuration(every)
  const extra = keys.find((key) => key !== 'every')
  if (extra !== undefined) {
    return {
      code: 'unknown-option',
      message: `There is no option "${extra}" for a schedule.`,
      remedy: 'A fixed interval has "every" only; startDate sets its phase.',
    }
  }
  if (everyMs !== undefined && everyMs >= SHORTEST_INTERVAL_MS) return { kind: 'interval', everyMs }
  return {
    code: 'bad-duration',
    message: `The schedule runs every ${describe(every)}; that has to be one second or more.`,
    remedy: `Set "every" to ${DURATION_WANTS}.`,
  }
}
