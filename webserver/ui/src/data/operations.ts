/** What is not of one Dag: health, import errors, pools, variables, connections. */
import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { API, get, patch, post, remove } from '../api/request.ts'
import type { Connection, ImportError, Platform, Pool, Variable } from '../api/types.ts'

/** A scheduler that is gone says nothing: only asking shows it. */
const PLATFORM_EVERY_MS = 30_000

export function usePlatform() {
  return useQuery({
    queryKey: ['platform'],
    queryFn: ({ signal }) => get<Platform>(`${API}/platform`, {}, signal),
    refetchInterval: PLATFORM_EVERY_MS,
  })
}

export function useDrain() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (verb: 'drain' | 'resume') => post(`${API}/platform/${verb}`),
    onSettled: () => client.invalidateQueries({ queryKey: ['platform'] }),
  })
}

export function useImportErrors() {
  return useQuery({
    queryKey: ['import-errors'],
    queryFn: async ({ signal }) => {
      const answer = await get<{ readonly import_errors: readonly ImportError[] }>(
        `${API}/importErrors`,
        { limit: 1_000 },
        signal,
      )
      return answer.import_errors
    },
  })
}

export interface ListOf {
  readonly pools: Pool
  readonly variables: Variable
  readonly connections: Connection
}
export type ListName = keyof ListOf

export function useList<Name extends ListName>(name: Name) {
  return useQuery({
    queryKey: [name],
    queryFn: async ({ signal }) => {
      const answer = await get<Readonly<Record<Name, readonly ListOf[Name][]>>>(
        `${API}/${name}`,
        { limit: 1_000 },
        signal,
      )
      return answer[name]
    },
    placeholderData: keepPreviousData,
  })
}

/** `id: null` makes a new one. */
export function useSave(name: ListName) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: ({ id, body }: { readonly id: string | null; readonly body: unknown }) =>
      id === null ? post(`${API}/${name}`, body) : patch(`${API}/${name}/${encodeURIComponent(id)}`, body),
    onSuccess: () => client.invalidateQueries({ queryKey: [name] }),
  })
}

export function useRemove(name: ListName) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (id: string) => remove(`${API}/${name}/${encodeURIComponent(id)}`),
    onSuccess: () => client.invalidateQueries({ queryKey: [name] }),
  })
}

export function useTestConnection() {
  return useMutation({
    mutationFn: (body: unknown) =>
      post<{ readonly status: boolean; readonly message: string }>(`${API}/connections/test`, body),
  })
}
