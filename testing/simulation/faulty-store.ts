/** A Store whose answers take time, get lost before or after the commit, or never come because the program died. */
import type { CommitResult, Found, RunName, Snapshot, Store, Term, TickWrites, Wanted } from '../../core/ports/store.ts'
import type { CommandRecord } from '../../core/records.ts'
import type { ProgramClock } from './program-clock.ts'
import type { Random } from './random.ts'

/** After this long without an answer a call is given up: much longer than a lease. */
const CLIENT_TIMEOUT_MS = 20_000

export interface Faults {
  /** Probability that a statement fails without effect. */
  readonly before: number
  /** Probability that it takes effect and its answer is lost. */
  readonly after: number
}

export class FaultyStore implements Store {
  readonly #inner: Store
  readonly #clock: ProgramClock
  readonly #random: Random
  readonly #faults: () => Faults
  readonly #count: (what: string) => void
  readonly #onCommit: (writes: TickWrites) => void
  #dead = false
  #cutUntil = 0

  constructor(
    inner: Store,
    clock: ProgramClock,
    random: Random,
    faults: () => Faults,
    count: (what: string) => void,
    onCommit: (writes: TickWrites) => void,
  ) {
    this.#inner = inner
    this.#clock = clock
    this.#random = random
    this.#faults = faults
    this.#count = count
    this.#onCommit = onCommit
  }

  /** The program that uses it was killed: no answer ever arrives again. */
  die(): void {
    this.#dead = true
  }

  /** The network swallows everything for this long: calls are not answered, and fail after a long time. */
  cutFor(ms: number): void {
    this.#cutUntil = Math.max(this.#cutUntil, this.#clock.monotonic() + ms)
  }

  acquireLease(host: string): Promise<Term | null> {
    return this.#call(() => this.#inner.acquireLease(host))
  }

  renewLease(epoch: number): Promise<boolean> {
    return this.#call(() => this.#inner.renewLease(epoch))
  }

  releaseLease(epoch: number): Promise<void> {
    return this.#call(() => this.#inner.releaseLease(epoch))
  }

  load(epoch: number): Promise<Snapshot> {
    return this.#call(() => this.#inner.load(epoch))
  }

  loadRuns(epoch: number, names: readonly RunName[]): Promise<Pick<Snapshot, 'runs' | 'tis' | 'versions'>> {
    return this.#call(() => this.#inner.loadRuns(epoch, names))
  }

  lookUp(epoch: number, wanted: Wanted): Promise<Found> {
    return this.#call(() => this.#inner.lookUp(epoch, wanted))
  }

  commit(epoch: number, writes: TickWrites): Promise<CommitResult> {
    return this.#call(async () => {
      const result = await this.#inner.commit(epoch, writes)
      if (result.status === 'committed') this.#onCommit(writes)
      else this.#count(result.status)
      return result
    })
  }

  commandsAfter(afterId: number, limit: number): Promise<readonly CommandRecord[]> {
    return this.#call(() => this.#inner.commandsAfter(afterId, limit))
  }

  async onHint(callback: () => void): Promise<() => Promise<void>> {
    return this.#inner.onHint(() => {
      if (this.#dead) return
      if (this.#random.chance(0.2)) this.#count('lost hints')
      else this.#clock.setDelay(0, callback)
    })
  }

  async #call<T>(operation: () => Promise<T>): Promise<T> {
    const { before, after } = this.#faults()
    // Now and then slow: that is when a program is stopped or deposed in the middle of a statement.
    await this.#clock.after(this.#random.chance(0.05) ? this.#random.int(0, 500) : this.#random.int(0, 20))
    if (this.#dead) return new Promise<T>(() => {})
    await this.#swallowed()
    if (this.#random.chance(before)) {
      this.#count('failed statements')
      throw new Error('simulated: the statement failed')
    }
    const result = await operation()
    await this.#clock.after(this.#random.int(0, 20))
    if (this.#dead) return new Promise<T>(() => {})
    await this.#swallowed()
    if (this.#random.chance(after)) {
      this.#count('unknown commits')
      throw new Error('simulated: the answer was lost')
    }
    return result
  }

  async #swallowed(): Promise<void> {
    if (this.#clock.monotonic() >= this.#cutUntil) return
    await this.#clock.after(CLIENT_TIMEOUT_MS)
    if (this.#dead) return new Promise(() => {})
    throw new Error('simulated: no answer for too long')
  }
}
