/**
 * Numbers and small lists for health, the terminal and the home page. Locks: none. Counts are of unfinished work,
 * found through `open_run`, so they stay cheap however long the history.
 */
import type pg from 'pg'
import type { ImportErrorRecord, PoolRecord } from '../../core/records.ts'
import type { RunState, TiState } from '../../core/states.ts'

export async function listImportErrors(pool: pg.Pool): Promise<readonly ImportErrorRecord[]> {
  const result = await pool.query<{ file: string; problems: string; at: number }>(
    'select file, problems, at from import_error order by file',
  )
  return result.rows.map((row) => ({
    ...row,
    problems: JSON.parse(row.problems) as ImportErrorRecord['problems'],
  }))
}

export async function listPools(pool: pg.Pool): Promise<readonly PoolRecord[]> {
  const result = await pool.query<PoolRecord>('select name, slots, description from pool order by name')
  return result.rows
}

export interface StateCounts {
  readonly runs: Readonly<Partial<Record<RunState, number>>>
  readonly tis: Readonly<Partial<Record<TiState, number>>>
}

/** Of unfinished runs and their TIs. Indexes: `open_run`, `task_instance (dag_run_id, ...)`. */
export async function countOpenStates(pool: pg.Pool): Promise<StateCounts> {
  return countStates(
    pool,
    `select 'runs' as what, r.state, count(*) from open_run o join dag_run r on r.id = o.dag_run_id group by r.state
     union all
     select 'tis', ti.state, count(*) from open_run o join task_instance ti on ti.dag_run_id = o.dag_run_id
     group by ti.state`,
  )
}

async function countStates(pool: pg.Pool, sql: string): Promise<StateCounts> {
  const result = await pool.query<{ what: 'runs' | 'tis'; state: string; count: number }>(sql)
  const counts: { runs: Record<string, number>; tis: Record<string, number> } = { runs: {}, tis: {} }
  for (const { what, state, count } of result.rows) counts[what][state] = count
  return counts
}

export interface Health {
  /** `false`: the database did not answer; all else is then unknown (`null`). */
  readonly database: boolean
  readonly scheduler: { readonly holder: string; readonly heartbeatAt: number; readonly isAlive: boolean } | null
  readonly dagProcessor: { readonly holder: string; readonly heartbeatAt: number; readonly isAlive: boolean } | null
}

/** A Dag processor that was not heard of for this long is not alive. */
const PROCESSOR_SILENCE_SECONDS = 30

/** Never throws. Ages are by the database's clock. */
export async function readHealth(pool: pg.Pool): Promise<Health> {
  try {
    const result = await pool.query<{ what: string; holder: string; heartbeatAt: number; isAlive: boolean }>(
      `select 'scheduler' as what, coalesce(holder, '') as holder, renewed_at as "heartbeatAt",
         holder is not null and expires_at > clock_timestamp() as "isAlive"
       from lease where name = 'scheduler' and renewed_at is not null
       union all
       select component, holder, at, at > clock_timestamp() - interval '${PROCESSOR_SILENCE_SECONDS} s' from heartbeat`,
    )
    const find = (name: string) => {
      const row = result.rows.find(({ what }) => what === name)
      return row ? { holder: row.holder, heartbeatAt: row.heartbeatAt, isAlive: row.isAlive } : null
    }
    return { database: true, scheduler: find('scheduler'), dagProcessor: find('dag-processor') }
  } catch {
    return { database: false, scheduler: null, dagProcessor: null }
  }
}

/** A sign of life of a component that holds no lease (`dag-processor`); every few seconds. */
export async function recordHeartbeat(pool: pg.Pool, component: 'dag-processor', holder: string): Promise<void> {
  await pool.query(
    `insert into heartbeat (component, holder, at) values ($1, $2, clock_timestamp())
     on conflict (component) do update set holder = excluded.holder, at = excluded.at`,
    [component, holder],
  )
}
