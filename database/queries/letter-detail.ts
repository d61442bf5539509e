/**
 * One dead letter with what is needed to look into it: its try with the whole cause, the try whose inputs it had, what an
 * operator changed of them, and the Dag's version of then and of now. Indexes: primary keys. Locks: none.
 */
import type pg from 'pg'
import { type TryKey, tryKeyText } from '../../core/ids.ts'
import type { TryRecord } from '../../core/records.ts'
import { type LetterWithRun, SHOWN_COLUMNS, SHOWN_JOINS, type ShownLetter } from './dead-letters.ts'
import { letterCompensations } from './letter-compensation.ts'
import { listTries } from './task-instances.ts'

interface Facts {
  /**
   * The try whose effects it is about: of a compensation the try that was to be undone, else the letter's own. Its inputs
   * are those of both; `queuedAt` of it is what `upstreamValues` wants.
   */
  readonly forwardTry: number
  /** Times that a clear or redrive asked for new idempotency keys. */
  readonly life: number
  /** JSON object text: arguments that an operator replaced; `null`: none. */
  readonly inputOverrides: string | null
  /** The version that a redrive on the newest code would take; `null`: the Dag is gone. */
  readonly newestVersionNumber: number | null
}

export interface LetterDetail extends ShownLetter, Facts {
  /** Its cause is the whole one. `null` only when the history was tampered with. */
  readonly try: TryRecord | null
  readonly forward: TryRecord | null
}

export async function getLetter(pool: pg.Pool, key: TryKey): Promise<LetterDetail | null> {
  const result = await pool.query<LetterWithRun & Facts>(
    `select ${SHOWN_COLUMNS}, coalesce(o.life, 0) as life, o.inputs as "inputOverrides",
       coalesce(undone.forward_try, d.try_number) as "forwardTry", newest.version_number as "newestVersionNumber"
     from dead_letter d ${SHOWN_JOINS}
     left join ti_override o on o.ti_id = d.ti_id
     left join dag on dag.dag_id = d.dag_id left join dag_version newest on newest.version_id = dag.version_id
     left join lateral (
       select c.forward_try from compensation c where c.ti_id = d.ti_id and c.forward_try < d.try_number
       order by c.forward_try desc limit 1
     ) undone on d.kind = 'compensation'
     where d.ti_id = $1 and d.try_number = $2`,
    [key.tiId, key.tryNumber],
  )
  const [letter] = result.rows
  if (letter === undefined) return null
  const compensations = await letterCompensations(pool, [letter])
  const tries = await listTries(pool, letter.tiId)
  const tryOf = (tryNumber: number) => tries.find((one) => one.tryNumber === tryNumber) ?? null
  return {
    ...letter,
    compensation: compensations.get(tryKeyText(letter)) ?? 'none',
    try: tryOf(letter.tryNumber),
    forward: tryOf(letter.forwardTry),
  }
}
