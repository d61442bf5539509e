/**
 * One WebSocket for the whole page. Each subscription remembers the position it has seen, and asks to go on from there
 * after every reconnect, so nothing is missed; reconnects back off up to 15 s, with jitter, and at once when the browser
 * comes back online.
 */
import type { LiveEvent } from './live-event.ts'
import { API } from './request.ts'

export interface EventTopic {
  readonly dag_id?: string
  /** Beginnings of kinds, such as `run.`. */
  readonly kinds?: readonly string[]
}

export interface EventListener {
  readonly onEvents: (events: readonly LiveEvent[]) => void
  /**
   * From now on nothing is missed: what was read before may lack changes. Called when the server has taken the
   * subscription for the first time, and when it could not go on from where it was.
   */
  readonly onStart?: () => void
}

export interface LiveLogLine {
  readonly at: number
  readonly level: string
  readonly source: string
  readonly text: string
  readonly fields?: Readonly<Record<string, unknown>>
}

export interface LogTopic {
  readonly dag_id: string
  readonly dag_run_id: string
  readonly task_id: string
  readonly try_number: number
  readonly map_index?: number
}

export type LiveStatus = 'connecting' | 'open' | 'lost'

interface Subscription {
  readonly topic: Readonly<Record<string, unknown>>
  readonly positionField: 'after' | 'from_byte'
  position: number | undefined
  readonly onMessage: (message: Readonly<Record<string, unknown>>) => void
}

const AGAIN_AFTER_MS = 1_000

const FIRST_DELAY_MS = 500
const LONGEST_DELAY_MS = 15_000

export class LiveSocket {
  #socket: WebSocket | null = null
  #subscriptions = new Map<string, Subscription>()
  #nextId = 1
  #delay = FIRST_DELAY_MS
  #timer: number | undefined
  #status: LiveStatus = 'connecting'
  #wanted = false
  #listeners = new Set<() => void>()

  status = (): LiveStatus => this.#status

  onStatus = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  start(): void {
    if (this.#wanted) return
    this.#wanted = true
    window.addEventListener('online', this.#retryNow)
    this.#open()
  }

  stop(): void {
    this.#wanted = false
    window.removeEventListener('online', this.#retryNow)
    window.clearTimeout(this.#timer)
    this.#socket?.close()
    this.#socket = null
    this.#setStatus('connecting')
  }

  subscribeEvents(topic: EventTopic, { onEvents, onStart }: EventListener): () => void {
    let hasStarted = false
    const subscription: Subscription = {
      topic: { topic: 'events', ...topic },
      positionField: 'after',
      position: undefined,
      onMessage: (message) => {
        if (message.type === 'events') {
          if (!hasStarted) onStart?.()
          hasStarted = true
          const events = (message.events ?? []) as readonly LiveEvent[]
          if (events.length > 0) onEvents(events)
        } else if (message.type === 'error') {
          // Too far behind, or too many subscriptions: it begins anew, and what is shown is read anew.
          hasStarted = false
          subscription.position = undefined
          window.setTimeout(() => {
            if (this.#subscriptions.get(id) === subscription) this.#subscribe(id, subscription)
          }, AGAIN_AFTER_MS)
        }
      },
    }
    const { id, end } = this.#add(subscription)
    return end
  }

  subscribeLog(
    topic: LogTopic,
    fromByte: number,
    onLines: (lines: readonly LiveLogLine[], ended: boolean) => void,
    onError: (message: string) => void,
  ): () => void {
    return this.#add({
      topic: { topic: 'log', ...topic },
      positionField: 'from_byte',
      position: fromByte,
      onMessage: (message) => {
        if (message.type === 'error') onError(String(message.message))
        else if (message.type === 'log')
          onLines((message.lines ?? []) as readonly LiveLogLine[], message.ended === true)
      },
    }).end
  }

  #add(subscription: Subscription): { readonly id: string; readonly end: () => void } {
    const id = String(this.#nextId++)
    this.#subscriptions.set(id, subscription)
    this.#subscribe(id, subscription)
    const end = () => {
      this.#subscriptions.delete(id)
      this.#send({ type: 'unsubscribe', id })
    }
    return { id, end }
  }

  #subscribe(id: string, { topic, positionField, position }: Subscription): void {
    this.#send({ type: 'subscribe', id, ...topic, ...(position === undefined ? {} : { [positionField]: position }) })
  }

  #send(message: unknown): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message))
  }

  #open(): void {
    if (!this.#wanted) return
    const socket = new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}${API}/ws`)
    this.#socket = socket
    socket.onopen = () => {
      this.#delay = FIRST_DELAY_MS
      this.#setStatus('open')
      for (const [id, subscription] of this.#subscriptions) this.#subscribe(id, subscription)
    }
    socket.onmessage = (event) => this.#receive(String(event.data))
    socket.onclose = () => {
      if (this.#socket !== socket) return
      this.#socket = null
      if (!this.#wanted) return
      this.#setStatus('lost')
      this.#timer = window.setTimeout(() => this.#open(), this.#delay * (0.75 + Math.random() / 2))
      this.#delay = Math.min(this.#delay * 2, LONGEST_DELAY_MS)
    }
  }

  #receive(text: string): void {
    const message = JSON.parse(text) as Readonly<Record<string, unknown>>
    const subscription = this.#subscriptions.get(String(message.id))
    if (subscription === undefined) return
    if (typeof message.position === 'number') subscription.position = message.position
    subscription.onMessage(message)
  }

  #retryNow = (): void => {
    if (this.#socket !== null) return
    window.clearTimeout(this.#timer)
    this.#delay = FIRST_DELAY_MS
    this.#open()
  }

  #setStatus(status: LiveStatus): void {
    if (this.#status === status) return
    this.#status = status
    for (const listener of this.#listeners) listener()
  }
}

export const liveSocket = new LiveSocket()
