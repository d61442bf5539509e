/**
 * Dead letters: one for every try after which nothing is repeated by itself. Written in the tick that takes the failure, and
 * settled in the tick in which somebody deals with it: by redriving or discarding the letter, or by clearing or marking its
 * task instance. Invariant: a letter that is open names a task instance that is as that try left it.
 */
import type { CauseOfDeath } from '../cause-of-death.ts'
import { fingerprint } from '../fingerprint.ts'
import { tryKeyText } from '../ids.ts'
import type { DeadLetterOutcome, DeadLetterRecord, TiRecord } from '../records.ts'
import { storable } from '../storable-text.ts'
import type { Draft } from './draft.ts'
import type { RunDraft } from './run-draft.ts'

/** The whole message is in the try. */
const LONGEST_MESSAGE = 500

/** The last try of the TI failed for good. */
export function writeDeadLetter(
  draft: Draft,
  run: RunDraft,
  index: number,
  cause: CauseOfDeath,
  kind: DeadLetterRecord['kind'] = 'task',
): void {
  const ti = run.ti(index)!
  const { id: dagRunId, dagId, versionId } = run.record
  draft.rows++
  draft.rare.deadLetters.set(tryKeyText({ tiId: ti.id, tryNumber: ti.tryNumber }), {
    tiId: ti.id,
    tryNumber: ti.tryNumber,
    dagRunId,
    dagId,
    taskId: ti.taskId,
    mapIndex: ti.mapIndex,
    versionId,
    kind,
    strategy: run.graph.tasks[index]!.errorStrategy,
    fingerprint: fingerprint(cause),
    causeKind: cause.kind,
    message: storable(cause.message.slice(0, LONGEST_MESSAGE)),
    at: draft.now,
  })
}

export type Settlement = Pick<DeadLetterOutcome, 'status' | 'reason' | 'actor'>

/**
 * Somebody deals with what became of the TI: the letters of the try it is at, and of the one whose effects were undone
 * since, are settled. Where there is none nothing happens.
 */
export function settleLetters(draft: Draft, ti: TiRecord, settlement: Settlement, forwardTry: number | null): void {
  if (!LEFT_BY_A_FAILURE.has(ti.state)) return
  for (const tryNumber of new Set([ti.tryNumber, forwardTry ?? ti.tryNumber])) {
    if (tryNumber === 0) continue
    draft.rows++
    draft.rare.settleLetter({ tiId: ti.id, tryNumber, ...settlement, at: draft.now }, ti.dagRunId)
  }
}

export const LEFT_BY_A_FAILURE: ReadonlySet<TiRecord['state']> = new Set([
  'failed',
  'compensated',
  'compensation_failed',
])
