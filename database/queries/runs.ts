/**
 * DagRuns for people to read, newest first. Indexes: `dag_run` by id, by (dag_id, id), by (dag_id, run_id); unfinished
 * states are looked up through `open_run`. Locks: none.
 */
import type pg from 'pg'
import type { RunRecord } from '../../core/records.ts'
import { FINISHED_RUN_STATES, type RunState } from '../../core/states.ts'
import { sqlBuilder } from '../sql-builder.ts'
import { runBuilt } from './run-built.ts'

export interface RunListItem extends RunRecord {
  readonly versionNumber: number | null
}

export interface RunFilter {
  readonly dagId?: string
  readonly state?: RunState
  /** Keyset: runs made before this one. */
  readonly beforeId?: number
  /** Default 100. */
  readonly limit?: number
}

/** In falling order of id. */
export async function listRuns(pool: pg.Pool, filter: RunFilter = {}): Promise<readonly RunListItem[]> {
  const query = runQuery()
    .orderBy('r.id', 'desc')
    .limit(filter.limit ?? 100)
  if (filter.dagId !== undefined) query.where('r.dag_id', filter.dagId)
  if (filter.beforeId !== undefined) query.where('r.id', '<', filter.beforeId)
  if (filter.state !== undefined) {
    query.where('r.state', filter.state)
    if (!FINISHED_RUN_STATES.has(filter.state)) query.join('open_run as o', 'o.dag_run_id', 'r.id')
  }
  return runBuilt<RunListItem>(pool, query)
}

/** By its name within the Dag, or by its number. */
export async function getRun(
  pool: pg.Pool,
  which: { readonly dagId: string; readonly runId: string } | { readonly id: number },
): Promise<RunListItem | null> {
  const query = runQuery()
  if ('id' in which) query.where('r.id', which.id)
  else query.where('r.dag_id', which.dagId).where('r.run_id', which.runId)
  const [row] = await runBuilt<RunListItem>(pool, query)
  return row ?? null
}

export function runQuery() {
  return sqlBuilder('dag_run as r').leftJoin('dag_version as v', 'v.version_id', 'r.version_id').select({
    id: 'r.id',
    dagId: 'r.dag_id',
    runId: 'r.run_id',
    runType: 'r.run_type',
    state: 'r.state',
    versionId: 'r.version_id',
    logicalDate: 'r.logical_date',
    dataIntervalStart: 'r.data_interval_start',
    dataIntervalEnd: 'r.data_interval_end',
    runAfter: 'r.run_after',
    queuedAt: 'r.queued_at',
    startDate: 'r.start_date',
    endDate: 'r.end_date',
    conf: 'r.conf',
    note: 'r.note',
    triggeredBy: 'r.triggered_by',
    correlationId: 'r.correlation_id',
    triggerKey: 'r.trigger_key',
    versionNumber: 'v.version_number',
  })
}

/** Those of the numbers that are there. */
export async function runsByNumber(pool: pg.Pool, ids: readonly number[]): Promise<readonly RunListItem[]> {
  if (ids.length === 0) return []
  return runBuilt<RunListItem>(pool, runQuery().whereIn('r.id', [...ids]))
}
