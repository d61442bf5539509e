/**
 * The constraints that PostgreSQL would enforce on the rows of a tick, for the tables in memory. Invariant: what passes here
 * passes there; a double write of one row, which there is lost silently or refused, is always an error here.
 */
import type { TickWrites } from '../core/ports/store.ts'
import type { RunRecord } from '../core/records.ts'
import { textsOf } from './memory-saga-tables.ts'

/** What a constraint violation looks like to the Store. */
export class ConstraintError extends Error {
  readonly sqlState: string

  constructor(message: string, sqlState: string) {
    super(message)
    this.sqlState = sqlState
  }
}

/** A row that is erased and written in one statement: which of the two happens would be chance. */
export function checkErased(writes: TickWrites): void {
  const tis = new Set(writes.erasedTis)
  const runs = new Set(writes.erasedRuns)
  const ofTis = [
    writes.insertedTries,
    writes.updatedTries,
    writes.xcoms,
    writes.tiNotes,
    writes.compensations,
    writes.deadLetters,
    writes.tiOverrides,
  ].flat()
  const isWritten =
    [...writes.insertedTis, ...writes.updatedTis].some((ti) => tis.has(ti.id)) ||
    ofTis.some((row) => tis.has(row.tiId)) ||
    [...writes.insertedRuns, ...writes.updatedRuns].some((run) => runs.has(run.id)) ||
    writes.dags.some((dag) => writes.deletedDags.includes(dag.dagId))
  if (isWritten) throw new Error('a row is erased and written in one tick')
}

/** PostgreSQL stores no NUL in a text. */
export function mustBeText(writes: TickWrites): void {
  const texts = [
    ...writes.xcoms.map((row) => row.json),
    ...[...writes.insertedRuns, ...writes.updatedRuns].flatMap((run) => [
      run.runId,
      run.conf,
      run.note,
      run.correlationId,
      run.triggerKey,
    ]),
    ...writes.tiNotes.map((row) => row.note),
    ...textsOf(writes),
    ...writes.variables.map((row) => row.value),
    ...writes.insertedVersions.map((version) => version.contentHash),
    ...writes.events.map((event) => event.cause),
  ]
  if (texts.some((text) => text?.includes('\u0000') === true)) {
    throw new ConstraintError('invalid byte sequence for encoding "UTF8": 0x00', '22021')
  }
}

export function runKeys(run: RunRecord): string[] {
  const keys = [`${run.dagId}/id/${run.runId}`]
  if (run.logicalDate !== null) keys.push(`${run.dagId}/date/${run.logicalDate}`)
  if (run.triggerKey !== null) keys.push(`${run.dagId}/key/${run.triggerKey}`)
  return keys
}

export function mustExist<T>(what: string, rows: readonly T[], exists: (row: T) => boolean): void {
  for (const row of rows) if (!exists(row)) throw new Error(`${what} to change does not exist: ${JSON.stringify(row)}`)
  mustBeOnce(what, rows)
}

export function mustNotExist<T>(what: string, rows: readonly T[], exists: (row: T) => boolean): void {
  for (const row of rows) if (exists(row)) throw new ConstraintError(`${what} exists: ${JSON.stringify(row)}`, '23505')
  mustBeOnce(what, rows)
}

/** Two writes of one row in one statement: one would be lost silently. */
export function mustBeOnce<T>(what: string, rows: readonly T[]): void {
  const keys = new Set(
    rows.map((row) => {
      const { id, tiId, tryNumber, versionId } = row as {
        id?: number
        tiId?: number
        tryNumber?: number
        versionId?: number
      }
      return typeof row === 'number' || typeof row === 'string'
        ? row
        : `${id ?? ''}/${tiId ?? ''}/${tryNumber ?? ''}/${versionId ?? ''}`
    }),
  )
  if (keys.size !== rows.length) throw new Error(`${what} is written twice in one tick`)
}
