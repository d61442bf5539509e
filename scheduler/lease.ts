/**
 * Leadership as seen from one scheduler: seek, renew every second, notice the loss. `surelyLost` comes while a new leader
 * still waits before it declares our executions lost, so that a TI never has two live ones (invariant 1). It comes from a
 * timer of its own: a database that does not answer at all must not delay it. All times here are monotonic.
 */
import type { Clock } from '../core/ports/clock.ts'
import type { Store } from '../core/ports/store.ts'

const RENEW_MS = 1_000
const SEEK_MS = 1_000
/** Without a renewal for this long we must assume that somebody else leads: see `HOST_LOSS_MS` in `scheduler.ts`. */
const SURELY_LOST_MS = 8_000
/** Giving the lease up takes no longer: it expires by itself soon after. */
const RELEASE_MS = 2_000

export interface LeaseListener {
  taken(): void
  /** Another scheduler holds it, or nobody could be asked for too long. */
  lost(reason: string): void
  /** Comes again every second until there is a lease again: what a late commit still started must end too. */
  surelyLost(): void
}

export class Lease {
  readonly #store: Store
  readonly #clock: Clock
  readonly #host: string
  readonly #listener: LeaseListener
  #epoch: number | null = null
  /** Not ours to act in any more, and not given back yet. */
  #toGiveUp: number | null = null
  #isSurelyLost = false
  #isHeldByOther = false
  #isSeeking = false
  #cancelTimer: (() => void) | null = null
  #cancelWatch: (() => void) | null = null
  #released = false

  constructor(store: Store, clock: Clock, host: string, listener: LeaseListener) {
    this.#store = store
    this.#clock = clock
    this.#host = host
    this.#listener = listener
  }

  /** `null`: not leading, or not renewed for so long that we must not act. */
  get epoch(): number | null {
    return this.#isSurelyLost ? null : this.#epoch
  }

  /** The last answer was that another scheduler leads. */
  get isHeldByOther(): boolean {
    return this.#isHeldByOther
  }

  seek(): void {
    void this.#seek()
  }

  /** Memory of term `epoch` was dropped: take a new epoch, after a pause when the database is in trouble. */
  restart(epoch: number, afterMs: number): void {
    if (this.#released || this.#epoch !== epoch) return
    this.#epoch = null
    this.#toGiveUp = epoch
    const again = () => {
      this.#toGiveUp = null
      // Giving the old epoch up lets us (or a standby) take the next at once instead of after its expiry.
      const released = this.#store.releaseLease(epoch).catch(() => undefined)
      void released.then(() => this.#seek())
    }
    this.#later(afterMs, again)
  }

  /** Gives it up, or leaves it to expire when nobody can be told. */
  async release(): Promise<void> {
    this.#released = true
    this.#cancelTimer?.()
    this.#cancelWatch?.()
    const epoch = this.#epoch ?? this.#toGiveUp
    this.#epoch = null
    if (epoch === null) return
    let cancel = () => {}
    const tooLong = new Promise<void>((resolve) => {
      cancel = this.#clock.setDelay(RELEASE_MS, resolve)
    })
    await Promise.race([this.#store.releaseLease(epoch).catch(() => undefined), tooLong])
    cancel()
  }

  async #seek(): Promise<void> {
    if (this.#released || this.#isSeeking) return
    this.#isSeeking = true
    const askedAt = this.#clock.monotonic()
    try {
      const term = await this.#store.acquireLease(this.#host)
      this.#isHeldByOther = term === null
      if (this.#released) {
        if (term !== null) await this.#store.releaseLease(term.epoch)
      } else if (term !== null) {
        this.#epoch = term.epoch
        this.#watch(askedAt)
        this.#later(RENEW_MS, () => void this.#renew())
        this.#listener.taken()
      }
    } catch {
      // Asked again below; the watch notices when that goes on for too long.
    } finally {
      this.#isSeeking = false
    }
    if (this.#epoch === null && !this.#released) this.#later(SEEK_MS, () => void this.#seek())
  }

  async #renew(): Promise<void> {
    const epoch = this.#epoch
    if (epoch === null || this.#released) return
    const askedAt = this.#clock.monotonic()
    const renewed = await this.#store.renewLease(epoch).catch(() => null)
    if (this.#epoch !== epoch || this.#released) return
    if (renewed === false) {
      this.#epoch = null
      this.#isHeldByOther = true
      this.#listener.lost('another scheduler took the lease')
      this.#listener.surelyLost()
      this.#later(SEEK_MS, () => void this.#seek())
      return
    }
    if (renewed) {
      const wasLost = this.#isSurelyLost
      this.#watch(askedAt)
      if (wasLost && !this.#isSurelyLost) this.#listener.taken()
    }
    this.#later(RENEW_MS, () => void this.#renew())
  }

  /** The lease is ours as of `askedAt`. */
  #watch(askedAt: number): void {
    this.#cancelWatch?.()
    this.#isSurelyLost = false
    const left = askedAt + SURELY_LOST_MS - this.#clock.monotonic()
    if (left <= 0) this.#sayLost()
    else this.#cancelWatch = this.#clock.setDelay(left, () => this.#sayLost())
  }

  #sayLost(): void {
    this.#isSurelyLost = true
    this.#cancelWatch = this.#clock.setDelay(RENEW_MS, () => this.#sayLost())
    this.#listener.lost('the database did not answer for too long')
    this.#listener.surelyLost()
  }

  #later(ms: number, callback: () => void): void {
    this.#cancelTimer?.()
    this.#cancelTimer = this.#clock.setDelay(ms, callback)
  }
}
