/**
 * Years of history in a minute: runs of a Dag that exists, with their task instances, tries, XComs and events, made inside
 * the server. Ids and times are as if all of it had happened before; rows fill their pages as they would by COPY. Nothing
 * is analysed or vacuumed, and autovacuum keeps away until `settleHistory`, so that both states can be measured.
 */
import type pg from 'pg'
import { inTransaction } from '../../database/connect.ts'
import { attachPartitions } from '../../database/store/event-partitions.ts'

export interface HistorySize {
  readonly runs: number
  readonly tasksPerRun: number
  readonly eventsPerTask: number
}

const LOADED = ['dag_run', 'task_instance', 'try', 'xcom']
const MINUTES_BETWEEN_RUNS = 20

export async function loadHistory(client: pg.Client, dagId: string, size: HistorySize): Promise<void> {
  const { runs, tasksPerRun, eventsPerTask } = size
  const tis = runs * tasksPerRun
  const events = tis * eventsPerTask
  const firstRun = await afterLast(client, 'dag_run')
  const firstTi = await afterLast(client, 'task_instance')
  const firstEvent = await afterLast(client, 'event')
  await client.query("set statement_timeout = 0; set maintenance_work_mem = '64MB'")
  await inTransaction(client, 'read write', () => attachPartitions(client, firstEvent, firstEvent + events))
  for (const table of await tablesOf(client))
    await client.query(`alter table ${table} set (autovacuum_enabled = false)`)

  const at = (index: string) =>
    `now() - interval '1 day' - (${runs} - ${index}) * interval '${MINUTES_BETWEEN_RUNS} min'`
  await client.query(
    `insert into dag_run (id, dag_id, run_id, run_type, state, version_id, logical_date, data_interval_start,
                          data_interval_end, run_after, queued_at, start_date, end_date, conf, note, triggered_by)
     select ${firstRun} + n, dag_id, 'history__' || n, 'scheduled', 'success', version_id, t, t, t, t, t, t,
            t + interval '1 min', '{}', null, 'schedule'
     from dag, generate_series(0, ${runs - 1}) n, lateral (select ${at('n')} as t) time where dag_id = $1`,
    [dagId],
  )
  const each = `generate_series(0, ${tis - 1}) n, lateral (select ${firstTi} + n as ti, ${firstRun} + n / ${tasksPerRun} as run,
    ${at(`n / ${tasksPerRun}`)} as t) o`
  await client.query(
    `insert into task_instance (id, dag_run_id, task_id, map_index, state, try_number, max_tries, failures, losses,
                                retry_at, start_date, end_date, branch_skips)
     select ti, run, 'task_' || n % ${tasksPerRun} + 1, -1, 'success', 1, 4, 0, 0, null, t, t, null from ${each}`,
  )
  await client.query(
    `insert into try (ti_id, try_number, dag_run_id, queued_at, start_date, end_date, state, host, pid, cause)
     select ti, 1, run, t, t, t, 'success', 'history', 4242, null from ${each}`,
  )
  await client.query(
    `insert into xcom (ti_id, try_number, key, dag_run_id, json) select ti, 1, 'return_value', run, '55' from ${each}`,
  )
  await client.query(
    `insert into event (id, at, dag_run_id, dag_id, ti_id, try_number, kind, actor, cause)
     select ${firstEvent} + e, now() - interval '1 day', ${firstRun} + e / ${tasksPerRun * eventsPerTask}, $1::text,
            ${firstTi} + e / ${eventsPerTask}, 1, ('{ti.queued,ti.running,ti.success,ti.note}'::text[])[e % 4 + 1], 'scheduler', null
     from generate_series(0, ${events - 1}) e`,
    [dagId],
  )
  await client.query('checkpoint')
}

/** As it is after autovacuum has been there. */
export async function settleHistory(client: pg.Client): Promise<void> {
  for (const table of await tablesOf(client)) {
    await client.query(`alter table ${table} reset (autovacuum_enabled)`)
    await client.query(`vacuum (analyze) ${table}`)
  }
}

async function tablesOf(client: pg.Client): Promise<readonly string[]> {
  const { rows } = await client.query<{ name: string }>(
    "select inhrelid::regclass::text as name from pg_inherits where inhparent = 'event'::regclass order by 1",
  )
  return [...LOADED, ...rows.map((row) => row.name)]
}

async function afterLast(client: pg.Client, table: string): Promise<number> {
  const { rows } = await client.query<{ id: string | null }>(`select max(id) as id from ${table}`)
  return Number(rows[0]?.id ?? 0) + 1
}
