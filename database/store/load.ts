/**
 * Everything the scheduler keeps in memory, read in one repeatable-read transaction. Invariant: what it reads is bounded
 * by open work and the number of Dags, not by history: unfinished runs come from `open_run`, executions from `active`.
 *
 * Indexes: primary keys, `task_instance (dag_run_id, task_id, map_index)`, `dag_run (version_id)`. Locks: none.
 */
import type pg from 'pg'
import type { CauseOfDeath } from '../../core/cause-of-death.ts'
import type { LoadedRuns, RunName, Snapshot } from '../../core/ports/store.ts'
import type {
  CompensationRecord,
  DagRecord,
  DagVersionRecord,
  ExecutionRecord,
  ImportErrorRecord,
  PoolRecord,
  RunRecord,
  TiOverrideRecord,
  TiRecord,
  TryRecord,
} from '../../core/records.ts'
import { isStorable } from '../../core/storable-text.ts'
import { inTransaction } from '../connect.ts'
import { selectList } from '../select-list.ts'
import { lastEventId } from './event-partitions.ts'

export const dagColumns: string = selectList<DagRecord>('d', [
  'dagId',
  'file',
  'isPaused',
  'isActive',
  'versionId',
  'lastLogicalDate',
  'lastIntervalEnd',
  'scheduleSince',
  'nextRunAfter',
  'nextLogicalDate',
])
const versionColumns = selectList<DagVersionRecord>('v', [
  'versionId',
  'dagId',
  'versionNumber',
  'contentHash',
  'bundleHash',
  'serialized',
  'createdAt',
])
export const runColumns: string = selectList<RunRecord>('r', [
  'id',
  'dagId',
  'runId',
  'runType',
  'state',
  'versionId',
  'logicalDate',
  'dataIntervalStart',
  'dataIntervalEnd',
  'runAfter',
  'queuedAt',
  'startDate',
  'endDate',
  'conf',
  'note',
  'triggeredBy',
  'correlationId',
  'triggerKey',
])
export const tiColumns: string = selectList<TiRecord>('ti', [
  'id',
  'dagRunId',
  'taskId',
  'mapIndex',
  'state',
  'tryNumber',
  'maxTries',
  'failures',
  'losses',
  'retryAt',
  'startDate',
  'endDate',
  'branchSkips',
])
export const tryColumns: string = selectList<TryRecord>('t', [
  'tiId',
  'tryNumber',
  'dagRunId',
  'queuedAt',
  'startDate',
  'endDate',
  'state',
  'host',
  'pid',
  'cause',
])
const executionColumns = selectList<ExecutionRecord>('a', ['tiId', 'tryNumber', 'dagRunId', 'host', 'epoch', 'units'])

export const compensationColumns: string = selectList<CompensationRecord>('c', [
  'tiId',
  'forwardTry',
  'dagRunId',
  'forwardState',
  'state',
  'scope',
  'firstTry',
  'lastTry',
  'plannedAt',
  'endedAt',
  'actor',
  'failedTask',
  'error',
])
const overrideColumns = selectList<TiOverrideRecord>('x', ['tiId', 'dagRunId', 'life', 'inputs'])

/** A `try` row as it comes: its cause is JSON text. */
export type TryRow = Omit<TryRecord, 'cause'> & { readonly cause: string | null }

export function toTryRecord(row: TryRow): TryRecord {
  return { ...row, cause: row.cause === null ? null : (JSON.parse(row.cause) as CauseOfDeath) }
}

/** The last try of each TI of these runs that failed, or waits for its retry: what undoes a run is told why. */
function failedTries(runs: string): string {
  return `select ${tryColumns} from (${runs}) r join task_instance ti on ti.dag_run_id = r.id
    join try t on t.ti_id = ti.id and t.try_number = ti.try_number where ti.state in ('failed', 'up_for_retry')`
}

/** `epoch`: `null` for those who only look. @throws when it is not the lease's any more. */
export async function loadSnapshot(leader: pg.ClientBase, epoch: number | null): Promise<Snapshot> {
  return inTransaction(leader, 'repeatable read read only', async () => {
    // The session's settings are for statements by key (`leaderSettings`); these here read sets.
    await leader.query(
      'set local enable_seqscan = on; set local enable_hashjoin = on; set local enable_mergejoin = on; ' +
        'set local enable_bitmapscan = on; set local statement_timeout = 0',
    )
    const rows = async <Row extends pg.QueryResultRow>(sql: string): Promise<Row[]> => {
      const result = await leader.query<Row>(sql)
      return result.rows
    }
    const [lease] = await rows<{ epoch: number }>("select epoch from lease where name = 'scheduler'")
    if (epoch !== null && lease?.epoch !== epoch) {
      throw new Error(`Cannot load for epoch ${epoch}: the lease is at epoch ${lease?.epoch ?? 'none'} by now`)
    }
    const versions = await rows<VersionRow>(
      `select ${versionColumns} from dag_version v where v.version_id in
         (select version_id from dag union select r.version_id from dag_run r join open_run o on o.dag_run_id = r.id)
       order by v.version_id`,
    )
    const tries = await rows<TryRow>(
      `select ${tryColumns} from active a join try t on t.ti_id = a.ti_id and t.try_number = a.try_number
       union all ${failedTries('select o.dag_run_id as id from open_run o')}`,
    )
    const importErrors = await rows<Omit<ImportErrorRecord, 'problems'> & { problems: string }>(
      'select file, problems, at from import_error order by file',
    )
    const floors = new Map(
      (await rows<{ name: string; last_id: number }>('select name, last_id from id_floor')).map((row) => [
        row.name,
        row.last_id,
      ]),
    )
    return {
      dags: await rows<DagRecord>(`select ${dagColumns} from dag d order by d.dag_id`),
      versions: versions.map(toVersion),
      usedVersions: (
        await rows<{ version_id: number }>(
          'select d.version_id from dag d where exists (select from dag_run r where r.version_id = d.version_id)',
        )
      ).map((row) => row.version_id),
      runs: await rows<RunRecord>(
        `select ${runColumns} from open_run o join dag_run r on r.id = o.dag_run_id order by r.id`,
      ),
      tis: await rows<TiRecord>(
        `select ${tiColumns} from open_run o join task_instance ti on ti.dag_run_id = o.dag_run_id order by ti.id`,
      ),
      compensations: await rows<CompensationRecord>(
        `select distinct on (c.ti_id) ${compensationColumns}
         from open_run o join compensation c on c.dag_run_id = o.dag_run_id order by c.ti_id, c.forward_try desc`,
      ),
      tiOverrides: await rows<TiOverrideRecord>(
        `select ${overrideColumns} from open_run o join ti_override x on x.dag_run_id = o.dag_run_id order by x.ti_id`,
      ),
      executions: await rows<ExecutionRecord>(
        `select ${executionColumns} from active a order by a.ti_id, a.try_number`,
      ),
      tries: tries.map(toTryRecord),
      pools: await rows<PoolRecord>('select name, slots, description from pool order by name'),
      importErrors: importErrors.map((row) => ({
        ...row,
        problems: JSON.parse(row.problems) as ImportErrorRecord['problems'],
      })),
      draining: (await rows<{ draining: boolean }>('select draining from platform_state'))[0]?.draining ?? false,
      nextIds: {
        run: Math.max(await nextId(rows, 'dag_run', 'id'), (floors.get('dag_run') ?? 0) + 1),
        ti: Math.max(await nextId(rows, 'task_instance', 'id'), (floors.get('task_instance') ?? 0) + 1),
        event: (await lastEventId(leader)) + 1,
        version: Math.max(await nextId(rows, 'dag_version', 'version_id'), (floors.get('dag_version') ?? 0) + 1),
      },
    }
  })
}

/**
 * Runs by name with their TIs and versions, for commands about runs that are not in memory. Statements by key, so the
 * session's settings are right. Indexes: `dag_run (dag_id, run_id)`, `task_instance (dag_run_id, ...)`, `compensation
 * (dag_run_id, ...)`, `ti_override (dag_run_id)`, primary keys.
 */
export async function loadRunsByName(leader: pg.ClientBase, asked: readonly RunName[]): Promise<LoadedRuns> {
  // No run has a name that cannot be stored, and asking for one would be an error that comes back with every reload.
  const names = asked.filter(({ dagId, runId }) => isStorable(dagId) && isStorable(runId))
  return inTransaction(leader, 'repeatable read read only', async () => {
    const runs = await leader.query<RunRecord>(
      `select ${runColumns} from unnest($1::text[], $2::text[]) as t (dag_id, run_id)
       join dag_run r on r.dag_id = t.dag_id and r.run_id = t.run_id order by r.id`,
      [names.map((name) => name.dagId), names.map((name) => name.runId)],
    )
    const tis = await leader.query<TiRecord>(
      `select ${tiColumns} from unnest($1::bigint[]) as t (id) join task_instance ti on ti.dag_run_id = t.id
       order by ti.id`,
      [runs.rows.map((run) => run.id)],
    )
    const versions = await leader.query<VersionRow>(
      `select ${versionColumns} from unnest($1::bigint[]) as t (id) join dag_version v on v.version_id = t.id
       order by v.version_id`,
      [[...new Set(runs.rows.map((run) => run.versionId))]],
    )
    const ids = [runs.rows.map((run) => run.id)]
    const compensations = await leader.query<CompensationRecord>(
      `select distinct on (c.ti_id) ${compensationColumns}
       from unnest($1::bigint[]) as t (id) join compensation c on c.dag_run_id = t.id
       order by c.ti_id, c.forward_try desc`,
      ids,
    )
    const overrides = await leader.query<TiOverrideRecord>(
      `select ${overrideColumns} from unnest($1::bigint[]) as t (id) join ti_override x on x.dag_run_id = t.id
       order by x.ti_id`,
      ids,
    )
    const tries = await leader.query<TryRow>(failedTries('select id from unnest($1::bigint[]) as t (id)'), ids)
    return {
      runs: runs.rows,
      tis: tis.rows,
      versions: versions.rows.map(toVersion),
      compensations: compensations.rows,
      tiOverrides: overrides.rows,
      tries: tries.rows.map(toTryRecord),
    }
  })
}

type VersionRow = Omit<DagVersionRecord, 'serialized'> & { readonly serialized: string }

function toVersion(row: VersionRow): DagVersionRecord {
  return { ...row, serialized: JSON.parse(row.serialized) as DagVersionRecord['serialized'] }
}

type Rows = <Row extends pg.QueryResultRow>(sql: string) => Promise<Row[]>

async function nextId(rows: Rows, table: string, column: string): Promise<number> {
  const [row] = await rows<{ id: number | null }>(`select max(${column}) as id from ${table}`)
  return (row?.id ?? 0) + 1
}
