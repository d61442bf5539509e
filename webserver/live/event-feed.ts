/**
 * The committed events, read once for all sockets. Invariants: events are handed on in the order of their ids, none left
 * out; what is kept in memory is bounded, and whoever is further behind reads the database page by page.
 */
import type { EventLine } from '../../core/records.ts'
import { listenForEvents } from '../../database/event-hints.ts'
import { listEvents, listEventsAfter } from '../../database/queries/events.ts'
import { lastEventId } from '../../database/queries/last-event.ts'
import type { Pool } from '../pool.ts'

const KEPT = 5_000
const PAGE = 1_000
/** Looks without a hint this often: a hint can be lost. */
const LOOK_EVERY_MS = 5_000

export interface EventPage {
  readonly events: readonly EventLine[]
  /** All events up to here were looked at. */
  readonly position: number
}

export class EventFeed {
  readonly #pool: Pool
  readonly #log: (line: string) => void
  readonly #listeners = new Set<() => void>()
  /** Ascending; every event after `#keptAfter`. */
  #kept: EventLine[] = []
  #keptAfter = 0
  #position = 0
  #reading: Promise<void> | null = null
  #again = false
  #starting: Promise<void> | null = null
  #isStopped = false
  #stopListening: (() => Promise<void>) | null = null
  #timer: NodeJS.Timeout | null = null

  constructor(pool: Pool, log: (line: string) => void) {
    this.#pool = pool
    this.#log = log
  }

  /** Events up to here are known. */
  get position(): number {
    return this.#position
  }

  /** Called by every socket: a server nobody looks at reads nothing. */
  start(): Promise<void> {
    this.#starting ??= this.#begin().catch((error: unknown) => {
      this.#starting = null
      throw error
    })
    return this.#starting
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    await this.#starting?.catch(() => {})
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#listeners.clear()
    await this.#stopListening?.()
    await this.#reading
  }

  onAdvance(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** What follows `after` and is at hand; `null` when the database has to be asked. */
  recent(after: number, limit: number): EventPage | null {
    if (after < this.#keptAfter) return null
    const from = firstAfter(this.#kept, after)
    const events = this.#kept.slice(from, from + limit)
    const isAll = from + events.length === this.#kept.length
    return { events, position: isAll ? Math.max(after, this.#position) : events.at(-1)!.id }
  }

  /** A page from the database, for who is far behind; of one run where that is given. */
  async older(after: number, dagRunId: number | null): Promise<EventPage> {
    const head = this.#position
    const events =
      dagRunId === null
        ? await listEventsAfter(this.#pool, { afterId: after, limit: PAGE })
        : await listEvents(this.#pool, dagRunId, { afterId: after, limit: PAGE })
    const last = events.at(-1)?.id ?? after
    // A page of a run that is not full says that the run has no more, up to where we were when we asked.
    const isAll = events.length === 0 || (dagRunId !== null && events.length < PAGE)
    return { events, position: isAll ? Math.max(head, last) : last }
  }

  async #begin(): Promise<void> {
    if (this.#isStopped) throw new Error('The web server is stopping')
    this.#position = await lastEventId(this.#pool)
    this.#keptAfter = this.#position
    this.#stopListening = listenForEvents(this.#pool, (id) => {
      if (id === null || id > this.#position) this.#look()
    })
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS)
  }

  #look(): void {
    this.#again = true
    this.#reading ??= this.#read().finally(() => {
      this.#reading = null
      if (this.#again) this.#look()
    })
  }

  async #read(): Promise<void> {
    try {
      while (this.#again) {
        this.#again = false
        const events = await listEventsAfter(this.#pool, { afterId: this.#position, limit: PAGE })
        if (events.length === 0) continue
        this.#again = true
        this.#position = events.at(-1)!.id
        this.#kept.push(...events)
        if (this.#kept.length > 2 * KEPT) {
          this.#kept = this.#kept.slice(-KEPT)
          this.#keptAfter = this.#kept[0]!.id - 1
        }
        for (const listener of this.#listeners) listener()
      }
    } catch (error) {
      // The next hint, or the next look, goes on from the same position.
      this.#again = false
      this.#log(`Live events: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
}

function firstAfter(events: readonly EventLine[], id: number): number {
  let low = 0
  let high = events.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (events[middle]!.id > id) high = middle
    else low = middle + 1
  }
  return low
}
