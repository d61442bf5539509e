/** What a clear or a mark would do, by the very functions the scheduler decides with, over the run as it is now. */
import { planClear, planMark } from '../../core/clear.ts'
import { platformDefaults } from '../../core/config/platform-defaults-from-config.ts'
import { buildGraph, type DagGraph } from '../../core/graph.ts'
import type { TiRecord } from '../../core/records.ts'
import { readVersions } from '../../database/queries/dag-overview.ts'
import { getRun } from '../../database/queries/runs.ts'
import { listTis } from '../../database/queries/task-instances.ts'
import { CommandFailure } from '../command-failure.ts'
import type { Pool } from '../database-access.ts'
import type { ProgramConfig } from '../load-config.ts'
import type { Plan, Platform, Run } from './platform.ts'
import { shownTi } from './shown.ts'

interface Loaded {
  readonly graph: DagGraph
  /** By the index of their task. */
  readonly tis: readonly TiRecord[]
}

export function planner(program: ProgramConfig, pool: Pool): Pick<Platform, 'planClear' | 'planMark'> {
  return {
    planClear: async (run, options) => {
      const loaded = await load(program, pool, run)
      if (loaded.tis.length === 0) return { task_instances: [], cleared: [], undone: [] }
      const plan = planClear(loaded.graph, loaded.tis, options)
      return shown(loaded, run, plan.ok ? { ...plan, cleared: [] } : plan)
    },
    planMark: async (run, options) => {
      const loaded = await load(program, pool, run)
      if (loaded.tis.length === 0) {
        throw new CommandFailure(
          `The run ${run.dag_run_id} of ${run.dag_id} is ${run.state}: it has no task instances yet.`,
          `Wait for them, or mark the run: tradewind runs mark ${run.dag_id} ${run.dag_run_id} --as ${options.state}`,
        )
      }
      return shown(loaded, run, planMark(loaded.graph, loaded.tis, options))
    },
  }
}

type Planned =
  | {
      readonly ok: true
      readonly indexes: readonly number[]
      readonly cleared: readonly number[]
      readonly undone?: readonly number[]
    }
  | { readonly ok: false; readonly message: string }

function shown({ tis }: Loaded, run: Run, plan: Planned): Plan {
  if (!plan.ok) {
    throw new CommandFailure(`${plan.message}.`, `See: tradewind runs show ${run.dag_id} ${run.dag_run_id}`)
  }
  const pick = (indexes: readonly number[]) => indexes.map((index) => shownTi(tis[index]!, undefined))
  const undone = (plan.undone ?? []).map((index) => tis[index]!.taskId)
  return { task_instances: pick(plan.indexes), cleared: pick(plan.cleared), undone }
}

async function load(program: ProgramConfig, pool: Pool, { id, dag_id, dag_run_id }: Run): Promise<Loaded> {
  const run = await getRun(pool, { id })
  const [version] = run === null ? [] : await readVersions(pool, [run.versionId])
  if (version === undefined) {
    throw new CommandFailure(`The run ${dag_run_id} of ${dag_id}, or the version it used, was deleted meanwhile.`)
  }
  const graph = buildGraph(version, platformDefaults(program.config))
  const found = await listTis(pool, id)
  if (found.length === 0) return { graph, tis: [] }
  const byTask = new Map(found.map((ti) => [ti.taskId, ti]))
  return { graph, tis: graph.tasks.map(({ taskId }) => byTask.get(taskId) ?? absent(id, taskId)) }
}

/** A task without a TI takes no part. */
function absent(dagRunId: number, taskId: string): TiRecord {
  const never = { startDate: null, endDate: null, retryAt: null, branchSkips: null }
  const counts = { tryNumber: 0, maxTries: 0, failures: 0, losses: 0 }
  return { id: 0, dagRunId, taskId, mapIndex: -1, state: 'removed', ...counts, ...never }
}
