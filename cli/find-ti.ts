/** Finds the run and the task instance that a command names: a run by its id, `latest`, or left out for the latest. */
import type { TiRecord } from '../core/records.ts'
import { getRun, listRuns, type RunListItem } from '../database/queries/runs.ts'
import { getTi, listTis } from '../database/queries/task-instances.ts'
import { CommandFailure } from './command-failure.ts'
import { unknownRun, unknownTask } from './commands/not-found.ts'
import type { Pool } from './database-access.ts'
import { requireDag } from './platform/require-dag.ts'

/** Throws `CommandFailure` with the nearest one when there is none. */
export async function findRun(pool: Pool, dagId: string, runId: string | undefined): Promise<RunListItem> {
  if (runId === undefined || runId === 'latest') {
    await requireDag(pool, dagId)
    const [latest] = await listRuns(pool, { dagId, limit: 1 })
    if (latest === undefined) {
      throw new CommandFailure(`Dag "${dagId}" has no run yet.`, `Make one with: tradewind dags trigger ${dagId}`)
    }
    return latest
  }
  return (await getRun(pool, { dagId, runId })) ?? unknownRun(pool, dagId, runId)
}

export interface RunName {
  readonly id: number
  readonly dag_id: string
  readonly dag_run_id: string
  readonly state: string
}

export async function findTi(pool: Pool, run: RunName, taskId: string, mapIndex: number): Promise<TiRecord> {
  const ti = await getTi(pool, { dagRunId: run.id, taskId, mapIndex })
  if (ti !== null) return ti
  const tis = await listTis(pool, run.id)
  if (tis.length === 0) {
    throw new CommandFailure(
      `The run ${run.dag_run_id} of ${run.dag_id} is ${run.state}: it has no task instances yet.`,
    )
  }
  throw unknownTask(taskId, [...new Set(tis.map((one) => one.taskId))])
}
