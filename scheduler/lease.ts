/**
 * Leadership as seen from one scheduler: seek, renew every second, notice the loss. `surelyLost` comes while a new leader
 * still waits before it declares our executions lost, so that a TI never has two live ones (invariant 1).
 */
import type { Clock } from '../core/ports/clock.ts'
import type { Store } from '../core/ports/store.ts'

const RENEW_MS = 1_000
const SEEK_MS = 1_000
/** Without a renewal for this long we must assume that somebody else leads. Below lease (3 s) plus their wait (10 s). */
const SURELY_LOST_MS = 8_000

export interface LeaseListener {
  taken(): void
  /** Another scheduler holds it, or nobody could be asked for too long. */
  lost(reason: string): void
  surelyLost(): void
}

export class Lease {
  readonly #store: Store
  readonly #clock: Clock
  readonly #host: string
  readonly #listener: LeaseListener
  #epoch: number | null = null
  #lastRenewal: number | null = null
  #cancelTimer: (() => void) | null = null
  #released = false

  constructor(store: Store, clock: Clock, host: string, listener: LeaseListener) {
    this.#store = store
    this.#clock = clock
    this.#host = host
    this.#listener = listener
  }

  /** `null`: not leading. */
  get epoch(): number | null {
    return this.#epoch
  }

  seek(): void {
    void this.#seek()
  }

  /** Memory was dropped: take a new epoch, after a pause when the database is in trouble. */
  restart(afterMs: number): void {
    const epoch = this.#epoch
    this.#epoch = null
    if (this.#released) return
    const again = () => {
      // Giving the old epoch up lets us (or a standby) take the next at once instead of after its expiry.
      const released = epoch === null ? Promise.resolve() : this.#store.releaseLease(epoch).catch(() => undefined)
      void released.then(() => this.#seek())
    }
    this.#later(afterMs, again)
  }

  async release(): Promise<void> {
    this.#released = true
    this.#cancelTimer?.()
    const epoch = this.#epoch
    this.#epoch = null
    if (epoch !== null) await this.#store.releaseLease(epoch)
  }

  async #seek(): Promise<void> {
    if (this.#released) return
    const askedAt = this.#clock.monotonic()
    try {
      const term = await this.#store.acquireLease(this.#host)
      if (this.#released) {
        if (term !== null) await this.#store.releaseLease(term.epoch)
        return
      }
      if (term !== null) {
        this.#epoch = term.epoch
        this.#lastRenewal = askedAt
        this.#later(RENEW_MS, () => void this.#renew())
        this.#listener.taken()
        return
      }
      this.#checkSurelyLost()
    } catch {
      this.#checkSurelyLost()
    }
    this.#later(SEEK_MS, () => void this.#seek())
  }

  async #renew(): Promise<void> {
    const epoch = this.#epoch
    if (epoch === null || this.#released) return
    const askedAt = this.#clock.monotonic()
    let renewed: boolean | null = null
    try {
      renewed = await this.#store.renewLease(epoch)
    } catch {
      this.#checkSurelyLost()
    }
    if (this.#epoch !== epoch || this.#released) return
    if (renewed === false) {
      this.#epoch = null
      this.#listener.lost('another scheduler took the lease')
      this.#listener.surelyLost()
      this.#later(SEEK_MS, () => void this.#seek())
      return
    }
    if (renewed) this.#lastRenewal = askedAt
    this.#later(RENEW_MS, () => void this.#renew())
  }

  #checkSurelyLost(): void {
    if (this.#lastRenewal === null || this.#clock.monotonic() - this.#lastRenewal < SURELY_LOST_MS) return
    this.#lastRenewal = null
    this.#listener.lost('the database did not answer for too long')
    this.#listener.surelyLost()
  }

  #later(ms: number, callback: () => void): void {
    this.#cancelTimer?.()
    this.#cancelTimer = this.#clock.setTimer(this.#clock.now() + ms, callback)
  }
}
