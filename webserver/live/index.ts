/** `/api/v2/ws`: committed events and log lines, as they come. */
import websocket from '@fastify/websocket'
import type { FastifyInstance } from 'fastify'
import { EventFeed } from './event-feed.ts'
import type { LogParts } from './log-subscription.ts'
import { type SocketTimes, serveSocket } from './socket.ts'

const LARGEST_MESSAGE = 4 * 1024
const MOST_SOCKETS = 500
/** Of one person or token, in all their windows: nobody takes all of them. */
const MOST_OF_ONE = 100
const TIMES: SocketTimes = { pingEveryMs: 30_000, checkEveryMs: 15_000 }

export function addLive(
  app: FastifyInstance,
  parts: LogParts & { readonly socketTimes?: SocketTimes; log(line: string): void },
): void {
  const { pool, logs, log, socketTimes: times = TIMES } = parts
  const feed = new EventFeed(pool, log)
  const open = new Map<string, number>()
  let sockets = 0
  void app.register(websocket, { options: { maxPayload: LARGEST_MESSAGE } })
  app.addHook('onClose', async () => feed.stop())
  void app.register(async (scope) => {
    scope.get('/api/v2/ws', { websocket: true, config: { role: 'viewer', isSocket: true } }, (socket, request) => {
      const { authenticated } = request
      if (authenticated === null) return socket.close(1008, 'not signed in')
      if (sockets >= MOST_SOCKETS) return socket.close(1013, 'too many connections')
      const { name } = authenticated.identity
      const ofOne = open.get(name) ?? 0
      if (ofOne >= MOST_OF_ONE) return socket.close(1013, 'too many connections of yours')
      sockets++
      open.set(name, ofOne + 1)
      socket.on('close', () => {
        sockets--
        const left = (open.get(name) ?? 1) - 1
        if (left === 0) open.delete(name)
        else open.set(name, left)
      })
      socket.on('error', () => socket.terminate())
      // Messages that come meanwhile wait in the socket.
      socket.pause()
      feed.start().then(
        () => {
          serveSocket(socket, authenticated, { pool, logs, feed, times })
          socket.resume()
        },
        () => socket.close(1013, 'try again later'),
      )
    })
  })
}
