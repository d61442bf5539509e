/**
 * What commands name and the leader does not hold in memory. Statements by key or along an index, bounded by their limits
 * and not by what is there, so the session's settings (`leaderSettings`) are right.
 *
 * Indexes: `variable` and `connection` by name, `dag_run (dag_id, id)` and `(dag_id, trigger_key)`, `task_instance
 * (dag_run_id, ...)`, `dead_letter` by TI and try; `active` is small. Locks: none.
 */
import type pg from 'pg'
import { type TryKey, tryKeyText } from '../../core/ids.ts'
import {
  type DoomedDag,
  ERASED_RUNS,
  ERASED_TIS,
  type Found,
  triggerKeyText,
  type Wanted,
} from '../../core/ports/store.ts'
import { isStorable } from '../../core/storable-text.ts'
import { inTransaction } from '../connect.ts'
import { type LetterRow, letterColumns, letterOf, outcomeOf } from './letter-rows.ts'

/** Live executions that a refusal names. */
const NAMED = 3

export async function lookUp(leader: pg.ClientBase, asked: Wanted): Promise<Found> {
  // Nothing has a name that cannot be stored, and asking for one would be an error that comes back with every reload.
  const wanted = {
    variables: asked.variables.filter(isStorable),
    connections: asked.connections.filter(isStorable),
    doomedDags: asked.doomedDags.filter(isStorable),
  }
  return inTransaction(leader, 'repeatable read read only', async () => {
    const existing = async (table: string, column: string, names: readonly string[]) => {
      if (names.length === 0) return new Set<string>()
      const result = await leader.query<{ name: string }>(
        `select x.${column} as name from unnest($1::text[]) as t (name) join ${table} x on x.${column} = t.name`,
        [names],
      )
      return new Set(result.rows.map((row) => row.name))
    }
    const doomedDags = new Map<string, DoomedDag>()
    for (const dagId of new Set(wanted.doomedDags)) doomedDags.set(dagId, await nextPiece(leader, dagId))
    return {
      variables: await existing('variable', 'key', wanted.variables),
      connections: await existing('connection', 'id', wanted.connections),
      doomedDags,
      letters: await letters(leader, asked.letters ?? []),
      triggerKeys: await triggerKeys(leader, asked.triggerKeys ?? []),
    }
  })
}

async function letters(leader: pg.ClientBase, wanted: readonly TryKey[]): Promise<Found['letters']> {
  if (wanted.length === 0) return new Map()
  const result = await leader.query<LetterRow>(
    `select ${letterColumns} from unnest($1::bigint[], $2::integer[]) as t (ti_id, try_number)
     join dead_letter d on d.ti_id = t.ti_id and d.try_number = t.try_number`,
    [wanted.map((key) => key.tiId), wanted.map((key) => key.tryNumber)],
  )
  return new Map(result.rows.map((row) => [tryKeyText(row), { letter: letterOf(row), outcome: outcomeOf(row) }]))
}

async function triggerKeys(
  leader: pg.ClientBase,
  asked: NonNullable<Wanted['triggerKeys']>,
): Promise<Found['triggerKeys']> {
  const wanted = asked.filter(({ dagId, key }) => isStorable(dagId) && isStorable(key))
  if (wanted.length === 0) return new Map()
  const result = await leader.query<{ dagId: string; key: string; id: number; runId: string }>(
    `select r.dag_id as "dagId", r.trigger_key as key, r.id, r.run_id as "runId"
     from unnest($1::text[], $2::text[]) as t (dag_id, key)
     join dag_run r on r.dag_id = t.dag_id and r.trigger_key = t.key`,
    [wanted.map((one) => one.dagId), wanted.map((one) => one.key)],
  )
  return new Map(result.rows.map(({ dagId, key, id, runId }) => [triggerKeyText(dagId, key), { id, runId }]))
}

async function nextPiece(leader: pg.ClientBase, dagId: string): Promise<DoomedDag> {
  const live = await leader.query<{ runId: string; taskId: string }>(
    `select r.run_id as "runId", ti.task_id as "taskId" from active a join dag_run r on r.id = a.dag_run_id
       join task_instance ti on ti.id = a.ti_id
     where r.dag_id = $1 order by r.id, ti.id limit ${NAMED}`,
    [dagId],
  )
  const runs = await leader.query<{ id: number }>(
    `select id from dag_run where dag_id = $1 order by id limit ${ERASED_RUNS}`,
    [dagId],
  )
  const tis = await leader.query<{ id: number; dagRunId: number }>(
    `select ti.id, ti.dag_run_id as "dagRunId" from unnest($1::bigint[]) with ordinality as r (id, place)
       join task_instance ti on ti.dag_run_id = r.id
     order by r.place limit ${ERASED_TIS + 1}`,
    [runs.rows.map((run) => run.id)],
  )
  // One more was asked for: where it came, the run it is of is not complete.
  const beyond = tis.rows[ERASED_TIS]?.dagRunId
  const taken = tis.rows.slice(0, ERASED_TIS)
  const runIds = runs.rows.map((run) => run.id).filter((id) => beyond === undefined || id < beyond)
  const last = taken.at(-1)?.dagRunId
  return {
    live: live.rows,
    tiIds: taken.map((ti) => ti.id),
    runIds,
    partialRunId: beyond !== undefined && last === beyond ? beyond : null,
    isAll: beyond === undefined && runs.rows.length < ERASED_RUNS,
  }
}
