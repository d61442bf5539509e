/**
 * What commands name and the leader does not hold in memory. Statements by key or along an index, bounded by their limits
 * and not by what is there, so the session's settings (`leaderSettings`) are right.
 *
 * Indexes: `variable` and `connection` by name, `dag_run (dag_id, id)`, `task_instance (dag_run_id, ...)`; `active` is
 * small. Locks: none.
 */
import type pg from 'pg'
import { type DoomedDag, ERASED_RUNS, ERASED_TIS, type Found, type Wanted } from '../../core/ports/store.ts'
import { isStorable } from '../../core/storable-text.ts'
import { inTransaction } from '../connect.ts'

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
      letters: new Map(),
      triggerKeys: new Map(),
    }
  })
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
