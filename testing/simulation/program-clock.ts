/**
 * The clock of one simulated program. It can be stopped (SIGSTOP): its callbacks then wait until it goes on. Its wall time
 * can be set apart from the world's, which nothing but calendar times may notice.
 */
import type { Clock } from '../../core/ports/clock.ts'
import type { SimulatedClock } from './simulated-clock.ts'

export class ProgramClock implements Clock {
  readonly #world: SimulatedClock
  #stoppedUntil = 0
  #offset = 0

  constructor(world: SimulatedClock) {
    this.#world = world
  }

  now(): number {
    return this.#world.now() + this.#offset
  }

  monotonic(): number {
    return this.#world.monotonic()
  }

  stopFor(ms: number): void {
    this.#stoppedUntil = Math.max(this.#stoppedUntil, this.#world.now() + ms)
  }

  /** Somebody sets the clock of the machine: wall time is now this far from the world's. */
  setOffset(ms: number): void {
    this.#offset = ms
  }

  /** As the real one: sleeps for what is left by wall time, and looks again. */
  setTimer(at: number, callback: () => void): () => void {
    let cancel = () => {}
    const fire = () => {
      const left = at - this.now()
      if (left > 0) cancel = this.setDelay(left, fire)
      else callback()
    }
    cancel = this.setDelay(at - this.now(), fire)
    return () => cancel()
  }

  setDelay(ms: number, callback: () => void): () => void {
    let cancel = () => {}
    const fire = () => {
      if (this.#world.now() < this.#stoppedUntil) cancel = this.#world.setTimer(this.#stoppedUntil, fire)
      else callback()
    }
    cancel = this.#world.setTimer(this.#world.now() + Math.max(0, ms), fire)
    return () => cancel()
  }

  after(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.setDelay(ms, resolve)
    })
  }
}
