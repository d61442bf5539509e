/** A schedule in words, for the page and the command line. Says only what is certain; other crons are shown as written. */
import type { Schedule, TickSource } from '../serialized-dag.ts'

const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday']
const UNITS: readonly (readonly [number, string])[] = [
  [86_400_000, 'day'],
  [3_600_000, 'hour'],
  [60_000, 'minute'],
  [1_000, 'second'],
]

/** Such as `every day at 02:00 (Europe/Berlin)`, `every 15 minutes`, `once`, `on demand only`. */
export function describeSchedule(schedule: Schedule, timezone: string): string {
  switch (schedule.kind) {
    case 'none':
      return 'on demand only'
    case 'once':
      return 'once'
    case 'interval':
      return describeInterval(schedule.everyMs)
    case 'cron':
      return `${cronText(schedule.expression)} (${timezone})`
    case 'continuous':
      return 'continuously: the next run begins when the one before has ended'
    case 'events':
      return schedule.at.length === 1 ? 'at one given time' : `at ${schedule.at.length} given times`
    case 'ticks': {
      const isLocal = schedule.sources.some((source) => source.kind !== 'interval')
      const parts = [
        schedule.sources.map(describeSource).join(', and '),
        ...(isLocal ? [`(${timezone})`] : []),
        ...(schedule.except === undefined ? [] : [`except on ${schedule.except.length} dates`]),
        ...(schedule.dataIntervals === true ? ['for the time since the tick before'] : []),
      ]
      return parts.join(' ')
    }
  }
}

function describeSource(source: TickSource): string {
  switch (source.kind) {
    case 'cron':
      return cronText(source.expression)
    case 'interval':
      return describeInterval(source.everyMs)
    case 'calendar': {
      const count = (n: number, unit: string) => (n === 1 ? unit : `${n} ${unit}s`)
      const { months, days } = source
      const years = months % 12 === 0
      const long = months === 0 ? [] : [years ? count(months / 12, 'year') : count(months, 'month')]
      const short = days === 0 ? [] : [days % 7 === 0 ? count(days / 7, 'week') : count(days, 'day')]
      return `every ${[...long, ...short].join(' and ')}`
    }
  }
}

function cronText(expression: string): string {
  return describeCron(expression.trim().split(/\s+/)) ?? `cron ${expression}`
}

function describeInterval(everyMs: number): string {
  for (const [length, unit] of UNITS) {
    if (everyMs % length === 0) return everyMs === length ? `every ${unit}` : `every ${everyMs / length} ${unit}s`
  }
  return `every ${everyMs} milliseconds`
}

function describeCron(fields: readonly string[]): string | null {
  const [minute = '', hour = '', day = '', month = '', weekday = ''] = fields
  const everyDay = day === '*' && month === '*' && weekday === '*'
  if (everyDay && hour === '*') {
    if (minute === '*') return 'every minute'
    const step = /^\*\/(\d+)$/.exec(minute)
    if (step !== null && 60 % Number(step[1]) === 0) return `every ${step[1]} minutes`
    return isNumber(minute) ? `every hour at minute ${minute}` : null
  }
  if (!isNumber(minute) || !isNumber(hour)) return null
  const at = `at ${hour.padStart(2, '0')}:${minute.padStart(2, '0')}`
  if (everyDay) return `every day ${at}`
  if (day === '*' && month === '*' && weekday === '1-5') return `Monday to Friday ${at}`
  if (day === '*' && month === '*' && isNumber(weekday)) return `every ${WEEKDAYS[Number(weekday)]} ${at}`
  if (isNumber(day) && month === '*' && weekday === '*') return `on day ${day} of every month ${at}`
  return null
}

function isNumber(field: string): boolean {
  return /^\d{1,2}$/.test(field)
}
