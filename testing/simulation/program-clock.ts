/** The clock of one simulated program, which can be stopped (SIGSTOP): its callbacks then wait until it goes on. */
import type { Clock } from '../../core/ports/clock.ts'
import type { SimulatedClock } from './simulated-clock.ts'

export class ProgramClock implements Clock {
  readonly #world: SimulatedClock
  #stoppedUntil = 0

  constructor(world: SimulatedClock) {
    this.#world = world
  }

  now(): number {
    return this.#world.now()
  }

  monotonic(): number {
    return this.#world.monotonic()
  }

  stopFor(ms: number): void {
    this.#stoppedUntil = Math.max(this.#stoppedUntil, this.#world.now() + ms)
  }

  setTimer(at: number, callback: () => void): () => void {
    let cancel = () => {}
    const fire = () => {
      if (this.#world.now() < this.#stoppedUntil) cancel = this.#world.setTimer(this.#stoppedUntil, fire)
      else callback()
    }
    cancel = this.#world.setTimer(at, fire)
    return () => cancel()
  }

  after(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.setTimer(this.now() + ms, resolve)
    })
  }
}
