/**
 * Lists that committed changes move: events say that something changed, and the queries that show it are read again; at
 * once the first time, then at most every so often. What belongs to one Dag is kept live by `dag-feed.ts` without reading.
 */
import { type QueryKey, useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useSyncExternalStore } from 'react'
import type { LiveEvent } from '../api/live-event.ts'
import { type EventTopic, type LiveStatus, liveSocket } from '../api/live-socket.ts'
import { Refresher } from './refresher.ts'

/** While there is no connection, and never otherwise. */
const WITHOUT_CONNECTION_MS = 30_000

export function useLiveStatus(): LiveStatus {
  return useSyncExternalStore(liveSocket.onStatus, liveSocket.status)
}

interface Options extends EventTopic {
  readonly everyMs: number
  /** Brings events into what is kept; `false`: all that they say is in it now. Without it every event has the keys read. */
  readonly patch?: (events: readonly LiveEvent[]) => boolean
}

/** Reads `keys` again when events of the topic come. */
export function useLiveQueries(keys: readonly QueryKey[], { everyMs, patch, dag_id: dagId, kinds }: Options): void {
  const client = useQueryClient()
  const wanted = useRef({ keys, patch })
  wanted.current = { keys, patch }
  const kindsText = kinds?.join(' ')
  useEffect(() => {
    const refresher = new Refresher(client)
    const refresh = () => {
      for (const queryKey of wanted.current.keys) refresher.refresh(queryKey, everyMs)
    }
    const topic = {
      ...(dagId === undefined ? {} : { dag_id: dagId }),
      ...(kindsText === undefined ? {} : { kinds: kindsText.split(' ') }),
    }
    const end = liveSocket.subscribeEvents(topic, {
      // The first reading went out together with the subscription, and may have been the quicker one.
      onStart: refresh,
      onEvents: (events) => {
        const isReading = wanted.current.keys.some((queryKey) => client.isFetching({ queryKey }) > 0)
        if ((wanted.current.patch?.(events) ?? true) || isReading) refresh()
      },
    })
    const poll = window.setInterval(() => {
      if (liveSocket.status() !== 'open') refresh()
    }, WITHOUT_CONNECTION_MS)
    return () => {
      end()
      refresher.stop()
      window.clearInterval(poll)
    }
  }, [client, dagId, kindsText, everyMs])
}
