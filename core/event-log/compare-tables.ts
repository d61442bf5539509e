/** Rebuilt tables against the real ones, row by row: what a test asserts and `db verify-events` tells. */
import type { CauseOfDeath } from '../cause-of-death.ts'
import type { Tables } from './replay.ts'

const NAMES = [
  'dags',
  'runs',
  'tis',
  'tries',
  'executions',
  'compensations',
  'deadLetters',
  'outcomes',
  'overrides',
  'notes',
  'pools',
  'importErrors',
] as const

/** Which tables, and texts of at most so many differences. */
export interface CompareOptions {
  readonly only?: readonly (typeof NAMES)[number][]
  readonly most?: number
  /** What was equal before and is still the same pair of objects is not looked at again. */
  readonly equal?: WeakMap<object, unknown>
}

/** Texts that name each row that differs; empty when all are equal. */
export function compareTables(
  rebuilt: Tables,
  real: Tables,
  { only = NAMES, most = 100, equal }: CompareOptions = {},
): string[] {
  const found: string[] = []
  const tell = (what: string, a: unknown, b: unknown) => {
    if (found.length < most) found.push(`${what}: ${text(a)} by the events, ${text(b)} in the table`)
  }
  for (const name of only) {
    const [left, right]: [ReadonlyMap<unknown, unknown>, ReadonlyMap<unknown, unknown>] = [rebuilt[name], real[name]]
    for (const [key, row] of right) {
      const other = left.get(key)
      const isRow = typeof row === 'object' && row !== null
      if (isRow && other !== undefined && equal?.get(row) === other) continue
      if (text(other) !== text(row)) tell(`${name} ${String(key)}`, other, row)
      else if (isRow) equal?.set(row, other)
    }
    for (const [key, row] of left) if (!right.has(key)) tell(`${name} ${String(key)}`, row, undefined)
  }
  if (only === NAMES && rebuilt.draining !== real.draining) tell('draining', rebuilt.draining, real.draining)
  return found
}

/** Fields in the order of their names; of a cause no stack, of an execution no units. */
function text(row: unknown): string {
  if (typeof row !== 'object' || row === null) return JSON.stringify(row) ?? 'nothing'
  const fields = Object.entries(row)
    .filter(([name]) => name !== 'units')
    .map(
      ([name, value]) =>
        [name, name === 'cause' ? withoutStack(value as CauseOfDeath | string | null) : value] as const,
    )
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return JSON.stringify(Object.fromEntries(fields))
}

function withoutStack(cause: CauseOfDeath | string | null): unknown {
  if (typeof cause !== 'object' || cause === null) return cause
  const { stack: _, ...rest } = cause
  return Object.fromEntries(Object.entries(rest).sort(([a], [b]) => (a < b ? -1 : 1)))
}
