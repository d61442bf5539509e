/** Dead letters that are named by (TI, try). Index: primary keys. Locks: none. */
import type pg from 'pg'
import type { TryKey } from '../../core/ids.ts'
import { type LetterWithRun, SHOWN_COLUMNS, SHOWN_JOINS } from './dead-letters.ts'

/** Those that are there, in the order of `keys`. */
export async function lettersByKey(pool: pg.Pool, keys: readonly TryKey[]): Promise<readonly LetterWithRun[]> {
  if (keys.length === 0) return []
  const result = await pool.query<LetterWithRun>(
    `select ${SHOWN_COLUMNS} from unnest($1::bigint[], $2::integer[]) with ordinality as k (ti_id, try_number, place)
     join dead_letter d on d.ti_id = k.ti_id and d.try_number = k.try_number ${SHOWN_JOINS} order by k.place`,
    [keys.map((key) => key.tiId), keys.map((key) => key.tryNumber)],
  )
  return result.rows
}
