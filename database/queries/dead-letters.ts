/**
 * Pages of dead letters, newest first. Invariant: a page goes on by (at, TI, try) from where the last one ended and reads a
 * bounded number of letters, so it is as quick with millions of them; where a filter that has no index finds little
 * there, the page is short and says where to go on.
 *
 * Indexes: `dead_letter` by status with Dag, fingerprint or both, then (at, ti_id, try_number); by run; of one status each,
 * so that the order is the index's. Locks: none.
 */
import type pg from 'pg'
import { type TryKey, tryKeyText } from '../../core/ids.ts'
import type { DeadLetterRecord } from '../../core/records.ts'
import type { RunState } from '../../core/states.ts'
import { type LetterRow, letterColumns } from '../store/letter-rows.ts'
import { correlatedRunIds } from './correlated-runs.ts'
import { type LetterCompensation, letterCompensations } from './letter-compensation.ts'

export type LetterStatus = LetterRow['status']

export interface LetterFilter {
  /** Left out: open ones. */
  readonly statuses?: readonly LetterStatus[]
  readonly dagId?: string
  readonly dagRunId?: number
  readonly fingerprint?: string
  /** Of the newest runs with it. */
  readonly correlationId?: string
  /** Instants of the failure, both inclusive. */
  readonly from?: number
  readonly to?: number
  readonly taskId?: string
  readonly kind?: DeadLetterRecord['kind']
  /** Part of the message, whatever its case. */
  readonly text?: string
}

/** Where a page ended. */
export interface LetterCursor extends TryKey {
  readonly at: number
}

export interface LetterPage extends LetterFilter {
  readonly cursor?: LetterCursor
  readonly limit: number
}

export interface ShownLetter extends LetterRow {
  readonly runId: string
  readonly runState: RunState
  readonly correlationId: string | null
  /** `null`: the version is gone. */
  readonly versionNumber: number | null
  readonly compensation: LetterCompensation
}

export interface FoundLetters {
  readonly letters: readonly ShownLetter[]
  /** `null`: there are no more. */
  readonly next: LetterCursor | null
}

/** Letters read in one round where a filter has no index, and rounds for one page. */
const SPAN = 5_000
const ROUNDS = 10

export async function pageLetters(pool: pg.Pool, page: LetterPage): Promise<FoundLetters> {
  const runIds = await runsOf(pool, page)
  const found: ShownLetter[] = []
  let { cursor } = page
  for (let round = 0; round < ROUNDS; round++) {
    const { letters, last } = await readSpan(pool, page, runIds, cursor, page.limit - found.length)
    found.push(...letters)
    const end = letters.at(-1)
    if (found.length >= page.limit && end !== undefined) return { letters: found, next: cursorOf(end) }
    if (last === null) return { letters: found, next: null }
    cursor = last
  }
  return { letters: found, next: cursor ?? null }
}

const cursorOf = ({ at, tiId, tryNumber }: LetterCursor): LetterCursor => ({ at, tiId, tryNumber })

/** `null`: of any run. */
async function runsOf(pool: pg.Pool, { dagRunId, correlationId }: LetterFilter): Promise<readonly number[] | null> {
  if (correlationId === undefined) return dagRunId === undefined ? null : [dagRunId]
  const ids = await correlatedRunIds(pool, correlationId)
  return dagRunId === undefined ? ids : ids.filter((id) => id === dagRunId)
}

interface SeenRow {
  readonly lastAt: number
  readonly lastTi: number
  readonly lastTry: number
  readonly seen: number
}

/** As it comes. */
export type LetterWithRun = Omit<ShownLetter, 'compensation'>

/** `last`: the last one looked at; `null` when there is nothing beyond. */
async function readSpan(
  pool: pg.Pool,
  page: LetterPage,
  runIds: readonly number[] | null,
  cursor: LetterCursor | undefined,
  limit: number,
): Promise<{ letters: readonly ShownLetter[]; last: LetterCursor | null }> {
  const values: unknown[] = []
  const value = (one: unknown) => `$${values.push(one)}`
  const statuses = value(page.statuses ?? ['open'])
  // One status or one run at a time: then the index has the order.
  const [keys, isOfKey] =
    runIds === null
      ? [`unnest(${statuses}::text[])`, 'd.status = k.key']
      : [`unnest(${value(runIds)}::bigint[])`, `d.dag_run_id = k.key and d.status = any(${statuses})`]
  const indexed = [isOfKey, ...indexedConditions(page, cursor, value)].join(' and ')
  const others = otherConditions(page, value)
  const span = others.length === 0 ? limit : SPAN
  const newest = 'order by d.at desc, d.ti_id desc, d.try_number desc limit'
  const result = await pool.query<SeenRow & (LetterWithRun | NoLetter)>(
    `with seen as materialized (
       select d.* from ${keys} as k (key)
       cross join lateral (select d.* from dead_letter d where ${indexed} ${newest} ${value(span)}) as d
       ${newest} ${value(span)}
     ), last as (
       select at, ti_id, try_number, (select count(*) from seen) as seen from seen order by at, ti_id, try_number limit 1
     )
     select last.at as "lastAt", last.ti_id as "lastTi", last.try_number as "lastTry", last.seen, found.*
     from last left join lateral (
       select ${SHOWN_COLUMNS}
       from (select d.* from seen d where ${others.join(' and ') || 'true'} ${newest} ${value(limit)}) as d ${SHOWN_JOINS}
     ) as found on true
     order by found.at desc, found."tiId" desc, found."tryNumber" desc`,
    values,
  )
  const [first] = result.rows
  if (first === undefined) return { letters: [], last: null }
  const last = first.seen < span ? null : { at: first.lastAt, tiId: first.lastTi, tryNumber: first.lastTry }
  const letters = result.rows.flatMap(
    ({ lastAt: _lastAt, lastTi: _lastTi, lastTry: _lastTry, seen: _seen, ...letter }) =>
      isLetter(letter) ? [letter] : [],
  )
  return { letters: await withCompensation(pool, letters), last }
}

type NoLetter = { readonly [field in keyof LetterWithRun]: null }
const isLetter = (row: LetterWithRun | NoLetter): row is LetterWithRun => row.tiId !== null

/** Of `d`, `r` and `v`. */
export const SHOWN_COLUMNS: string =
  `${letterColumns}, r.run_id as "runId", r.state as "runState", r.correlation_id as "correlationId", ` +
  'v.version_number as "versionNumber"'
export const SHOWN_JOINS =
  'join dag_run r on r.id = d.dag_run_id left join dag_version v on v.version_id = d.version_id'

async function withCompensation(pool: pg.Pool, letters: readonly LetterWithRun[]): Promise<readonly ShownLetter[]> {
  const compensations = await letterCompensations(pool, letters)
  return letters.map((letter) => ({ ...letter, compensation: compensations.get(tryKeyText(letter)) ?? 'none' }))
}

type Value = (one: unknown) => string

const instantOf = (parameter: string) => `to_timestamp(${parameter}::double precision / 1000)`

/** Conditions that bound what is read. */
function indexedConditions(page: LetterPage, cursor: LetterCursor | undefined, value: Value): string[] {
  const where: string[] = []
  if (page.dagId !== undefined) where.push(`d.dag_id = ${value(page.dagId)}`)
  if (page.fingerprint !== undefined) where.push(`d.fingerprint = ${value(page.fingerprint)}`)
  if (page.from !== undefined) where.push(`d.at >= ${instantOf(value(page.from))}`)
  if (page.to !== undefined) where.push(`d.at <= ${instantOf(value(page.to))}`)
  if (cursor !== undefined) {
    const key = `${instantOf(value(cursor.at))}, ${value(cursor.tiId)}::bigint, ${value(cursor.tryNumber)}::integer`
    where.push(`(d.at, d.ti_id, d.try_number) < (${key})`)
  }
  return where
}

/** Those that no index serves. */
function otherConditions(page: LetterPage, value: Value): string[] {
  const where: string[] = []
  if (page.taskId !== undefined) where.push(`d.task_id = ${value(page.taskId)}`)
  if (page.kind !== undefined) where.push(`d.kind = ${value(page.kind)}`)
  if (page.text !== undefined) where.push(`position(lower(${value(page.text)}) in lower(d.message)) > 0`)
  return where
}

/** Counting goes no further. */
export const LETTER_COUNT_LIMIT = 10_000

/** Open ones, at most `LETTER_COUNT_LIMIT`. */
export async function countOpenLetters(pool: pg.Pool): Promise<number> {
  const result = await pool.query<{ count: number }>(
    `select count(*) as count from (select from dead_letter where status = 'open' limit ${LETTER_COUNT_LIMIT}) as open`,
  )
  return result.rows[0]?.count ?? 0
}
