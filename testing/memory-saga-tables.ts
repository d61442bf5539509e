/**
 * The tables of sagas, dead letters and overrides as maps: part of `MemoryTables`. They keep the rules of the PostgreSQL
 * Store: a letter that is there stays as it is, and has one outcome.
 */
import { type TryKey, tryKeyText } from '../core/ids.ts'
import type { Found, LoadedRuns, TickWrites } from '../core/ports/store.ts'
import type {
  CompensationRecord,
  DeadLetterOutcome,
  DeadLetterRecord,
  TiOverrideRecord,
  TiRecord,
  TryRecord,
} from '../core/records.ts'

interface LetterEntry {
  readonly letter: DeadLetterRecord
  /** `null`: it is open. */
  readonly outcome: DeadLetterOutcome | null
}

type SagaWrites = Pick<TickWrites, 'compensations' | 'deadLetters' | 'deadLetterOutcomes' | 'tiOverrides'>

export class MemorySagaTables {
  /** By `<ti>.<forward try>`. */
  readonly compensations = new Map<string, CompensationRecord>()
  /** By `tryKeyText`. */
  readonly letters = new Map<string, LetterEntry>()
  /** By TI. */
  readonly overrides = new Map<number, TiOverrideRecord>()

  ofRuns(runIds: ReadonlySet<number>): Pick<LoadedRuns, 'compensations' | 'tiOverrides'> {
    const newest = new Map<number, CompensationRecord>()
    for (const row of this.compensations.values()) {
      if (!runIds.has(row.dagRunId)) continue
      if ((newest.get(row.tiId)?.forwardTry ?? 0) < row.forwardTry) newest.set(row.tiId, row)
    }
    return {
      compensations: [...newest.values()].sort((a, b) => a.tiId - b.tiId),
      tiOverrides: [...this.overrides.values()]
        .filter((row) => runIds.has(row.dagRunId))
        .sort((a, b) => a.tiId - b.tiId),
    }
  }

  lookUp(wanted: readonly TryKey[]): Found['letters'] {
    return new Map(
      wanted.flatMap((key) => {
        const entry = this.letters.get(tryKeyText(key))
        return entry === undefined ? [] : [[tryKeyText(key), entry] as const]
      }),
    )
  }

  write(writes: SagaWrites): void {
    for (const row of writes.compensations) this.compensations.set(`${row.tiId}.${row.forwardTry}`, row)
    // Before the letters: a statement does not see what it inserts itself.
    for (const outcome of writes.deadLetterOutcomes) {
      const entry = this.letters.get(tryKeyText(outcome))
      if (entry !== undefined && entry.outcome === null) this.letters.set(tryKeyText(outcome), { ...entry, outcome })
    }
    for (const { outcome = null, ...letter } of writes.deadLetters) {
      const key = tryKeyText(letter)
      if (!this.letters.has(key)) this.letters.set(key, { letter, outcome })
    }
    for (const row of writes.tiOverrides) this.overrides.set(row.tiId, row)
  }

  deleteTis(tiIds: ReadonlySet<number>): void {
    if (tiIds.size === 0) return
    for (const [key, row] of this.compensations) if (tiIds.has(row.tiId)) this.compensations.delete(key)
    for (const [key, { letter }] of this.letters) if (tiIds.has(letter.tiId)) this.letters.delete(key)
    for (const tiId of tiIds) this.overrides.delete(tiId)
  }
}

/** What PostgreSQL would have to store as text. */
export function textsOf(writes: SagaWrites): readonly (string | null)[] {
  return [
    ...writes.compensations.flatMap((row) => [row.actor, row.error]),
    ...writes.deadLetters.flatMap((row) => [row.message, row.fingerprint]),
    ...writes.deadLetterOutcomes.flatMap((row) => [row.actor, row.reason]),
    ...writes.tiOverrides.map((row) => row.inputs),
  ]
}

/** The last try of each TI of these runs that failed, or waits for its retry. */
export function failedTries(
  tables: { readonly tis: ReadonlyMap<number, TiRecord>; readonly tries: ReadonlyMap<string, TryRecord> },
  dagRunIds: ReadonlySet<number>,
): TryRecord[] {
  return [...tables.tis.values()].flatMap((ti) => {
    const isWanted = (ti.state === 'failed' || ti.state === 'up_for_retry') && dagRunIds.has(ti.dagRunId)
    return isWanted ? (tables.tries.get(tryKeyText({ tiId: ti.id, tryNumber: ti.tryNumber })) ?? []) : []
  })
}
