/**
 * The platform whose database this machine can reach. Reads come from the tables; changes go through the scheduler's
 * inbox.
 */
import type { CommandRequest } from '../../core/records.ts'
import { listDags } from '../../database/queries/dags.ts'
import { isDraining } from '../../database/queries/inbox.ts'
import { listPools } from '../../database/queries/overview.ts'
import { pageRuns, type RunPage } from '../../database/queries/run-pages.ts'
import { listTis, listTriesOfRun } from '../../database/queries/task-instances.ts'
import { createFileLogStore } from '../../executor/file-log-store.ts'
import { dataFolder } from '../data-folder.ts'
import { type Pool as DatabasePool, type Wanted, withDatabase } from '../database-access.ts'
import { findRun, findTi } from '../find-ti.ts'
import type { ProgramConfig } from '../load-config.ts'
import { submit } from '../submit.ts'
import { lazyFailures } from './lazy-failures.ts'
import { eventSource } from './local-events.ts'
import { namedValues } from './local-values.ts'
import type { Change, Platform, Run, RunFilter } from './platform.ts'
import { requireDag } from './require-dag.ts'
import { shownDag, shownRun, shownTi } from './shown.ts'

/** Opens the database, does the work, closes everything. */
export function withLocalPlatform<T>(
  program: ProgramConfig,
  wanted: Wanted,
  work: (platform: Platform) => Promise<T>,
): Promise<T> {
  return withDatabase(program, wanted, async (pool) => {
    const logs = createFileLogStore({ logsDir: dataFolder(program.dataFolder).logs })
    try {
      return await work(localPlatform(program, pool, logs))
    } finally {
      await logs.close()
    }
  })
}

function localPlatform(
  program: ProgramConfig,
  pool: DatabasePool,
  logs: ReturnType<typeof createFileLogStore>,
): Platform {
  const change = async (request: CommandRequest) => (await submit(pool, request)) as Change
  // Deciding is loaded where something is decided.
  const planner = async () => (await import('./local-plans.ts')).planner(program, pool)
  const named = (run: Run) => ({ dagId: run.dag_id, runId: run.dag_run_id })
  return {
    ...eventSource(pool),
    ...namedValues(program, pool),
    ...lazyFailures(async () => (await import('./local-failures.ts')).localFailures(program, pool)),

    isDraining: () => isDraining(pool),
    setDraining: async (draining) =>
      (await submit(pool, { kind: draining ? 'drain' : 'resume' })) as { draining: boolean; running: number },

    dags: async ({ all }) => (await listDags(pool, all ? {} : { isActive: true })).map(shownDag),
    trigger: async (dagId, trigger) =>
      (await submit(pool, { kind: 'trigger', dagId, ...trigger })) as { dag_run_id: string; is_paused: boolean },
    setPaused: (dagId, isPaused) => submit(pool, { kind: isPaused ? 'pause' : 'unpause', dagId }),
    deleteDag: async (dagId) => {
      await submit(pool, { kind: 'delete-dag', dagId })
    },

    runs: async (filter) => {
      if (filter.dagId !== undefined) await requireDag(pool, filter.dagId)
      return (await pageRuns(pool, runPage(filter))).map(shownRun)
    },
    run: async (dagId, runId) => shownRun(await findRun(pool, dagId, runId)),
    taskInstances: async (run) => {
      const lastTry = new Map((await listTriesOfRun(pool, run.id)).map((one) => [one.tiId, one]))
      return (await listTis(pool, run.id)).map((ti) => shownTi(ti, lastTry.get(ti.id)))
    },
    taskInstance: async (run, taskId, mapIndex) => shownTi(await findTi(pool, run, taskId, mapIndex), undefined),
    why: async (run, taskId, mapIndex) => {
      const { explain } = await import('./local-explanation.ts')
      return explain({ program, pool }, run, taskId, mapIndex)
    },

    planClear: async (run, options) => (await planner()).planClear(run, options),
    planMark: async (run, options) => (await planner()).planMark(run, options),

    clear: (run, options) => change({ kind: 'clear', ...named(run), ...options }),
    mark: (run, options) => change({ kind: 'mark', ...named(run), ...options }),
    markRun: (run, state) => change({ kind: 'mark-run', ...named(run), state }),
    cancel: (run, which) => change({ kind: 'cancel', ...named(run), ...which }),
    note: (run, note, taskId) =>
      submit(pool, { kind: 'note', ...named(run), note, ...(taskId === undefined ? {} : { taskId }) }),
    deleteRun: (run) => submit(pool, { kind: 'delete-run', ...named(run) }),

    log: async (run, ti, tryNumber, position) => {
      const address = { ...named(run), tiId: ti.id, tryNumber, taskId: ti.task_id, mapIndex: ti.map_index }
      const { lines, nextByte } = await logs.read(address, position)
      return { lines, position: nextByte }
    },

    pools: () => listPools(pool),
    setPool: (name, slots, description) =>
      submit(pool, { kind: 'set-pool', name, slots, ...(description === undefined ? {} : { description }) }),
    deletePool: (name) => submit(pool, { kind: 'delete-pool', name }),
  }
}

function runPage({ dagId, state, correlationId, limit }: RunFilter): RunPage {
  return {
    ...(dagId === undefined ? {} : { dagId }),
    ...(state === undefined ? {} : { states: [state] }),
    ...(correlationId === undefined ? {} : { correlationId }),
    order: 'id',
    falling: true,
    offset: 0,
    limit,
  }
}
