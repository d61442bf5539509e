/**
 * Reads an options object by a table: every accepted name has a reader, every other name is a problem that suggests the
 * nearest one. `undefined` and `null` mean not set, unless the reader gives `null` a meaning.
 */

import type { RawPosition } from '../call-site.ts'
import { describe } from '../declarations.ts'
import { isRecord } from '../declare-task.ts'
import { nearestName } from '../nearest-name.ts'
import { DATE_WANTS, readDate } from './read-date.ts'
import { DURATION_WANTS, readDuration } from './read-duration.ts'
import type { Report } from './report.ts'

/** The value, or what it would have to be. */
export type Reading<T> = { readonly value: T } | { readonly wants: string; readonly code?: string }

export interface ReadEnvironment {
  /** Zone of the Dag. */
  readonly zone: string
}

export type Reader<T> = (value: unknown, environment: ReadEnvironment) => Reading<T>

/** For each result field: its reader, and further names it is accepted under. */
export type OptionTable<T> = {
  readonly [K in keyof T]-?: { readonly read: Reader<T[K]>; readonly aliases?: readonly string[] }
}

export interface OptionNames<T> {
  readonly table: OptionTable<T>
  /** Accepted and of no effect. */
  readonly ignored: ReadonlySet<string>
  /** Airflow's, not built yet: a problem when set to anything but off. */
  readonly notYet: ReadonlySet<string>
  /** Airflow's, without meaning here: unknown, with a word about why. */
  readonly meaningless: ReadonlySet<string>
}

export interface OptionSource {
  /** For messages: `the task "load"`. */
  readonly owner: string
  readonly site: RawPosition | undefined
  readonly taskId?: string
}

/** The options that could be read; the rest is reported. */
export function readOptions<T extends object>(
  raw: unknown,
  names: OptionNames<T>,
  source: OptionSource,
  environment: ReadEnvironment,
  report: Report,
): Partial<T> {
  const { owner, site, taskId } = source
  const tell = (code: string, message: string, remedy: string) => report({ code, message, remedy, site, taskId })
  if (raw === undefined || raw === null) return {}
  if (!isRecord(raw)) {
    tell(
      'bad-option',
      `The options of ${owner} are ${describe(raw)}, not an object.`,
      'Pass an object such as { retries: 3 }.',
    )
    return {}
  }
  const fieldOf = fieldsByName(names.table)
  const result: Partial<T> = {}
  const setBy = new Map<keyof T, string>()
  for (const [name, value] of Object.entries(raw)) {
    const field = fieldOf.get(name)
    if (field === undefined) {
      if (value !== undefined && !names.ignored.has(name))
        unknownOption(name, value, names, fieldOf.keys(), owner, tell)
      continue
    }
    if (value === undefined) continue
    const other = setBy.get(field)
    if (other !== undefined) {
      tell(
        'bad-option',
        `${owner} sets "${other}" and "${name}", which mean the same.`,
        `Keep one of them, "${String(field)}".`,
      )
      continue
    }
    setBy.set(field, name)
    const reading = names.table[field].read(value, environment)
    if ('value' in reading) {
      if (reading.value !== undefined) result[field] = reading.value
    } else if (value !== null) {
      tell(
        reading.code ?? 'bad-option',
        `The option "${name}" of ${owner} is ${describe(value)}; it has to be ${reading.wants}.`,
        `Set "${name}" to ${reading.wants}, or leave it out.`,
      )
    }
  }
  return result
}

function fieldsByName<T>(table: OptionTable<T>): Map<string, keyof T> {
  const fields = new Map<string, keyof T>()
  for (const field of Object.keys(table) as (keyof T & string)[]) {
    fields.set(field, field)
    for (const alias of table[field].aliases ?? []) fields.set(alias, field)
  }
  return fields
}

function unknownOption<T>(
  name: string,
  value: unknown,
  names: OptionNames<T>,
  known: Iterable<string>,
  owner: string,
  tell: (code: string, message: string, remedy: string) => void,
): void {
  if (names.notYet.has(name)) {
    if (value === false || value === 0 || value === null) return
    tell(
      'not-supported-yet',
      `The option "${name}" of ${owner} is ${describe(value)}, and Tradewind does not do this yet.`,
      `Remove "${name}" or switch it off; without it the Dag would not run as it was meant to.`,
    )
    return
  }
  if (names.meaningless.has(name)) {
    tell('unknown-option', `The option "${name}" of ${owner} has no meaning here.`, `Remove "${name}".`)
    return
  }
  const nearest = nearestName(name, known)
  tell(
    'unknown-option',
    `There is no option "${name}" for ${owner}.`,
    nearest === undefined ? `Remove "${name}".` : `Did you mean "${nearest}"?`,
  )
}

export const text: Reader<string> = (value) => (typeof value === 'string' ? { value } : { wants: 'text' })

export const filledText: Reader<string> = (value) =>
  typeof value === 'string' && value.trim() !== '' ? { value } : { wants: 'text that is not empty' }

export const flag: Reader<boolean> = (value) => (typeof value === 'boolean' ? { value } : { wants: 'true or false' })

/** A whole number of at least `least`. */
export function wholeNumber(least: number, most = 2_147_483_647): Reader<number> {
  const wants =
    most === 2_147_483_647 ? `a whole number of ${least} or more` : `a whole number from ${least} to ${most}`
  return (value) =>
    typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most ? { value } : { wants }
}

export function numberBetween(least: number, most: number): Reader<number> {
  return (value) =>
    typeof value === 'number' && value >= least && value <= most
      ? { value }
      : { wants: `a number from ${least} to ${most}` }
}

/** One of a list of words; the nearest is named when another was given. */
export function oneOf<T extends string>(words: readonly T[]): Reader<T> {
  return (value) => {
    const word = words.find((known) => known === value)
    if (word !== undefined) return { value: word }
    const nearest = typeof value === 'string' ? nearestName(value, words) : undefined
    return { wants: `one of ${words.join(', ')}${nearest === undefined ? '' : ` (did you mean "${nearest}"?)`}` }
  }
}

/** Milliseconds. */
export const duration: Reader<number> = (value) => {
  const ms = readDuration(value)
  return ms === undefined ? { wants: DURATION_WANTS, code: 'bad-duration' } : { value: ms }
}

/** Milliseconds above 0. */
export const someTime: Reader<number> = (value) => {
  const ms = readDuration(value)
  return ms === undefined || ms === 0
    ? { wants: `more than 0: ${DURATION_WANTS}`, code: 'bad-duration' }
    : { value: ms }
}

/** Epoch milliseconds. */
export function date(edge: 'start' | 'end'): Reader<number> {
  return (value, { zone }) => {
    const at = readDate(value, zone, edge)
    return at === undefined ? { wants: DATE_WANTS, code: 'bad-date' } : { value: at }
  }
}
