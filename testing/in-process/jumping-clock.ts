/**
 * A clock that stands still while something runs and jumps to the next timer when nothing does: a retry in an hour is due
 * at once, and a test takes as long as its handlers.
 */
import type { Clock } from '../../core/ports/clock.ts'

interface Timer {
  readonly at: number
  readonly callback: () => void
}

export class JumpingClock implements Clock {
  #now: number
  readonly #timers = new Set<Timer>()

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
    const timer = { at: Math.max(at, this.#now), callback }
    this.#timers.add(timer)
    return () => void this.#timers.delete(timer)
  }

  setDelay(ms: number, callback: () => void): () => void {
    return this.setTimer(this.#now + ms, callback)
  }

  /** To the earliest timer, which is called; of equal ones the one set first. */
  jump(): void {
    let next: Timer | undefined
    for (const timer of this.#timers) if (next === undefined || timer.at < next.at) next = timer
    if (next === undefined) throw new Error('nothing is left to happen')
    this.#timers.delete(next)
    this.#now = next.at
    next.callback()
  }
}
