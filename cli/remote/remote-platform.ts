/** The platform behind the REST API of a server elsewhere: the same verbs, done with the rights of a token. */
import type { ClearOptions, MarkOptions } from '../../core/records.ts'
import { CommandFailure } from '../command-failure.ts'
import type { Change, Dag, Plan, Platform, Pool, Run, TaskInstance } from '../platform/platform.ts'
import { type ApiClient, apiClient, apiPath, type Server } from './api-client.ts'
import {
  type DagBody,
  type LogBody,
  type PlatformBody,
  type RunBody,
  readDag,
  readLine,
  readRun,
  readTi,
  readTry,
  type TiBody,
  type TiChange,
} from './bodies.ts'
import { remoteEvents } from './remote-events.ts'
import { remoteFailures } from './remote-failures.ts'
import { remoteValues } from './remote-values.ts'

/** The most the API gives at once. */
const PAGE = 1_000

export async function withRemotePlatform<T>(server: Server, work: (platform: Platform) => Promise<T>): Promise<T> {
  return work(remotePlatform(apiClient(server), server))
}

function remotePlatform(api: ApiClient, server: Server): Platform {
  const ofRun = (run: Run) => apiPath('dags', run.dag_id, 'dagRuns', run.dag_run_id)
  const ofTi = (run: Run, taskId: string) => `${ofRun(run)}${apiPath('taskInstances', taskId)}`

  async function taskInstances(run: Run): Promise<readonly TaskInstance[]> {
    const found: TaskInstance[] = []
    for (;;) {
      const query = { limit: PAGE, offset: found.length }
      const page = await api.get<{ task_instances: readonly TiBody[] }>(`${ofRun(run)}/taskInstances`, query)
      found.push(...page.task_instances.map(readTi))
      if (page.task_instances.length < PAGE) return found
    }
  }

  return {
    ...remoteValues(api),
    ...remoteFailures(api),

    isDraining: async () => (await api.get<PlatformBody>('/platform')).draining,
    setDraining: async (draining) => {
      const body = await api.send<PlatformBody>('POST', draining ? '/platform/drain' : '/platform/resume')
      const { running = 0, queued = 0 } = body.open_task_instances
      return { draining: body.draining, running: running + queued }
    },

    dags: async ({ all }) => {
      const found: Dag[] = []
      for (;;) {
        const query = { limit: PAGE, offset: found.length, only_active: !all, dag_runs_limit: 0 }
        const { dags } = await api.get<{ dags: readonly DagBody[] }>('/dags', query)
        found.push(...dags.map(readDag))
        if (dags.length < PAGE) return found
      }
    },
    trigger: async (dagId, { conf, runId, logicalDate, note, correlationId, triggerKey }) => {
      const run = await api.send<RunBody>('POST', apiPath('dags', dagId, 'dagRuns'), {
        ...(conf === undefined ? {} : { conf: JSON.parse(conf) as unknown }),
        ...(runId === undefined ? {} : { dag_run_id: runId }),
        ...(logicalDate === undefined ? {} : { logical_date: new Date(logicalDate).toISOString() }),
        ...(note === undefined ? {} : { note }),
        ...(correlationId === undefined ? {} : { correlation_id: correlationId }),
        ...(triggerKey === undefined ? {} : { trigger_key: triggerKey }),
      })
      const dag = await api.get<DagBody>(apiPath('dags', dagId))
      return { dag_id: dagId, dag_run_id: run.dag_run_id, id: run.id, is_paused: dag.is_paused }
    },
    setPaused: async (dagId, isPaused) => {
      const dag = await api.send<DagBody>('PATCH', apiPath('dags', dagId), { is_paused: isPaused })
      return { dag_id: dag.dag_id, is_paused: dag.is_paused }
    },
    deleteDag: async (dagId) => {
      await api.send('DELETE', apiPath('dags', dagId))
    },

    runs: async ({ dagId, state, correlationId, limit }) => {
      const found: Run[] = []
      for (let cursor: string | undefined; ; ) {
        const query = {
          order_by: '-id',
          exact_state: state,
          correlation_id: correlationId,
          limit: Math.min(PAGE, limit - found.length),
          cursor,
        }
        const path = apiPath('dags', dagId ?? '~', 'dagRuns')
        const page = await api.get<{ dag_runs: readonly RunBody[]; next_cursor: string | null }>(path, query)
        found.push(...page.dag_runs.map(readRun))
        if (page.next_cursor === null || found.length >= limit) return found
        cursor = page.next_cursor
      }
    },
    run: async (dagId, runId) => {
      if (runId !== undefined && runId !== 'latest') {
        return readRun(await api.get<RunBody>(apiPath('dags', dagId, 'dagRuns', runId)))
      }
      const query = { order_by: '-id', limit: 1 }
      const page = await api.get<{ dag_runs: readonly RunBody[] }>(apiPath('dags', dagId, 'dagRuns'), query)
      const [latest] = page.dag_runs
      if (latest !== undefined) return readRun(latest)
      throw new CommandFailure(`Dag "${dagId}" has no run yet.`, `Make one with: tradewind dags trigger ${dagId}`)
    },
    taskInstances,
    taskInstance: async (run, taskId, mapIndex) =>
      readTi(await api.get<TiBody>(ofTi(run, taskId), { map_index: mapIndex })),
    why: async (run, taskId, mapIndex) => {
      const path = ofTi(run, taskId)
      const query = { map_index: mapIndex }
      const why = await api.get<{ dependencies: readonly { name: string; reason: string }[] }>(
        `${path}/dependencies`,
        query,
      )
      const reasons = why.dependencies.map(({ name, reason }) => ({ code: name, message: reason }))
      const ti = await api.find<TiBody>(path, query)
      if (ti === null) return { ti: null, tries: [], reasons }
      const tries = await api.get<{ task_instances: readonly TiBody[] }>(`${path}/tries`, query)
      return { ti: readTi(ti), tries: tries.task_instances.map(readTry), reasons }
    },

    planClear: async (run, options) => planned(await clear(api, run, options, true)),
    clear: async (run, options) => changed(run, await clear(api, run, options, false)),
    planMark: async (run, options) => planned(await mark(api, run, options, true)),
    mark: async (run, options) => changed(run, await mark(api, run, options, false)),
    markRun: async (run, state) => {
      await api.send<RunBody>('PATCH', ofRun(run), { state })
      return changed(run, { task_instances: [], cleared: [] })
    },
    cancel: async (run, { taskIds, withoutCompensation }) => {
      const body = {
        ...(taskIds === undefined ? {} : { task_ids: taskIds }),
        ...(withoutCompensation === true ? { compensate: false } : {}),
      }
      const answer = await api.send<Omit<Change, 'cleared'>>('POST', `${ofRun(run)}/cancel`, body)
      return { ...answer, cleared: [] }
    },
    note: async (run, note, taskId) => {
      await api.send('PATCH', taskId === undefined ? ofRun(run) : ofTi(run, taskId), { note })
      return { dag_id: run.dag_id, dag_run_id: run.dag_run_id, note }
    },
    deleteRun: (run) => api.send('DELETE', ofRun(run)),

    log: async (run, ti, tryNumber, position) => {
      const path = `${ofTi(run, ti.task_id)}${apiPath('logs', tryNumber)}`
      const query = { map_index: ti.map_index, token: position === 0 ? undefined : position }
      const body = await api.get<LogBody>(path, query)
      const next = body.continuation_token
      return { lines: body.content.map(readLine), position: next === null ? position : Number(next) }
    },

    ...remoteEvents(api, server),

    pools: async () => {
      const { pools } = await api.get<{ pools: readonly Pool[] }>('/pools', { limit: PAGE })
      return pools.map(({ name, slots, description }) => ({ name, slots, description }))
    },
    setPool: async (name, slots, description) => {
      const path = apiPath('pools', name)
      const body = { slots, ...(description === undefined ? {} : { description }) }
      if ((await api.find<Pool>(path)) === null) await api.send('POST', '/pools', { name, ...body })
      else await api.send('PATCH', path, body)
      return { name, slots }
    },
    deletePool: (name) => api.send('DELETE', apiPath('pools', name)),
  }
}

function clear(api: ApiClient, run: Run, options: ClearOptions, dryRun: boolean): Promise<TiChange> {
  return api.send<TiChange>('POST', apiPath('dags', run.dag_id, 'clearTaskInstances'), {
    dry_run: dryRun,
    dag_run_id: run.dag_run_id,
    task_ids: options.taskIds,
    only_failed: options.onlyFailed,
    only_running: options.onlyRunning,
    include_upstream: options.upstream,
    include_downstream: options.downstream,
    ...(options.newKeys === true ? { new_idempotency_keys: true } : {}),
    ...(options.newest === true ? { run_on_latest_version: true } : {}),
  })
}

function mark(api: ApiClient, run: Run, options: MarkOptions, dryRun: boolean): Promise<TiChange> {
  return api.send<TiChange>('POST', `${apiPath('dags', run.dag_id, 'dagRuns', run.dag_run_id)}/markTaskInstances`, {
    dry_run: dryRun,
    task_ids: options.taskIds,
    new_state: options.state,
    include_upstream: options.upstream,
    include_downstream: options.downstream,
  })
}

function planned({ task_instances, cleared, undone = [] }: TiChange): Plan {
  return { task_instances: task_instances.map(readTi), cleared: cleared.map(readTi), undone }
}

function changed({ dag_id, dag_run_id }: Run, { task_instances, cleared }: TiChange): Change {
  const names = (tis: readonly TiBody[]) => tis.map((ti) => ti.task_id)
  return { dag_id, dag_run_id, task_ids: names(task_instances), cleared: names(cleared) }
}
