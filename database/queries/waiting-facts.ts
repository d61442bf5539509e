/**
 * What holds task instances back besides their own run: other runs of the Dag, what live executions use, pools, draining. One
 * statement, so one look; its work is bounded by what is unfinished, however long the history is.
 *
 * Indexes: `dag_run` by id; `open_run`, `active` and `pool` are small. Locks: none.
 */
import type pg from 'pg'
import type { PoolRecord, RunRecord } from '../../core/records.ts'

export interface WaitingFacts {
  /** Of this Dag; those that are being compensated count as well. */
  readonly runningRuns: number
  /** Older than the run. */
  readonly queuedBefore: number
  /** `units` of each live execution. */
  readonly units: readonly string[]
  readonly pools: readonly PoolRecord[]
  readonly draining: boolean
}

export async function readWaitingFacts(pool: pg.Pool, run: Pick<RunRecord, 'id' | 'dagId'>): Promise<WaitingFacts> {
  const result = await pool.query<WaitingFacts>(
    `select count(*) filter (where r.state in ('running', 'compensating')) as "runningRuns",
       count(*) filter (where r.state = 'queued' and r.id < $2) as "queuedBefore",
       (select coalesce(json_agg(a.units), '[]') from active a) as units,
       (select coalesce(json_agg(json_build_object('name', p.name, 'slots', p.slots, 'description', p.description)), '[]')
        from pool p) as pools,
       coalesce((select draining from platform_state), false) as draining
     from open_run o join dag_run r on r.id = o.dag_run_id where r.dag_id = $1`,
    [run.dagId, run.id],
  )
  return result.rows[0]!
}
