/**
 * All the instants the scheduler waits for, in one binary heap in front of one timer of the loop. Entries are not removed
 * when they lose their meaning: whoever takes a due one checks that it still has one (a stale timer is harmless), and a
 * crowded heap is sifted, so that stale ones never outnumber the others for long.
 */
export type Timer =
  /** The Dag's next automatic run is due. */
  | { readonly at: number; readonly kind: 'dag'; readonly dagId: string }
  /** A retry delay has passed. */
  | {
      readonly at: number
      readonly kind: 'retry'
      readonly dagRunId: number
      readonly index: number
      readonly tryNumber: number
    }
  | { readonly at: number; readonly kind: 'run-timeout'; readonly dagRunId: number }

/** Below this size a heap is not worth sifting. */
const CROWDED_AT = 64

export class TimerHeap {
  #heap: Timer[] = []
  #crowdedAt = CROWDED_AT

  get size(): number {
    return this.#heap.length
  }

  /** When the earliest entry is due; `Infinity` when there is none. */
  get nextAt(): number {
    return this.#heap[0]?.at ?? Number.POSITIVE_INFINITY
  }

  push(timer: Timer): void {
    const heap = this.#heap
    let i = heap.length
    heap.push(timer)
    while (i > 0) {
      const parent = (i - 1) >> 1
      if (heap[parent]!.at <= timer.at) break
      heap[i] = heap[parent]!
      i = parent
    }
    heap[i] = timer
  }

  /** The entries due at `now`, earliest first, at most `limit`; nothing is removed. */
  due(now: number, limit: number): Timer[] {
    const heap = this.#heap
    const found: Timer[] = []
    // Children are never earlier than their parent, so only due entries have due children worth a look.
    const open = [0]
    while (open.length > 0) {
      const i = open.pop()!
      const timer = heap[i]
      if (timer === undefined || timer.at > now) continue
      found.push(timer)
      open.push(2 * i + 1, 2 * i + 2)
    }
    found.sort((a, b) => a.at - b.at)
    return found.slice(0, limit)
  }

  /** Twice as large as after the last sifting. */
  get isCrowded(): boolean {
    return this.#heap.length > this.#crowdedAt
  }

  /** Drops what does not mean anything any more. Linear, and called once for every doubling. */
  keep(meansSomething: (timer: Timer) => boolean): void {
    const kept = this.#heap.filter(meansSomething)
    this.#heap = []
    for (const timer of kept) this.push(timer)
    this.#crowdedAt = Math.max(CROWDED_AT, 2 * kept.length)
  }

  /** Removes these very entries. */
  remove(timers: readonly Timer[]): void {
    if (timers.length === 0) return
    const gone = new Set(timers)
    // The taken entries are the earliest ones, so popping meets them first; others that come up go back.
    const back: Timer[] = []
    while (gone.size > 0 && this.#heap.length > 0) {
      const timer = this.#pop()
      if (!gone.delete(timer)) back.push(timer)
    }
    for (const timer of back) this.push(timer)
  }

  #pop(): Timer {
    const heap = this.#heap
    const top = heap[0]!
    const last = heap.pop()!
    if (heap.length === 0) return top
    let i = 0
    for (;;) {
      const left = 2 * i + 1
      if (left >= heap.length) break
      const right = left + 1
      const child = right < heap.length && heap[right]!.at < heap[left]!.at ? right : left
      if (heap[child]!.at >= last.at) break
      heap[i] = heap[child]!
      i = child
    }
    heap[i] = last
    return top
  }
}
