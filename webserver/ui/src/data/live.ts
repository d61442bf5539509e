/**
 * Committed changes, brought into the cache: events say that something moved, the queries that show it are read again. The
 * first event is acted on at once; while more come, at most one reading in `EVERY_MS`.
 */
import { type QueryKey, useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useSyncExternalStore } from 'react'
import { type LiveEvent, type LiveStatus, liveSocket } from '../api/live-socket.ts'

const EVERY_MS = 400
/** While there is no connection, and never otherwise. */
const WITHOUT_CONNECTION_MS = 30_000

export function useLiveStatus(): LiveStatus {
  return useSyncExternalStore(liveSocket.onStatus, liveSocket.status)
}

interface Filter {
  readonly dagId?: string | undefined
  /** Numeric. */
  readonly runNumber?: number | undefined
}

/** Reads `keys` again when something of the filter changes. */
export function useLiveQueries(keys: readonly QueryKey[], { dagId, runNumber }: Filter = {}, everyMs = EVERY_MS): void {
  const client = useQueryClient()
  const wanted = useRef(keys)
  wanted.current = keys
  useEffect(() => {
    let timer: number | undefined
    let hasMore = false
    const refresh = () => {
      hasMore = false
      for (const queryKey of wanted.current) void client.invalidateQueries({ queryKey }, { cancelRefetch: false })
      timer = window.setTimeout(() => {
        timer = undefined
        if (hasMore) refresh()
      }, everyMs)
    }
    const onEvents = (events: readonly LiveEvent[]) => {
      if (events.length === 0) return
      hasMore = true
      if (timer === undefined) refresh()
    }
    const filter = {
      ...(dagId === undefined ? {} : { dag_id: dagId }),
      ...(runNumber === undefined ? {} : { dag_run_id: runNumber }),
    }
    const end = liveSocket.subscribeEvents(filter, onEvents)
    return () => {
      end()
      window.clearTimeout(timer)
    }
  }, [client, dagId, runNumber, everyMs])
  const status = useLiveStatus()
  useEffect(() => {
    if (status === 'open') return
    const timer = window.setInterval(() => {
      for (const queryKey of wanted.current) void client.invalidateQueries({ queryKey })
    }, WITHOUT_CONNECTION_MS)
    return () => window.clearInterval(timer)
  }, [client, status])
}
