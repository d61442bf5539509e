/**
 * Whether five cron fields can be read and ever fire. A small check of its own, because a Dag file must load nothing heavy;
 * the reading that counts is that of `core/timetable`, and a test holds the two together.
 */

interface Field {
  readonly name: string
  readonly min: number
  readonly max: number
  readonly names: readonly string[]
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']
const FIELDS: readonly [Field, Field, Field, Field, Field] = [
  { name: 'minute', min: 0, max: 59, names: [] },
  { name: 'hour', min: 0, max: 23, names: [] },
  { name: 'day of month', min: 1, max: 31, names: [] },
  { name: 'month', min: 1, max: 12, names: MONTHS },
  { name: 'day of week', min: 0, max: 7, names: WEEKDAYS },
]
const LONGEST_MONTH = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/** The cause why `expression` is no cron expression, without its text, or `undefined` when it is one. */
export function checkCron(expression: string): string | undefined {
  const parts = expression.trim().split(/\s+/)
  if (parts.length === 6) return 'it has six fields, and seconds are not supported'
  if (parts.length !== 5 || parts[0] === '')
    return `it has ${parts[0] === '' ? 0 : parts.length} fields instead of five`
  const values: (Set<number> | undefined)[] = []
  for (const [index, field] of FIELDS.entries()) {
    const read = readField(parts[index]!, field)
    if (typeof read === 'string') return read
    values.push(read)
  }
  const [days, months] = [values[2], values[3]]
  if (days === undefined || days.size === 0 || values[4] !== undefined) return undefined
  const first = Math.min(...days)
  const reachable = [...(months ?? LONGEST_MONTH.map((_, month) => month + 1))]
  if (reachable.every((month) => LONGEST_MONTH[month - 1]! < first)) {
    return `no month it names has a day ${first}, so it would never fire`
  }
  return undefined
}

/** The values of a field, `undefined` for a wildcard, or the cause why it cannot be read. */
function readField(text: string, field: Field): Set<number> | undefined | string {
  if (text === '*' || text === '?') return undefined
  const values = new Set<number>()
  const parts = text.split(',')
  for (const part of parts) {
    if (/[L#]/.test(part) && parts.indexOf(part) !== parts.lastIndexOf(part)) {
      return `its ${field.name} field "${text}" names "${part}" twice`
    }
    const cause = readPart(part, text, field, values)
    if (cause !== undefined) return `its ${field.name} field "${text}" ${cause}`
  }
  return values
}

function readPart(part: string, text: string, field: Field, values: Set<number>): string | undefined {
  const [range = '', step, ...more] = part.split('/')
  if (more.length > 0 || (step !== undefined && !/^[1-9]\d*$/.test(step)))
    return `has the step "${part}", which is no whole number`
  if (step !== undefined && Number(step) > field.max) return `has the step ${step}, more than ${field.max}`
  if (field.name === 'day of month' && part === 'L') {
    values.add(28)
    return undefined
  }
  if (field.name === 'day of week' && (/^[0-7]L$/.test(part) || (/^[0-7]#[1-5]$/.test(part) && part === text))) {
    values.add(Number(part[0]))
    return undefined
  }
  const [low = '', high, ...rest] = range === '*' ? [`${field.min}`, `${field.max}`] : range.split('-')
  const from = numberIn(low, field)
  const to = high === undefined ? (step === undefined ? from : field.max) : numberIn(high, field)
  if (rest.length > 0 || from === undefined || to === undefined) return `cannot be read at "${part}"`
  if (from < field.min || to > field.max || from > field.max) return `is outside ${field.min} to ${field.max}`
  if (from > to) return `has the range "${range}", which runs backwards`
  for (let value = from; value <= to; value += Number(step ?? 1)) values.add(value)
  return undefined
}

function numberIn(text: string, field: Field): number | undefined {
  if (/^\d{1,2}$/.test(text)) return Number(text)
  const index = field.names.indexOf(text.toLowerCase())
  return index === -1 ? undefined : index + (field.name === 'month' ? 1 : 0)
}
