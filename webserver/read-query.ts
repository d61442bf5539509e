/** What query parameters mean beyond their schema: orders, cursors, instants. Refuses with 400 what cannot be. */
import { EarlyReply } from './error-replies.ts'

export interface Order<Field extends string> {
  readonly field: Field
  readonly falling: boolean
}

/** `start_date`, or `-start_date` for falling. `allowed` maps names of the API to fields. */
export function readOrder<Field extends string>(
  text: string | undefined,
  allowed: Readonly<Record<string, Field>>,
  standard: Order<Field>,
): Order<Field> {
  if (text === undefined) return standard
  const name = text.replace(/^-/, '')
  const field = Object.hasOwn(allowed, name) ? allowed[name] : undefined
  if (field !== undefined) return { field, falling: text.startsWith('-') }
  throw new EarlyReply(
    400,
    `Nothing can be ordered by "${name}" here; order_by may be ${Object.keys(allowed).join(', ')}, with - before it for falling order.`,
  )
}

/** Epoch milliseconds of an instant that fitted its schema. */
export function readInstant(text: string, name: string): number {
  const at = Date.parse(text)
  // PostgreSQL's calendar and ours agree within these.
  if (Number.isFinite(at) && at > -6.2e13 && at < 2.5e14) return at
  throw new EarlyReply(400, `${name} is "${text}", which is no instant between the years 1 and 9999.`)
}

export function maybeInstant(text: string | undefined, name: string): number | undefined {
  return text === undefined ? undefined : readInstant(text, name)
}

/** `<run>:<ti>` or one number. */
export function readCursor(text: string): { readonly first: number; readonly second: number } {
  const [first, second] = text.split(':').map(Number)
  const numbers = { first: first ?? 0, second: second ?? 0 }
  if (Number.isSafeInteger(numbers.first) && Number.isSafeInteger(numbers.second)) return numbers
  throw new EarlyReply(400, `cursor is "${text}"; give what next_cursor of the page before said.`)
}

/** Sorts by one field of each item; `null` comes last whatever the direction. */
export function sortBy<Item>(
  items: readonly Item[],
  falling: boolean,
  value: (item: Item) => string | number | boolean | null,
): Item[] {
  return items.toSorted((a, b) => {
    const [one, other] = [value(a), value(b)]
    if (one === other) return 0
    if (one === null) return 1
    if (other === null) return -1
    return one < other === falling ? 1 : -1
  })
}

export function page<Item>(
  items: readonly Item[],
  { limit = 50, offset = 0 }: { limit?: number | undefined; offset?: number | undefined },
): readonly Item[] {
  return items.slice(offset, offset + limit)
}

/** Airflow's patterns: `%` for anything, `_` for one character; without either, part of the text. */
export function likePattern(pattern: string): (text: string) => boolean {
  if (!/[%_]/.test(pattern)) {
    const wanted = pattern.toLowerCase()
    return (text) => text.toLowerCase().includes(wanted)
  }
  // Matched by hand: a regular expression made of a pattern can be made to take for ever.
  const wanted = pattern.toLowerCase()
  return (text) => matches(text.toLowerCase(), wanted)
}

function matches(text: string, pattern: string): boolean {
  let [at, wanted, star, mark] = [0, 0, -1, 0]
  while (at < text.length) {
    if (
      wanted < pattern.length &&
      pattern[wanted] !== '%' &&
      (pattern[wanted] === '_' || pattern[wanted] === text[at])
    ) {
      at++
      wanted++
    } else if (wanted < pattern.length && pattern[wanted] === '%') {
      star = wanted++
      mark = at
    } else if (star >= 0) {
      wanted = star + 1
      at = ++mark
    } else return false
  }
  while (pattern[wanted] === '%') wanted++
  return wanted === pattern.length
}
