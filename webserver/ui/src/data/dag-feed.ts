/**
 * The committed changes of one Dag, brought into everything of it that the page keeps. Invariants: events are applied in
 * their order; an answer that was on its way while events came gets them applied too (it may be older than they are); what
 * no event tells is read, and only that.
 */
import { type QueryClient, type QueryKey, useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import type { LiveEvent } from '../api/live-event.ts'
import { liveSocket } from '../api/live-socket.ts'
import { type Asking, applyEvents, DAG_KEYS } from './dag-caches.ts'
import type { Grid } from './grid-model.ts'
import { mergeRuns, patchGrid } from './live-patches.ts'
import { readGridRuns } from './read-grid.ts'
import { Refresher } from './refresher.ts'

/** Events of so many milliseconds are drawn together: two frames. */
const GATHER_MS = 32
/** Events kept for answers that are on their way. */
const KEPT = 20_000
/** A Dag that was left is followed a little longer, for who comes back. */
const LINGER_MS = 20_000
/** While there is no connection, and never otherwise. */
const WITHOUT_CONNECTION_MS = 30_000
const AFTER_FAILURE_MS = 1_000

class DagFeed {
  readonly #client: QueryClient
  readonly #dagId: string
  readonly #refresher: Refresher
  readonly #asking: Asking
  readonly #end: () => void
  readonly #poll: number
  #hasStarted = false
  #hasRead = false
  /** Ascending; `#dropped` older ones are gone. */
  #recent: LiveEvent[] = []
  #dropped = 0
  #pending: LiveEvent[] = []
  #timer: number | undefined
  #unread = new Set<number>()
  #isReadingRuns = false

  constructor(client: QueryClient, dagId: string) {
    this.#client = client
    this.#dagId = dagId
    this.#refresher = new Refresher(client)
    this.#asking = {
      refresh: (queryKey, everyMs) => this.#refresher.refresh(queryKey, everyMs),
      readRuns: (numbers) => this.#readRuns(numbers),
      kept: (queryKey) => this.#client.getQueryData(queryKey),
    }
    this.#end = liveSocket.subscribeEvents(
      { dag_id: dagId },
      {
        onStart: () => {
          // What was read before the subscription stood may lack changes; after a gap everything may.
          if (this.#hasRead || this.#hasStarted) this.#readAll()
          this.#hasStarted = true
        },
        onEvents: (events) => this.#take(events),
      },
    )
    this.#poll = window.setInterval(() => {
      if (liveSocket.status() !== 'open') this.#readAll()
    }, WITHOUT_CONNECTION_MS)
  }

  stop(): void {
    this.#end()
    this.#refresher.stop()
    window.clearInterval(this.#poll)
    window.clearTimeout(this.#timer)
    for (const { queryKey } of this.#queries()) {
      void this.#client.invalidateQueries({ queryKey, refetchType: 'none' })
    }
  }

  async read<Data>(queryKey: QueryKey, reading: () => Promise<Data>): Promise<Data> {
    this.#hasRead = true
    const mark = this.#mark()
    const data = await reading()
    const missed = this.#since(mark)
    return missed.length === 0 ? data : (applyEvents(queryKey, data, missed, this.#asking) as Data)
  }

  /** All events so far: they were committed before what is read from now on. */
  #mark(): number {
    return this.#dropped + this.#recent.length
  }

  #since(mark: number): readonly LiveEvent[] {
    if (mark < this.#dropped) this.#readAll()
    return this.#recent.slice(Math.max(0, mark - this.#dropped))
  }

  #queries() {
    const isOfDag = ([kind, dagId]: QueryKey) => dagId === this.#dagId && DAG_KEYS.some((name) => name === kind)
    return this.#client.getQueryCache().findAll({ predicate: ({ queryKey }) => isOfDag(queryKey) })
  }

  #readAll(): void {
    for (const { queryKey } of this.#queries()) void this.#client.invalidateQueries({ queryKey })
  }

  #take(events: readonly LiveEvent[]): void {
    this.#recent.push(...events)
    if (this.#recent.length > 2 * KEPT) {
      this.#dropped += this.#recent.length - KEPT
      this.#recent = this.#recent.slice(-KEPT)
    }
    this.#pending.push(...events)
    this.#timer ??= window.setTimeout(() => {
      this.#timer = undefined
      this.#apply(this.#pending.splice(0))
    }, GATHER_MS)
  }

  #apply(events: readonly LiveEvent[]): void {
    for (const { queryKey, state } of this.#queries()) {
      if (state.data === undefined) continue
      const patched = applyEvents(queryKey, state.data, events, this.#asking)
      if (patched !== state.data) this.#client.setQueryData(queryKey, patched)
    }
  }

  /** One reading under way; what is asked for meanwhile goes with the next. */
  #readRuns(numbers: ReadonlySet<number>): void {
    for (const number of numbers) this.#unread.add(number)
    if (this.#isReadingRuns || this.#unread.size === 0) return
    this.#isReadingRuns = true
    const wanted = [...this.#unread]
    this.#unread.clear()
    const queryKey = ['grid', this.#dagId]
    const mark = this.#mark()
    readGridRuns(this.#dagId, wanted)
      .then((fresh) => {
        this.#client.setQueryData<Grid>(queryKey, (old) => {
          if (old === undefined) return old
          const { grid, unread } = patchGrid(mergeRuns(old, fresh), this.#since(mark))
          for (const number of unread) this.#unread.add(number)
          return grid
        })
      })
      .catch(() => this.#refresher.refresh(queryKey, AFTER_FAILURE_MS))
      .finally(() => {
        this.#isReadingRuns = false
        this.#readRuns(new Set())
      })
  }
}

interface Followed {
  readonly feed: DagFeed
  followers: number
  leaving: number | undefined
}

const feeds = new Map<string, Followed>()

function follow(client: QueryClient, dagId: string): Followed & { readonly leave: () => void } {
  const one = feeds.get(dagId) ?? { feed: new DagFeed(client, dagId), followers: 0, leaving: undefined }
  feeds.set(dagId, one)
  one.followers++
  window.clearTimeout(one.leaving)
  const leave = () => {
    one.followers--
    if (one.followers > 0) return
    one.leaving = window.setTimeout(() => {
      feeds.delete(dagId)
      one.feed.stop()
    }, LINGER_MS)
  }
  return { ...one, leave }
}

/** Through whom answers about a Dag are read, so that they are as new as what the socket has told. */
export function liveDag(client: QueryClient, dagId: string): Pick<DagFeed, 'read'> {
  const { feed, leave } = follow(client, dagId)
  leave()
  return feed
}

/** Keeps everything of the Dag live while the caller is on the page. */
export function useLiveDag(dagId: string): void {
  const client = useQueryClient()
  useEffect(() => follow(client, dagId).leave, [client, dagId])
}
