/**
 * One subscription to events. Back-pressure: nothing is queued for a client that reads slowly; it falls behind by its
 * position and catches up, from memory or page by page from the database, as its socket drains.
 */
import type { EventLine } from '../../core/records.ts'
import type { EventFeed, EventPage } from './event-feed.ts'
import { type EventsRequest, toLiveEvent } from './messages.ts'
import type { Outlet, Subscription } from './outlet.ts'

const MOST_IN_ONE = 500
/** Who is further behind than this reads the whole page anew instead: cheaper for both. */
const FURTHEST_BEHIND = 100_000

export class EventSubscription implements Subscription {
  readonly #request: EventsRequest
  readonly #feed: EventFeed
  readonly #outlet: Outlet
  #position: number
  #isFirst = true
  #busy = false
  #isEnded = false

  constructor(request: EventsRequest, feed: EventFeed, outlet: Outlet) {
    this.#request = request
    this.#feed = feed
    this.#outlet = outlet
    this.#position = Math.min(request.after ?? feed.position, feed.position)
  }

  advance(): void {
    if (this.#busy || this.#isEnded) return
    const { id, dag_run_id: dagRunId } = this.#request
    if (dagRunId === undefined && this.#feed.position - this.#position > FURTHEST_BEHIND) {
      this.#isEnded = true
      this.#outlet.send({ type: 'error', id, message: 'Too far behind: read everything again, then subscribe anew.' })
      return
    }
    while (!this.#isEnded && this.#outlet.hasRoom()) {
      if (this.#position >= this.#feed.position && !this.#isFirst) return
      const page = this.#feed.recent(this.#position, MOST_IN_ONE)
      if (page === null) {
        this.#catchUp()
        return
      }
      this.#deliver(page)
    }
  }

  end(): void {
    this.#isEnded = true
  }

  #deliver({ events, position }: EventPage): void {
    const { id } = this.#request
    const wanted = events.filter((event) => this.#isWanted(event))
    this.#position = position
    // The first answer tells the position, even when there is nothing.
    if (wanted.length > 0 || this.#isFirst) {
      this.#isFirst = false
      this.#outlet.send({ type: 'events', id, events: wanted.map(toLiveEvent), position })
    }
  }

  #catchUp(): void {
    this.#busy = true
    this.#feed
      .older(this.#position, this.#request.dag_run_id ?? null)
      .then((page) => {
        if (!this.#isEnded) this.#deliver(page)
      })
      .catch(() => {
        // The database does not answer: the client comes again with the position it has.
        this.#isEnded = true
        this.#outlet.close(1013, 'try again later')
      })
      .finally(() => {
        this.#busy = false
        this.advance()
      })
  }

  #isWanted(event: EventLine): boolean {
    const { dag_id: dagId, dag_run_id: dagRunId, kinds } = this.#request
    if (dagId !== undefined && event.dagId !== dagId) return false
    if (dagRunId !== undefined && event.dagRunId !== dagRunId) return false
    return kinds === undefined || kinds.some((beginning) => event.kind.startsWith(beginning))
  }
}
