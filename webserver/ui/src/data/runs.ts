/** Runs of a Dag, one run with its task instances, and what can be done to them. */
import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { get, patch, post, remove } from '../api/request.ts'
import type { CompensationList, Run, RunList, TaskInstance, TiList } from '../api/types.ts'
import { liveDag, useLiveDag } from './dag-feed.ts'
import { dagPath, runPath, tiPath } from './paths.ts'

export const RUNS_PER_PAGE = 50

export interface RunFilter {
  readonly state: string | null
  readonly correlationId: string
  readonly offset: number
}

export function useRuns(dagId: string, { state, correlationId, offset }: RunFilter) {
  const client = useQueryClient()
  // A word of ours, where one of Airflow's would find others, too.
  const query = {
    exact_state: state,
    correlation_id: correlationId,
    offset,
    limit: RUNS_PER_PAGE,
    order_by: '-run_after',
  }
  const queryKey = ['runs', dagId, query]
  useLiveDag(dagId)
  return useQuery({
    queryKey,
    queryFn: ({ signal }) =>
      liveDag(client, dagId).read(queryKey, () => get<RunList>(`${dagPath(dagId)}/dagRuns`, query, signal)),
    placeholderData: keepPreviousData,
  })
}

export function useRun(dagId: string, runId: string) {
  const client = useQueryClient()
  const queryKey = ['run', dagId, runId]
  useLiveDag(dagId)
  return useQuery({
    queryKey,
    queryFn: ({ signal }) => liveDag(client, dagId).read(queryKey, () => get<Run>(runPath(dagId, runId), {}, signal)),
  })
}

export function useTaskInstances(dagId: string, runId: string) {
  const client = useQueryClient()
  const queryKey = ['tis', dagId, runId]
  return useQuery({
    queryKey,
    queryFn: ({ signal }) =>
      liveDag(client, dagId).read(queryKey, async () => {
        const path = `${runPath(dagId, runId)}/taskInstances`
        return (await get<TiList>(path, { limit: 1_000 }, signal)).task_instances
      }),
  })
}

/** What of the run was or is being undone, in the order of its planning. */
export function useCompensations(dagId: string, runId: string) {
  const client = useQueryClient()
  const queryKey = ['compensations', dagId, runId]
  return useQuery({
    queryKey,
    queryFn: ({ signal }) =>
      liveDag(client, dagId).read(queryKey, async () => {
        const path = `${runPath(dagId, runId)}/compensations`
        return (await get<CompensationList>(path, { limit: 1_000 }, signal)).compensations
      }),
  })
}

/** After any change to a run: everything that shows it. */
export function useRefreshRun(dagId: string, runId: string) {
  const client = useQueryClient()
  return () =>
    Promise.all(
      [
        ['run', dagId, runId],
        ['tis', dagId, runId],
        ['ti', dagId, runId],
        ['compensations', dagId, runId],
        ['grid', dagId],
        ['runs', dagId],
        ['dags'],
      ].map((queryKey) => client.invalidateQueries({ queryKey })),
    )
}

export function useSetNote(dagId: string, runId: string) {
  const refresh = useRefreshRun(dagId, runId)
  return useMutation({
    mutationFn: (note: string | null) => patch(runPath(dagId, runId), { note }),
    onSettled: refresh,
  })
}

export function useDeleteRun(dagId: string, runId: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: () => remove(runPath(dagId, runId)),
    onSuccess: () => {
      for (const queryKey of [['runs', dagId], ['grid', dagId], ['dags']]) void client.invalidateQueries({ queryKey })
    },
  })
}

export interface ChangeOptions {
  /** Empty: the whole run. */
  readonly taskIds: readonly string[]
  readonly upstream: boolean
  readonly downstream: boolean
  readonly onlyFailed: boolean
  /** Of a clear: effects are made again, under new idempotency keys. */
  readonly newKeys?: boolean
  /** Of a clear: the run goes on with the newest version of its Dag. */
  readonly newest?: boolean
}

/** What an operator can do to a run or its task instances. */
export type Change =
  | ({ readonly kind: 'clear' } & ChangeOptions)
  | ({ readonly kind: 'mark'; readonly state: 'success' | 'failed' | 'skipped' } & ChangeOptions)
  /** `keep`: of a whole run, what it completed is not undone. */
  | ({ readonly kind: 'cancel'; readonly keep?: boolean } & Pick<ChangeOptions, 'taskIds'>)
  | ({ readonly kind: 'compensate' } & Pick<ChangeOptions, 'taskIds'>)
  | { readonly kind: 'mark-run'; readonly state: 'success' | 'failed' }

/** A task instance that a change touches, with the state it gets; `null` is that of one that has not begun. */
export interface Affected {
  readonly task_id: string
  readonly state: string | null
  readonly new_state: string | null
  /** Tasks that are undone before it. */
  readonly after?: readonly string[]
}

function send(dagId: string, runId: string, change: Change, dryRun: boolean): Promise<unknown> {
  const run = runPath(dagId, runId)
  switch (change.kind) {
    case 'clear':
      return post(`${dagPath(dagId)}/clearTaskInstances`, {
        dry_run: dryRun,
        dag_run_id: runId,
        ...(change.taskIds.length === 0 ? {} : { task_ids: change.taskIds }),
        only_failed: change.onlyFailed,
        include_upstream: change.upstream,
        include_downstream: change.downstream,
        ...(change.newKeys === true ? { new_idempotency_keys: true } : {}),
        ...(change.newest === true ? { run_on_latest_version: true } : {}),
      })
    case 'mark': {
      const path = tiPath({ dagId, runId, taskId: change.taskIds[0] ?? '' })
      const body = {
        new_state: change.state,
        include_upstream: change.upstream,
        include_downstream: change.downstream,
      }
      return patch(dryRun ? `${path}/dry_run` : path, body)
    }
    case 'cancel':
      return post(dryRun ? `${run}/cancel/dry_run` : `${run}/cancel`, {
        ...(change.taskIds.length === 0 ? {} : { task_ids: change.taskIds }),
        ...(change.keep === true && !dryRun ? { compensate: false } : {}),
      })
    case 'compensate':
      return post(`${run}/compensate`, {
        dry_run: dryRun,
        ...(change.taskIds.length === 0 ? {} : { task_ids: change.taskIds }),
      })
    case 'mark-run':
      return patch(dryRun ? `${run}/dry_run` : run, { state: change.state })
  }
}

/** Exactly what a change would touch: the server plans it with the functions that then do it. */
export function usePreview(dagId: string, runId: string, change: Change) {
  return useQuery({
    queryKey: ['preview', dagId, runId, change],
    staleTime: 0,
    gcTime: 0,
    queryFn: async () => affectedBy(change, await send(dagId, runId, change, true)),
  })
}

function affectedBy(change: Change, answer: unknown): readonly Affected[] {
  if (change.kind === 'cancel' || change.kind === 'mark-run') {
    return (answer as { readonly changes: readonly Affected[] }).changes
  }
  if (change.kind === 'compensate') {
    const { planned } = answer as { readonly planned: readonly PlannedUndoing[] }
    return planned.map((one) => ({ ...one, state: one.exact_state, new_state: 'compensating' }))
  }
  const { task_instances: tis, cleared } = answer as TiChange
  const become = (state: string | null) => (one: TaskInstance) => ({ ...one, new_state: state })
  return [...tis.map(become(change.kind === 'mark' ? change.state : null)), ...cleared.map(become(null))]
}

interface PlannedUndoing {
  readonly task_id: string
  readonly exact_state: string | null
  readonly after: readonly string[]
}

interface TiChange {
  readonly task_instances: readonly TaskInstance[]
  readonly cleared: readonly TaskInstance[]
}

export function useChange(dagId: string, runId: string) {
  const refresh = useRefreshRun(dagId, runId)
  return useMutation({ mutationFn: (change: Change) => send(dagId, runId, change, false), onSettled: refresh })
}
