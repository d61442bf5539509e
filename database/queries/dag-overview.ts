/**
 * All Dags at a glance, their versions, and the newest runs of some. Invariant: `listDagRows` reads one small row for each
 * Dag, never a serialized form; those are read by version, which never changes, and may be kept by the caller.
 *
 * Indexes: `dag` and `dag_version` by primary key, `dag_version (dag_id, version_number)`, `dag_run (dag_id, id)`. Locks: none.
 */
import type pg from 'pg'
import type { DagRecord, DagVersionRecord } from '../../core/records.ts'
import type { RunState } from '../../core/states.ts'
import { selectList } from '../select-list.ts'
import { dagColumns } from '../store/load.ts'

export interface DagRow extends DagRecord {
  readonly versionNumber: number
  readonly parsedAt: number
  readonly hasImportErrors: boolean
}

/** In order of Dag id. With `dagId`: that one, or none. */
export async function listDagRows(pool: pg.Pool, dagId?: string): Promise<readonly DagRow[]> {
  const result = await pool.query<DagRow>(
    `select ${dagColumns}, v.version_number as "versionNumber", v.created_at as "parsedAt",
       exists (select from import_error e where e.file = d.file) as "hasImportErrors"
     from dag d join dag_version v on v.version_id = d.version_id
     ${dagId === undefined ? '' : 'where d.dag_id = $1'} order by d.dag_id`,
    dagId === undefined ? [] : [dagId],
  )
  return result.rows
}

const versionFields = ['versionId', 'dagId', 'versionNumber', 'contentHash', 'bundleHash', 'createdAt'] as const
const versionColumns = selectList<DagVersionRecord>('v', versionFields)

export type DagVersionRow = Pick<DagVersionRecord, (typeof versionFields)[number]>

/** Those of `versionIds` that are there. */
export async function readVersions(pool: pg.Pool, versionIds: readonly number[]): Promise<readonly DagVersionRecord[]> {
  if (versionIds.length === 0) return []
  const result = await pool.query<DagVersionRow & { serialized: string }>(
    `select ${versionColumns}, v.serialized from dag_version v where v.version_id = any($1)`,
    [versionIds],
  )
  return result.rows.map((row) => ({
    ...row,
    serialized: JSON.parse(row.serialized) as DagVersionRecord['serialized'],
  }))
}

/** Oldest first. With `versionNumber`: that one, or none. */
export async function listVersions(
  pool: pg.Pool,
  dagId: string,
  versionNumber?: number,
): Promise<readonly DagVersionRow[]> {
  const result = await pool.query<DagVersionRow>(
    `select ${versionColumns} from dag_version v where v.dag_id = $1
     ${versionNumber === undefined ? '' : 'and v.version_number = $2'} order by v.version_number`,
    versionNumber === undefined ? [dagId] : [dagId, versionNumber],
  )
  return result.rows
}

export interface RecentRun {
  readonly id: number
  readonly dagId: string
  readonly runId: string
  readonly state: RunState
  readonly logicalDate: number | null
  readonly runAfter: number
  readonly startDate: number | null
  readonly endDate: number | null
}

/** The newest `limit` runs of each Dag, newest first. */
export async function recentRuns(
  pool: pg.Pool,
  dagIds: readonly string[],
  limit: number,
): Promise<ReadonlyMap<string, readonly RecentRun[]>> {
  if (dagIds.length === 0 || limit === 0) return new Map()
  const columns = selectList<RecentRun>('r', [
    'id',
    'dagId',
    'runId',
    'state',
    'logicalDate',
    'runAfter',
    'startDate',
    'endDate',
  ])
  const result = await pool.query<RecentRun>(
    `select r.* from unnest($1::text[]) with ordinality as wanted (dag_id, place)
     cross join lateral (
       select ${columns} from dag_run r where r.dag_id = wanted.dag_id order by r.id desc limit $2
     ) as r
     order by wanted.place, r.id desc`,
    [dagIds, limit],
  )
  return Map.groupBy(result.rows, (row) => row.dagId)
}
