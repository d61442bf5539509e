/**
 * Time and everything that happens in it: a queue of callbacks. Nothing in a simulated world waits for real; a step takes
 * the next callback, sets the time, and lets all promises that follow settle.
 */
import type { Clock } from '../../core/ports/clock.ts'

interface Entry {
  readonly at: number
  readonly order: number
  readonly callback: () => void
  cancelled: boolean
}

export class SimulatedClock implements Clock {
  #now: number
  #order = 0
  readonly #queue: Entry[] = []

  constructor(start: number) {
    this.#now = start
  }

  now(): number {
    return this.#now
  }

  monotonic(): number {
    return this.#now
  }

  setTimer(at: number, callback: () => void): () => void {
    const entry: Entry = { at: Math.max(at, this.#now), order: this.#order++, callback, cancelled: false }
    this.#push(entry)
    return () => {
      entry.cancelled = true
    }
  }

  setDelay(ms: number, callback: () => void): () => void {
    return this.setTimer(this.#now + ms, callback)
  }

  /** A promise that settles after `ms` of simulated time. */
  after(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.setTimer(this.#now + ms, resolve)
    })
  }

  /** @returns false when nothing is left to happen before `until`. */
  async step(until: number): Promise<boolean> {
    for (;;) {
      const next = this.#queue[0]
      if (next === undefined || next.at > until) return false
      this.#pop()
      if (next.cancelled) continue
      this.#now = Math.max(this.#now, next.at)
      next.callback()
      await new Promise((resolve) => setImmediate(resolve))
      return true
    }
  }

  #before(a: Entry, b: Entry): boolean {
    return a.at < b.at || (a.at === b.at && a.order < b.order)
  }

  #push(entry: Entry): void {
    const queue = this.#queue
    let i = queue.length
    queue.push(entry)
    while (i > 0) {
      const parent = (i - 1) >> 1
      if (this.#before(queue[parent]!, entry)) break
      queue[i] = queue[parent]!
      i = parent
    }
    queue[i] = entry
  }

  #pop(): void {
    const queue = this.#queue
    const last = queue.pop()!
    if (queue.length === 0) return
    let i = 0
    for (;;) {
      const left = 2 * i + 1
      if (left >= queue.length) break
      const right = left + 1
      const child = right < queue.length && this.#before(queue[right]!, queue[left]!) ? right : left
      if (this.#before(last, queue[child]!)) break
      queue[i] = queue[child]!
      i = child
    }
    queue[i] = last
  }
}
