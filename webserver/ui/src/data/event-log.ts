/** The event log: its newest page kept live, older ones on request, how many there are, and all of them as a file. */
import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { liveSocket } from '../api/live-socket.ts'
import { API, get, type Query, withQuery } from '../api/request.ts'
import type { EventCountPage, EventPage } from '../api/types.ts'
import { useLiveQueries } from './live.ts'

const EVERY_MS = 1_000
const PER_PAGE = 100
/** A count of a long history comes in pieces. */
const MOST_PIECES = 20

/** In the names of the API. */
export interface EventFilter {
  readonly correlation_id?: string
  readonly dag_id?: string
  readonly run_id?: string
  readonly task_id?: string
  readonly event?: readonly string[]
  readonly state?: readonly string[]
  readonly owner?: string
  readonly after?: string
  readonly before?: string
}

const asQuery = (filter: EventFilter): Query => ({ ...filter })

/** Newest first, page by page. Nothing is read anew of itself: `useFollowing` does that. */
export function useEventLog(filter: EventFilter) {
  return useInfiniteQuery({
    queryKey: ['event-log', filter],
    initialPageParam: null as string | null,
    refetchOnWindowFocus: false,
    queryFn: ({ pageParam, signal }) =>
      get<EventPage>(`${API}/eventLogs`, { ...asQuery(filter), cursor: pageParam, limit: PER_PAGE }, signal),
    getNextPageParam: (page) => page.next_cursor ?? null,
  })
}

/**
 * While it follows, the newest page is read again as events come. Paused, it only says whether any came that may fit.
 * Events do not tell all that is filtered by, so which of them fit the server says.
 */
export function useFollowing(filter: EventFilter, isFollowing: boolean): boolean {
  const topic = filter.dag_id === undefined ? {} : { dag_id: filter.dag_id }
  const [hasNew, setHasNew] = useState(false)
  useLiveQueries(isFollowing ? [['event-log', filter]] : [], { ...topic, everyMs: EVERY_MS })
  useEffect(() => {
    setHasNew(false)
    if (isFollowing) return
    return liveSocket.subscribeEvents(filter.dag_id === undefined ? {} : { dag_id: filter.dag_id }, {
      onEvents: () => setHasNew(true),
    })
  }, [filter.dag_id, isFollowing])
  return hasNew
}

/** Back to the newest page alone. */
export function useNewestEvents(filter: EventFilter): () => void {
  const client = useQueryClient()
  return () => void client.resetQueries({ queryKey: ['event-log', filter] })
}

export interface EventCounts {
  readonly total: number
  /** There are more than were counted. */
  readonly isPartial: boolean
  readonly groups: EventCountPage['groups']
}

export function useEventCounts(filter: EventFilter, by: string | null) {
  return useQuery({
    queryKey: ['event-counts', filter, by],
    enabled: by !== null,
    queryFn: async ({ signal }): Promise<EventCounts> => {
      const counts = new Map<string | null, number>()
      let total = 0
      let cursor: string | null = null
      for (let piece = 0; piece < MOST_PIECES; piece++) {
        const path = `${API}/eventLogs/count`
        const answer: EventCountPage = await get<EventCountPage>(path, { ...asQuery(filter), by, cursor }, signal)
        total += answer.total
        for (const { key, count } of answer.groups) counts.set(key, (counts.get(key) ?? 0) + count)
        cursor = answer.next_cursor
        if (cursor === null) break
      }
      const groups = [...counts].map(([key, count]) => ({ key, count })).toSorted((a, b) => b.count - a.count)
      return { total, isPartial: cursor !== null, groups }
    },
  })
}

/** JSON lines, oldest first. */
export const exportPath = (filter: EventFilter) => withQuery(`${API}/eventLogs/export`, asQuery(filter))
