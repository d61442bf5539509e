/**
 * Rows that few ticks write, told by the events they belong to: what is undone and how, letters, overrides, pools, import
 * errors. Whole rows; nobody counts their bytes.
 */
import { type EventData, rangesOf } from '../event-log/event-data.ts'
import type { TickWrites } from '../ports/store.ts'
import type { DeadLetterOutcome, EventRecord } from '../records.ts'

interface Told {
  readonly event: EventRecord
  readonly data: EventData
}

/** Finds the last event about a row in this tick; makes one where there is none. */
export interface LastEvents {
  /** `tryNumber: null`: of whatever try. */
  ofTi(tiId: number, dagRunId: number | null, tryNumber: number | null): Told
  /** Whose cause is this name, or begins with it. */
  named(beginning: 'pool' | 'import_error', name: string): Told
  /** One for this alone. */
  own(kind: string): Told
}

export function attachRareRows(writes: Omit<TickWrites, 'events' | 'answers'>, last: LastEvents): void {
  for (const { tiId, dagRunId, ...row } of writes.compensations) {
    const { data } = last.ofTi(tiId, dagRunId, null)
    data.compensations = [...(data.compensations ?? []), row]
  }
  for (const { tiId, tryNumber, dagRunId, dagId: _, mapIndex, at: _at, outcome = null, ...row } of writes.deadLetters) {
    const { data } = last.ofTi(tiId, dagRunId, tryNumber)
    data.letter = mapIndex === -1 ? row : { ...row, mapIndex }
    if (outcome !== null) tellOutcome(last, outcome)
  }
  for (const outcome of writes.deadLetterOutcomes) tellOutcome(last, outcome)
  for (const { tiId, dagRunId, ...row } of writes.tiOverrides) last.ofTi(tiId, dagRunId, null).data.override = row
  for (const pool of writes.pools) last.named('pool', pool.name).data.pools = [pool]
  for (const error of writes.importErrors) last.named('import_error', error.file).data.importErrors = [error]
  if (writes.erasedTis.length + writes.erasedRuns.length > 0) {
    last.own('dag.erased').data.erased = { tis: rangesOf(writes.erasedTis), runs: rangesOf(writes.erasedRuns) }
  }
}

function tellOutcome(last: LastEvents, outcome: DeadLetterOutcome): void {
  const { tiId, at: _, ...row } = outcome
  const { data } = last.ofTi(tiId, null, null)
  data.letters = [...(data.letters ?? []), row]
}
