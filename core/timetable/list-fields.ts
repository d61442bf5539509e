/**
 * Lists in cron fields without repeats. `1-5,3` and `0,7` (Sunday twice) are good cron, but cron-parser refuses a value that
 * comes twice. Invariant: a rewritten field means the same set of values; what is not understood here is left for the parser
 * to judge.
 */

interface FieldKind {
  readonly min: number
  readonly max: number
  readonly names: readonly string[]
}

const KINDS: readonly FieldKind[] = [
  { min: 0, max: 59, names: [] },
  { min: 0, max: 23, names: [] },
  { min: 1, max: 31, names: [] },
  { min: 1, max: 12, names: ['', 'jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'] },
  { min: 0, max: 7, names: ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] },
]

/** The five fields, each list as sorted numbers without repeats. A list that holds `*` is `*`. */
export function withoutRepeats(fields: readonly string[]): string {
  return fields.map((field, i) => (field.includes(',') ? distinct(field, KINDS[i]!) : field)).join(' ')
}

function distinct(field: string, kind: FieldKind): string {
  const values = new Set<number>()
  for (const item of field.split(',')) {
    if (item === '*' || item === '?') return '*'
    const match = /^(\*|[a-z0-9]+)(?:-([a-z0-9]+))?(?:\/(\d+))?$/i.exec(item)
    if (match === null) return field
    const [, first = '', last, step] = match
    const from = first === '*' ? kind.min : numberOf(first, kind)
    const open = first === '*' || step !== undefined ? kind.max : from
    const to = last === undefined ? open : numberOf(last, kind)
    const by = Number(step ?? 1)
    if (!(from >= kind.min && to <= kind.max && from <= to && by > 0)) return field
    for (let value = from; value <= to; value += by) values.add(kind.max === 7 ? value % 7 : value)
  }
  return [...values].toSorted((a, b) => a - b).join(',')
}

/** A number or a name; NaN for anything else, which is in no range. */
function numberOf(text: string, kind: FieldKind): number {
  if (/^\d+$/.test(text)) return Number(text)
  const index = text === '' ? -1 : kind.names.indexOf(text.toLowerCase())
  return index === -1 ? Number.NaN : index
}
