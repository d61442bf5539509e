/**
 * Deletes finished runs with their TIs, tries and all that hangs on a TI. Invariant: it never waits for a row. The leader locks rows of
 * a run in whatever order its statement comes to them, so who held one and waited for another could end in a deadlock, and
 * the leader might be the one that is broken off. All rows are locked first, without waiting; a run that somebody writes is
 * left for the next time.
 *
 * Indexes: primary keys, `task_instance (dag_run_id, ...)`. Locks: the rows of one batch, and `id_floor`.
 */
import type pg from 'pg'
import { inTransaction } from '../connect.ts'
import { OF_TIS } from '../store/delete-sections.ts'

/** TIs in one transaction; a command for one of its runs waits that long. A single run may have more. */
const BATCH_TIS = 5_000
const LOCK_NOT_AVAILABLE = '55P03'
/** Besides `task_instance` itself. */
const TABLES = Object.values(OF_TIS)

/** Of `ids`, those that ended before `before` and have no process any more. Returns how many went. */
export async function deleteRuns(client: pg.ClientBase, ids: readonly number[], before: number): Promise<number> {
  let count = 0
  for (const batch of await inBatches(client, ids)) count += await deleteUnlessWritten(client, batch, before)
  return count
}

async function inBatches(client: pg.ClientBase, ids: readonly number[]): Promise<number[][]> {
  const { rows } = await client.query<{ id: number; tis: number }>(
    'select dag_run_id as id, count(*) as tis from task_instance where dag_run_id = any ($1::bigint[]) group by 1',
    [ids],
  )
  const tisOf = new Map(rows.map((row) => [row.id, row.tis]))
  const batches: number[][] = []
  let room = 0
  for (const id of ids) {
    const tis = tisOf.get(id) ?? 0
    if (batches.length === 0 || tis > room) {
      batches.push([])
      room = BATCH_TIS
    }
    batches.at(-1)!.push(id)
    room -= tis
  }
  return batches
}

async function deleteUnlessWritten(client: pg.ClientBase, ids: readonly number[], before: number): Promise<number> {
  try {
    return await inTransaction(client, 'read write', () => deleteLocked(client, ids, before))
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === LOCK_NOT_AVAILABLE)) throw error
    if (ids.length === 1) return 0
    let count = 0
    for (const id of ids) count += await deleteUnlessWritten(client, [id], before)
    return count
  }
}

async function deleteLocked(client: pg.ClientBase, ids: readonly number[], before: number): Promise<number> {
  // Looked at again under the lock: it may have been cleared meanwhile.
  const locked = await client.query<{ id: number }>(
    `select id from dag_run r where id = any ($1::bigint[]) and state in ('success', 'failed')
       and end_date < to_timestamp($2::double precision / 1000)
       and not exists (select from active a where a.dag_run_id = r.id)
     order by id for update skip locked`,
    [ids, before],
  )
  const mine = locked.rows.map((row) => row.id)
  if (mine.length === 0) return 0
  const tis = await client.query<{ id: number }>(
    'select id from task_instance where dag_run_id = any ($1::bigint[]) for update nowait',
    [mine],
  )
  const tiIds = tis.rows.map((row) => row.id)
  for (const table of TABLES) {
    await client.query(`select from ${table} where ti_id = any ($1::bigint[]) for update nowait`, [tiIds])
  }
  await client.query(`select from id_floor where name in ('dag_run', 'task_instance') for update nowait`)

  for (const table of TABLES) await client.query(`delete from ${table} where ti_id = any ($1::bigint[])`, [tiIds])
  await client.query('delete from task_instance where id = any ($1::bigint[])', [tiIds])
  await client.query('delete from dag_run where id = any ($1::bigint[])', [mine])
  await client.query(
    `update id_floor set last_id = greatest(last_id, case name when 'dag_run' then $1::bigint else $2::bigint end)
     where name in ('dag_run', 'task_instance')`,
    [Math.max(...mine), tiIds.reduce((highest, id) => Math.max(highest, id), 0)],
  )
  return mine.length
}
