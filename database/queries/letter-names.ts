/** The runs of dead letters that are named by (TI, try). Index: primary keys. Locks: none. */
import type pg from 'pg'
import type { LetterName } from '../../core/records.ts'

/** Those whose task instance is there, in the order of `ids`. */
export async function letterNames(
  pool: pg.Pool,
  ids: readonly Pick<LetterName, 'tiId' | 'tryNumber'>[],
): Promise<readonly LetterName[]> {
  if (ids.length === 0) return []
  const result = await pool.query<LetterName>(
    `select k.ti_id as "tiId", k.try_number as "tryNumber", r.dag_id as "dagId", r.run_id as "runId"
     from unnest($1::bigint[], $2::integer[]) with ordinality as k (ti_id, try_number, place)
     join task_instance ti on ti.id = k.ti_id join dag_run r on r.id = ti.dag_run_id order by k.place`,
    [ids.map((id) => id.tiId), ids.map((id) => id.tryNumber)],
  )
  return result.rows
}
