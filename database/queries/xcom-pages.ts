/** XComs of a TI for people to read. Indexes: `xcom` by (ti_id, try_number, key), `compensation` by TI. Locks: none. */
import type pg from 'pg'
import { OF_THE_TASK } from '../xcoms.ts'

export interface XComRow {
  readonly key: string
  readonly tryNumber: number
  /** JSON text; `null` in lists. */
  readonly json: string | null
  readonly bytes: number
  /** When the try that wrote it ended; `null` while it runs. */
  readonly at: number | null
}

/** Of one try, or of all, by try and key, without their values. */
export async function listXComs(pool: pg.Pool, tiId: number, tryNumber?: number): Promise<readonly XComRow[]> {
  const result = await pool.query<XComRow>(
    `select x.key, x.try_number as "tryNumber", null as json, octet_length(x.json) as bytes, t.end_date as at
     from xcom x left join try t on t.ti_id = x.ti_id and t.try_number = x.try_number
     where x.ti_id = $1 and ($2::integer is null or x.try_number = $2) order by x.try_number, x.key`,
    [tiId, tryNumber ?? null],
  )
  return result.rows
}

/** Of the try named, or of the last one that has it, as a task would read it (`xcoms.ts`). */
export async function getXCom(
  pool: pg.Pool,
  which: { readonly tiId: number; readonly key: string; readonly tryNumber?: number },
): Promise<(XComRow & { readonly json: string }) | null> {
  const result = await pool.query<XComRow & { json: string }>(
    `select x.key, x.try_number as "tryNumber", x.json, octet_length(x.json) as bytes, t.end_date as at
     from xcom x left join try t on t.ti_id = x.ti_id and t.try_number = x.try_number
     where x.ti_id = $1 and x.key = $2 and case when $3::integer is null then ${OF_THE_TASK} else x.try_number = $3 end
     order by x.try_number desc limit 1`,
    [which.tiId, which.key, which.tryNumber ?? null],
  )
  return result.rows[0] ?? null
}
