/**
 * One run with its TIs and its graph, as the scheduler would hold it: what dry runs plan over. TIs are in the order of the
 * tasks of the version the run is pinned to.
 */
import type { CompensationRecord, RunRecord, TiRecord } from '../core/records.ts'
import { newestCompensations } from '../database/queries/compensations.ts'
import { listDagRows } from '../database/queries/dag-overview.ts'
import { getRun } from '../database/queries/runs.ts'
import { listTis } from '../database/queries/task-instances.ts'
import type { ReadParts, Version } from './api-parts.ts'
import { notFound } from './error-replies.ts'

export interface LoadedRun {
  readonly run: RunRecord
  readonly version: Version
  /** One for each task, by its index; empty while the run is queued for the first time. */
  readonly tis: readonly TiRecord[]
  /** Newest of each TI, by the index of its task. */
  readonly compensations: ReadonlyMap<number, CompensationRecord>
}

export interface RunName {
  readonly dag_id: string
  readonly dag_run_id: string
}

/** Refuses with 404. */
export async function loadRun(parts: Pick<ReadParts, 'pool' | 'versionsOf'>, name: RunName): Promise<LoadedRun> {
  const run = await requireRun(parts, name)
  const version = (await parts.versionsOf([run.versionId])).get(run.versionId)
  if (version === undefined) {
    throw notFound(`The version of Dag "${run.dagId}" that run "${run.runId}" used is not there any more.`)
  }
  const found = await listTis(parts.pool, run.id)
  const byTask = new Map(found.filter((ti) => ti.mapIndex < 0).map((ti) => [ti.taskId, ti]))
  const tis =
    found.length === 0 ? [] : version.graph.tasks.map(({ taskId }) => byTask.get(taskId) ?? absent(run, taskId))
  return { run, version, tis, compensations: version.graph.compensates ? await newestOf(parts, run, tis) : new Map() }
}

async function newestOf({ pool }: Pick<ReadParts, 'pool'>, run: RunRecord, tis: readonly TiRecord[]) {
  const indexOf = new Map(tis.map((ti, index) => [ti.id, index]))
  const newest = new Map<number, CompensationRecord>()
  for (const one of await newestCompensations(pool, run.id)) {
    const index = indexOf.get(one.tiId)
    if (index !== undefined) newest.set(index, one)
  }
  return newest
}

/** A task without a TI takes no part in a clear. */
function absent(run: RunRecord, taskId: string): TiRecord {
  return {
    id: 0,
    dagRunId: run.id,
    taskId,
    mapIndex: -1,
    state: 'removed',
    tryNumber: 0,
    maxTries: 0,
    failures: 0,
    losses: 0,
    retryAt: null,
    startDate: null,
    endDate: null,
    branchSkips: null,
  }
}

export async function requireRun(parts: Pick<ReadParts, 'pool'>, { dag_id, dag_run_id }: RunName) {
  const run = await getRun(parts.pool, { dagId: dag_id, runId: dag_run_id })
  if (run !== null) return run
  await requireDag(parts, dag_id)
  throw notFound(`Dag "${dag_id}" has no run "${dag_run_id}". GET /api/v2/dags/${dag_id}/dagRuns lists them.`)
}

export async function requireDag(parts: Pick<ReadParts, 'pool'>, dagId: string) {
  const [row] = await listDagRows(parts.pool, dagId)
  if (row === undefined) throw notFound(`There is no Dag "${dagId}". GET /api/v2/dags lists them.`)
  return row
}
