/**
 * Dead letters grouped by fingerprint: probably the same fault. Invariant: the index is skipped through from one fingerprint
 * to the next, so a page costs by how many faults there are and not by how often each happened; counts stop at a limit.
 *
 * Indexes: `dead_letter (status, fingerprint, at, ...)`, of one Dag `(status, dag_id, fingerprint, at, ...)`. Locks: none.
 */
import type pg from 'pg'
import type { CauseOfDeath } from '../../core/cause-of-death.ts'
import { LETTER_COUNT_LIMIT, type LetterCursor, type LetterFilter } from './dead-letters.ts'

export interface LetterGroup {
  readonly fingerprint: string
  /** At most `LETTER_COUNT_LIMIT`. */
  readonly count: number
  readonly firstAt: number
  readonly lastAt: number
  /** Of the newest letter of it. */
  readonly message: string
  readonly causeKind: CauseOfDeath['kind']
  readonly newest: LetterCursor
  /** Where its newest letters are from, at most `MOST_PLACES`. */
  readonly places: readonly { readonly dagId: string; readonly taskId: string }[]
}

export interface GroupPage extends Pick<LetterFilter, 'statuses' | 'dagId' | 'from' | 'to'> {
  /** Where the page before ended. */
  readonly cursor?: { readonly lastAt: number; readonly fingerprint: string }
  readonly limit: number
}

/** Different fingerprints that are looked at, in their own order: more faults than anybody tells apart. */
export const MOST_GROUPS = 5_000
const MOST_PLACES = 20
/** Newest letters of a group that are looked at for its places. */
const LOOKED_AT = 500

/** Those with the newest letter first. */
export async function pageLetterGroups(pool: pg.Pool, page: GroupPage): Promise<readonly LetterGroup[]> {
  const values: unknown[] = []
  const value = (one: unknown) => `$${values.push(one)}`
  const statuses = `unnest(${value(page.statuses ?? ['open'])}::text[]) as s (status)`
  const ofDag = page.dagId === undefined ? '' : ` and d.dag_id = ${value(page.dagId)}`
  const instant = (parameter: string) => `to_timestamp(${parameter}::double precision / 1000)`
  const from = page.from === undefined ? '' : ` and d.at >= ${instant(value(page.from))}`
  const to = page.to === undefined ? '' : ` and d.at <= ${instant(value(page.to))}`
  /** Letters of the group `g`, of one status at a time. */
  const ofGroup = `d.status = s.status${ofDag} and d.fingerprint = g.fingerprint${from}${to}`
  const inOrder = (direction: 'asc' | 'desc') =>
    `order by d.at ${direction}, d.ti_id ${direction}, d.try_number ${direction} limit`
  const before =
    page.cursor === undefined
      ? ''
      : `having (max(newest.at), g.fingerprint) < (${instant(value(page.cursor.lastAt))}, ${value(page.cursor.fingerprint)}::text)`
  const result = await pool.query<GroupRow>(
    `with recursive print as (
       select s.status, 1 as place,
         (select min(d.fingerprint) from dead_letter d where d.status = s.status${ofDag}) as fingerprint
       from ${statuses}
       union all
       select s.status, s.place + 1, (
         select min(d.fingerprint) from dead_letter d where d.status = s.status${ofDag} and d.fingerprint > s.fingerprint
       )
       from print s where s.fingerprint is not null and s.place < ${MOST_GROUPS}
     ), g as materialized (
       select g.fingerprint, max(newest.at) as last_at
       from (select status, fingerprint from print where fingerprint is not null) as g (status, fingerprint)
       cross join lateral (select g.status) as s
       cross join lateral (select d.at from dead_letter d where ${ofGroup} ${inOrder('desc')} 1) as newest
       group by g.fingerprint ${before}
       order by last_at desc, g.fingerprint desc limit ${value(page.limit)}
     )
     select g.fingerprint, g.last_at as "lastAt", counted.count, oldest.at as "firstAt", newest.message,
       newest.cause_kind as "causeKind", newest.ti_id as "tiId", newest.try_number as "tryNumber", places.places
     from g
     cross join lateral (
       select count(*) as count from (
         select from ${statuses} cross join lateral (
           select from dead_letter d where ${ofGroup} limit ${LETTER_COUNT_LIMIT}
         ) as d limit ${LETTER_COUNT_LIMIT}
       ) as its
     ) as counted
     cross join lateral (
       select d.at from ${statuses} cross join lateral (
         select d.at from dead_letter d where ${ofGroup} ${inOrder('asc')} 1
       ) as d order by d.at limit 1
     ) as oldest
     cross join lateral (
       select d.* from ${statuses} cross join lateral (
         select d.* from dead_letter d where ${ofGroup} ${inOrder('desc')} 1
       ) as d ${inOrder('desc')} 1
     ) as newest
     cross join lateral (
       select json_agg(json_build_object('dagId', p.dag_id, 'taskId', p.task_id)) as places from (
         select distinct d.dag_id, d.task_id from ${statuses} cross join lateral (
           select d.dag_id, d.task_id from dead_letter d where ${ofGroup} ${inOrder('desc')} ${LOOKED_AT}
         ) as d order by 1, 2 limit ${MOST_PLACES}
       ) as p
     ) as places
     order by g.last_at desc, g.fingerprint desc`,
    values,
  )
  return result.rows.map(({ tiId, tryNumber, ...group }) => ({
    ...group,
    newest: { at: group.lastAt, tiId, tryNumber },
  }))
}

type GroupRow = Omit<LetterGroup, 'newest'> & { readonly tiId: number; readonly tryNumber: number }
