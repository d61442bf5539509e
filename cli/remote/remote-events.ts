/**
 * The history of a server elsewhere. Its socket says when to look, what is new is read as always: by position, so nothing is
 * missed and nothing told twice, however often the socket breaks.
 */
import type { EventCount, EventFilter, EventHints, Platform } from '../platform/platform.ts'
import { addCounts } from '../platform/sum-counts.ts'
import type { ApiClient, Server } from './api-client.ts'
import { type EventBody, readEvent } from './bodies.ts'

type RemoteEvents = Pick<Platform, 'events' | 'countEvents' | 'lastEventId' | 'onEvents'>

export function remoteEvents(api: ApiClient, server: Server): RemoteEvents {
  return {
    events: async ({ falling, after, limit, ...filter }) => {
      const query = { order_by: falling ? '-id' : 'id', limit, cursor: after, ...asQuery(filter) }
      const page = await api.get<{ event_logs: readonly EventBody[]; next_cursor: string | null }>('/eventLogs', query)
      return {
        events: page.event_logs.map(readEvent),
        next: page.next_cursor === null ? null : Number(page.next_cursor),
      }
    },
    countEvents: (filter, by) =>
      addCounts(async (cursor) => {
        const query = { by, cursor: cursor ?? undefined, ...asQuery(filter) }
        const counted = await api.get<{ total: number; groups: readonly EventCount[]; next_cursor: string | null }>(
          '/eventLogs/count',
          query,
        )
        const groups = by === undefined ? [{ key: null, count: counted.total }] : counted.groups
        return { groups, next: counted.next_cursor === null ? null : Number(counted.next_cursor) }
      }),
    lastEventId: async () => {
      const query = { order_by: '-id', limit: 1 }
      const page = await api.get<{ event_logs: readonly EventBody[] }>('/eventLogs', query)
      return page.event_logs[0]?.event_log_id ?? 0
    },
    onEvents: async (look) => listen(server, look),
  }
}

function asQuery({ dagId, run, taskId, correlation, kinds, actor, from, to }: EventFilter) {
  const iso = (at: number | undefined) => (at === undefined ? undefined : new Date(at).toISOString())
  return {
    dag_id: run?.dag_id ?? dagId,
    run_id: run?.dag_run_id,
    task_id: taskId,
    correlation_id: correlation,
    event: kinds,
    owner: actor,
    after: iso(from),
    before: iso(to),
  }
}

const AGAIN_MS = 5_000

/** One subscription to everything: its messages are hints. */
function listen(server: Server, look: () => void): EventHints {
  let socket: WebSocket | null = null
  let timer: NodeJS.Timeout | null = null
  let isClosed = false
  let isLive = false

  function connect(): void {
    const url = new URL(`${server.url.replace(/\/+$/, '')}/api/v2/ws`)
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
    const headers = server.token === null ? {} : { authorization: `Bearer ${server.token}` }
    // Node's WebSocket takes headers, which that of browsers does not.
    const opened = new WebSocket(url, { headers } as unknown as string[])
    socket = opened
    opened.addEventListener('open', () => {
      isLive = true
      opened.send(JSON.stringify({ type: 'subscribe', id: 'events', topic: 'events' }))
      look()
    })
    opened.addEventListener('message', () => look())
    // An error is followed by a close.
    opened.addEventListener('error', () => {})
    opened.addEventListener('close', () => {
      isLive = false
      if (!isClosed) timer = setTimeout(connect, AGAIN_MS)
    })
  }

  connect()
  return {
    isLive: () => isLive,
    close: async () => {
      isClosed = true
      if (timer !== null) clearTimeout(timer)
      socket?.close()
    },
  }
}
