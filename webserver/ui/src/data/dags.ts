/** Dags: the list, one of them, its versions and source, pausing and triggering. */
import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { API, get, patch, post, type Query, remove } from '../api/request.ts'
import type { DagDetails, DagList, Run, Source } from '../api/types.ts'
import { useLiveQueries } from './live.ts'
import { patchDags } from './live-patches.ts'
import { dagPath } from './paths.ts'

export interface DagFilter {
  readonly search: string
  readonly tags: readonly string[]
  readonly onlyFailing: boolean
  readonly offset: number
}

export const DAGS_PER_PAGE = 50
/** A run that has come, or a Dag that has changed, takes a reading of the list. */
const NEW_RUNS_EVERY_MS = 250

export function useDags({ search, tags, onlyFailing, offset }: DagFilter) {
  const query: Query = {
    dag_id_pattern: search,
    tags,
    last_dag_run_state: onlyFailing ? 'failed' : undefined,
    limit: DAGS_PER_PAGE,
    offset,
    order_by: 'dag_id',
  }
  const client = useQueryClient()
  const queryKey = ['dags', query]
  useLiveQueries([['dags']], {
    kinds: ['run.', 'dag.'],
    everyMs: NEW_RUNS_EVERY_MS,
    patch: (events) => {
      const list = client.getQueryData<DagList>(queryKey)
      if (list === undefined) return true
      const { dags, isNew } = patchDags(list.dags, events)
      client.setQueryData<DagList>(queryKey, { ...list, dags: [...dags] })
      return isNew
    },
  })
  return useQuery({
    queryKey,
    queryFn: ({ signal }) => get<DagList>(`${API}/dags`, query, signal),
    placeholderData: keepPreviousData,
  })
}

export function useDagTags() {
  return useQuery({
    queryKey: ['dag-tags'],
    queryFn: async () => {
      const answer = await get<{ readonly tags: readonly string[] }>(`${API}/dagTags`, { limit: 1_000 })
      return answer.tags
    },
  })
}

export function useDag(dagId: string) {
  return useQuery({
    queryKey: ['dag', dagId],
    queryFn: ({ signal }) => get<DagDetails>(`${dagPath(dagId)}/details`, {}, signal),
  })
}

export function useSource(dagId: string) {
  return useQuery({
    queryKey: ['source', dagId],
    queryFn: ({ signal }) => get<Source>(`${API}/dagSources/${encodeURIComponent(dagId)}`, {}, signal),
  })
}

export function usePause(dagId: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (isPaused: boolean) => patch(dagPath(dagId), { is_paused: isPaused }),
    onSettled: () =>
      Promise.all([
        client.invalidateQueries({ queryKey: ['dags'] }),
        client.invalidateQueries({ queryKey: ['dag', dagId] }),
      ]),
  })
}

export function useDeleteDag(dagId: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: () => remove(dagPath(dagId)),
    onSuccess: () => client.invalidateQueries({ queryKey: ['dags'] }),
  })
}

/** By what a run is found; each is made up, or none, unless it is given. */
export interface RunNames {
  readonly dag_run_id?: string
  readonly correlation_id?: string
  readonly trigger_key?: string
}

interface TriggerRequest extends RunNames {
  readonly conf: unknown
  readonly logical_date: string | null
  readonly note?: string
}

export function useTrigger(dagId: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (request: TriggerRequest) => post<Partial<Run>>(`${dagPath(dagId)}/dagRuns`, request),
    onSettled: () =>
      Promise.all(
        [['dags'], ['grid', dagId], ['runs', dagId]].map((queryKey) => client.invalidateQueries({ queryKey })),
      ),
  })
}
