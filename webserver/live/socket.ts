/**
 * One client's socket: its subscriptions, its limits, its end. Invariants: memory for a client is bounded whatever it sends
 * or does not read; a client that is gone, silent or signed out has no socket.
 */
import type { WebSocket } from '@fastify/websocket'
import type { Authenticated } from '../auth/authenticator.ts'
import type { EventFeed } from './event-feed.ts'
import { EventSubscription } from './event-subscription.ts'
import { type LogParts, LogSubscription } from './log-subscription.ts'
import { type ClientMessage, readMessage, type ServerMessage } from './messages.ts'
import type { Outlet, Subscription } from './outlet.ts'

const MOST_SUBSCRIPTIONS = 32
const MOST_MESSAGES = 200
const MESSAGE_WINDOW_MS = 10_000
/** Bytes that may wait in the socket before one more message is written to it. */
const ROOM = 512 * 1024
const DRAIN_LOOK_MS = 50

export interface SocketTimes {
  readonly pingEveryMs: number
  /** How often it is asked whether the sign-in still holds. */
  readonly checkEveryMs: number
}

/** Code of a socket whose sign-in ended. */
const SIGNED_OUT = 4401

export function serveSocket(
  socket: WebSocket,
  authenticated: Authenticated,
  parts: LogParts & { readonly feed: EventFeed; readonly times: SocketTimes },
): void {
  const { feed, times } = parts
  const subscriptions = new Map<string, Subscription>()
  let drainTimer: NodeJS.Timeout | null = null
  let isAlive = true
  let windowStart = 0
  let messages = 0

  const advance = () => {
    for (const subscription of subscriptions.values()) subscription.advance()
  }
  const outlet: Outlet = {
    send: (message: ServerMessage) => {
      if (socket.readyState === socket.OPEN) socket.send(JSON.stringify(message))
    },
    hasRoom: () => {
      if (socket.bufferedAmount < ROOM) return true
      drainTimer ??= setTimeout(() => {
        drainTimer = null
        advance()
      }, DRAIN_LOOK_MS)
      return false
    },
    close: (code, reason) => socket.close(code, reason),
  }
  const stopListening = feed.onAdvance(advance)

  const pings = setInterval(() => {
    if (!isAlive) return socket.terminate()
    isAlive = false
    socket.ping()
  }, times.pingEveryMs)
  const checks = setInterval(() => {
    authenticated.isStillValid().then(
      (valid) => {
        if (!valid) socket.close(SIGNED_OUT, 'signed out')
      },
      () => {
        // The database does not answer: asked again next time.
      },
    )
  }, times.checkEveryMs)

  function take(message: ClientMessage): void {
    subscriptions.get(message.id)?.end()
    subscriptions.delete(message.id)
    if (message.type === 'unsubscribe') return
    if (subscriptions.size >= MOST_SUBSCRIPTIONS) {
      outlet.send({ type: 'error', id: message.id, message: `At most ${MOST_SUBSCRIPTIONS} subscriptions.` })
      return
    }
    const subscription =
      message.topic === 'events'
        ? new EventSubscription(message, feed, outlet)
        : new LogSubscription(message, parts, outlet)
    subscriptions.set(message.id, subscription)
    subscription.advance()
  }

  socket.on('pong', () => {
    isAlive = true
  })
  socket.on('close', () => {
    clearInterval(pings)
    clearInterval(checks)
    if (drainTimer !== null) clearTimeout(drainTimer)
    stopListening()
    for (const subscription of subscriptions.values()) subscription.end()
    subscriptions.clear()
  })
  socket.on('message', (data: Buffer, isBinary: boolean) => {
    const now = Date.now()
    if (now - windowStart > MESSAGE_WINDOW_MS) {
      windowStart = now
      messages = 0
    }
    if (++messages > MOST_MESSAGES) return socket.close(1008, 'too many messages')
    const message = isBinary ? null : readMessage(data.toString('utf8'))
    if (message === null) {
      outlet.send({ type: 'error', id: null, message: 'Not understood: a field is missing, wrong or too many.' })
    } else {
      take(message)
    }
  })
}
