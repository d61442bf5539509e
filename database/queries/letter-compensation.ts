/**
 * Whether what a run had completed when it failed for good was undone: told for each dead letter from the run's compensation
 * rows. To a letter of a task belong the plans of its run, or of the saga its task is in, from the failure on until the task
 * ran again; to a letter of a compensation that compensation.
 *
 * Indexes: `compensation (dag_run_id, ...)`, primary keys of `compensation`, `try`, `dag_version`. Locks: none.
 */
import type pg from 'pg'
import { type TryKey, tryKeyText } from '../../core/ids.ts'
import type { CompensationRecord } from '../../core/records.ts'
import type { SerializedDag } from '../../core/serialized-dag.ts'
import type { LetterRow } from '../store/letter-rows.ts'
import { readVersions } from './dag-overview.ts'

export type LetterCompensation = 'none' | Exclude<CompensationRecord['state'], 'withdrawn'>

interface Plan {
  readonly dagRunId: number
  readonly scope: string | null
  readonly plannedAt: number
  readonly states: readonly CompensationRecord['state'][]
}

interface OwnRow extends TryKey {
  /** Of the letter's own TI: what the try undid. */
  readonly state: CompensationRecord['state'] | null
  /** When the task itself ran again after the letter. */
  readonly nextAt: number | null
}

/** By `tryKeyText` of the letter. */
export async function letterCompensations(
  pool: pg.Pool,
  letters: readonly LetterRow[],
): Promise<ReadonlyMap<string, LetterCompensation>> {
  if (letters.length === 0) return new Map()
  const plans = Map.groupBy(await readPlans(pool, letters), (plan) => plan.dagRunId)
  const undone = letters.filter((letter) => plans.has(letter.dagRunId))
  const own = new Map((await readOwnRows(pool, undone)).map((row) => [tryKeyText(row), row]))
  const isOfSagas = (letter: LetterRow) => plans.get(letter.dagRunId)?.some((plan) => plan.scope !== null) === true
  const versionIds = new Set(undone.filter(isOfSagas).map((letter) => letter.versionId))
  const versions = new Map((await readVersions(pool, [...versionIds])).map((row) => [row.versionId, row.serialized]))
  return new Map(
    undone.map((letter) => {
      const row = own.get(tryKeyText(letter))
      if (letter.kind === 'compensation') return [tryKeyText(letter), outcomeOf(row?.state ? [row.state] : [])]
      const serialized = versions.get(letter.versionId)
      const saga = serialized === undefined ? null : sagaOf(serialized, letter.taskId)
      const its = (plans.get(letter.dagRunId) ?? []).filter(
        ({ scope, plannedAt }) =>
          (scope === null || scope === saga) && plannedAt >= letter.at && plannedAt <= (row?.nextAt ?? Infinity),
      )
      return [tryKeyText(letter), outcomeOf(its.flatMap(({ states }) => states))]
    }),
  )
}

/** What is still to be done, then what went wrong, say more than what is done. */
function outcomeOf(states: readonly CompensationRecord['state'][]): LetterCompensation {
  const order = ['compensating', 'compensation_failed', 'compensated'] as const
  return order.find((state) => states.includes(state)) ?? 'none'
}

/** A run is planned for as a whole, so however many TIs it has these are a few. */
async function readPlans(pool: pg.Pool, letters: readonly LetterRow[]): Promise<readonly Plan[]> {
  const result = await pool.query<Plan>(
    `select c.dag_run_id as "dagRunId", c.scope, c.planned_at as "plannedAt", array_agg(distinct c.state) as states
     from compensation c where c.dag_run_id = any($1) group by 1, 2, 3`,
    [[...new Set(letters.map((letter) => letter.dagRunId))]],
  )
  return result.rows
}

async function readOwnRows(pool: pg.Pool, letters: readonly LetterRow[]): Promise<readonly OwnRow[]> {
  if (letters.length === 0) return []
  const result = await pool.query<OwnRow>(
    `select k.ti_id as "tiId", k.try_number as "tryNumber", own.state, next.queued_at as "nextAt"
     from unnest($1::bigint[], $2::integer[]) as k (ti_id, try_number)
     left join lateral (
       select c.state from compensation c where c.ti_id = k.ti_id and c.forward_try < k.try_number
       order by c.forward_try desc limit 1
     ) own on true
     left join lateral (
       select t.queued_at from try t where t.ti_id = k.ti_id and t.try_number > k.try_number
         and not exists (
           select from compensation c where c.ti_id = t.ti_id and t.try_number > c.forward_try and t.try_number <= c.last_try
         )
       order by t.try_number limit 1
     ) next on true`,
    [letters.map((letter) => letter.tiId), letters.map((letter) => letter.tryNumber)],
  )
  return result.rows
}

function sagaOf({ tasks, groups }: SerializedDag, taskId: string): string | null {
  let groupId = tasks.find((task) => task.taskId === taskId)?.groupId
  while (groupId !== undefined) {
    const group = groups.find((one) => one.groupId === groupId)
    if (group?.saga === true) return group.groupId
    groupId = group?.parentId
  }
  return null
}
