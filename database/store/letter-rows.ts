/** A row of `dead_letter` as it comes, and the two records in it: the letter, and what became of it. */
import type { DeadLetterOutcome, DeadLetterRecord } from '../../core/records.ts'
import { selectList } from '../select-list.ts'

export interface LetterRow extends DeadLetterRecord {
  readonly status: 'open' | DeadLetterOutcome['status']
  readonly reason: string | null
  readonly actor: string | null
  readonly settledAt: number | null
}

/** Of the alias `d`. */
export const letterColumns: string = selectList<LetterRow>('d', [
  'tiId',
  'tryNumber',
  'dagRunId',
  'dagId',
  'taskId',
  'mapIndex',
  'versionId',
  'kind',
  'strategy',
  'fingerprint',
  'causeKind',
  'message',
  'at',
  'status',
  'reason',
  'actor',
  'settledAt',
])

export function letterOf(row: LetterRow): DeadLetterRecord {
  const { status: _status, reason: _reason, actor: _actor, settledAt: _settledAt, ...letter } = row
  return letter
}

/** `null`: it is open. */
export function outcomeOf({ tiId, tryNumber, status, reason, actor, settledAt }: LetterRow): DeadLetterOutcome | null {
  if (status === 'open' || actor === null || settledAt === null) return null
  return { tiId, tryNumber, status, reason, actor, at: settledAt }
}
