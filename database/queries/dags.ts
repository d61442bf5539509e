/** Dags for people to read. Index: `dag` and `dag_version` by primary key; at most `limit` rows. Locks: none. */
import type pg from 'pg'
import type { DagRecord } from '../../core/records.ts'
import type { SerializedDag } from '../../core/serialized-dag.ts'
import { sqlBuilder } from '../sql-builder.ts'
import { runBuilt } from './run-built.ts'

export interface DagListItem extends DagRecord {
  readonly versionNumber: number
  readonly serialized: SerializedDag
}

export interface DagFilter {
  /** Only active ones, or only those of deleted files. */
  readonly isActive?: boolean
  readonly isPaused?: boolean
  /** Keyset: Dags after this id. */
  readonly afterDagId?: string
  /** Default 1,000. */
  readonly limit?: number
}

type DagRow = Omit<DagListItem, 'serialized'> & { readonly serialized: string }

/** In order of Dag id. */
export async function listDags(pool: pg.Pool, filter: DagFilter = {}): Promise<readonly DagListItem[]> {
  const query = dagQuery()
    .orderBy('d.dag_id')
    .limit(filter.limit ?? 1_000)
  if (filter.isActive !== undefined) query.where('d.is_active', filter.isActive)
  if (filter.isPaused !== undefined) query.where('d.is_paused', filter.isPaused)
  if (filter.afterDagId !== undefined) query.where('d.dag_id', '>', filter.afterDagId)
  return (await runBuilt<DagRow>(pool, query)).map(toItem)
}

export async function getDag(pool: pg.Pool, dagId: string): Promise<DagListItem | null> {
  const [row] = await runBuilt<DagRow>(pool, dagQuery().where('d.dag_id', dagId))
  return row === undefined ? null : toItem(row)
}

function dagQuery() {
  return sqlBuilder('dag as d').join('dag_version as v', 'v.version_id', 'd.version_id').select({
    dagId: 'd.dag_id',
    file: 'd.file',
    isPaused: 'd.is_paused',
    isActive: 'd.is_active',
    versionId: 'd.version_id',
    lastLogicalDate: 'd.last_logical_date',
    lastIntervalEnd: 'd.last_interval_end',
    scheduleSince: 'd.schedule_since',
    nextRunAfter: 'd.next_run_after',
    nextLogicalDate: 'd.next_logical_date',
    versionNumber: 'v.version_number',
    serialized: 'v.serialized',
  })
}

function toItem(row: DagRow): DagListItem {
  return { ...row, serialized: JSON.parse(row.serialized) as SerializedDag }
}
