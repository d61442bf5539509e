/** A Store whose answers take time, get lost before or after the commit, or never come because the program died. */
import type {
  CommitResult,
  Found,
  LoadedRuns,
  RunName,
  Snapshot,
  Store,
  Term,
  TickWrites,
  Wanted,
} from '../../core/ports/store.ts'
import type { CommandRecord } from '../../core/records.ts'
import type { Counter } from './coverage.ts'
import type { ProgramClock } from './program-clock.ts'
import type { Random } from './random.ts'
import type { FaultRates } from './script.ts'
import type { SimulatedClock } from './simulated-clock.ts'

/** After this long without an answer a call is given up: much longer than a lease. */
const CLIENT_TIMEOUT_MS = 20_000

/** After a stall the answer to a commit comes within this. */
const LAST_ANSWER_MS = 1_500

/** A commit that carries commands out: what they ask of executors must not be forgotten with its answer. */
const LOST_MORE_OFTEN = 10

export interface FaultyStoreOptions {
  readonly inner: Store
  readonly clock: ProgramClock
  readonly world: SimulatedClock
  readonly random: Random
  faults(): FaultRates
  count(what: Counter): void
  /** A commit of this program took effect. */
  committed(epoch: number, writes: TickWrites): void
  /** The tables refused what no database should ever be asked. */
  violation(message: string): void
}

type Operation = Exclude<keyof Store, 'onHint'>

export class FaultyStore implements Store {
  readonly #o: FaultyStoreOptions
  #dead = false
  #cutUntil = 0
  #stalledUntil = 0
  #atCommit: (() => void) | null = null
  /** Epochs of commits that took effect and whose answers are on their way. */
  readonly #unanswered = new Set<number>()

  constructor(options: FaultyStoreOptions) {
    this.#o = options
  }

  /** The program that uses it was killed: no answer ever arrives again. */
  die(): void {
    this.#dead = true
  }

  /** The network swallows everything for this long: calls are not answered, and fail after a long time. */
  cutFor(ms: number): void {
    this.#cutUntil = Math.max(this.#cutUntil, this.#o.clock.monotonic() + ms)
  }

  /**
   * Its network stalls for this long, right after its next commit that queues a try. Nothing is lost: what is on its way
   * arrives when it goes on. The commit's answer is among the last, since each connection tries again at times of its own.
   */
  stallAtNextCommit(ms: number): void {
    this.#atCommit = () => {
      this.#o.count('stalls')
      this.#stalledUntil = this.#o.world.now() + ms
    }
  }

  /** Something happens to the program right after its next commit that queues a try, before it hears of it. */
  atNextCommit(callback: () => void): void {
    this.#atCommit = callback
  }

  acquireLease(host: string): Promise<Term | null> {
    return this.#call('acquireLease', () => this.#o.inner.acquireLease(host))
  }

  renewLease(epoch: number): Promise<boolean> {
    return this.#call('renewLease', async () => {
      const isOurs = await this.#o.inner.renewLease(epoch)
      if (!isOurs && this.#unanswered.has(epoch)) this.#o.count('terms lost during a commit')
      return isOurs
    })
  }

  releaseLease(epoch: number): Promise<void> {
    return this.#call('releaseLease', () => this.#o.inner.releaseLease(epoch))
  }

  load(epoch: number): Promise<Snapshot> {
    return this.#call('load', () => this.#o.inner.load(epoch))
  }

  loadRuns(epoch: number, names: readonly RunName[]): Promise<LoadedRuns> {
    return this.#call('lookUp', () => this.#o.inner.loadRuns(epoch, names))
  }

  lookUp(epoch: number, wanted: Wanted): Promise<Found> {
    return this.#call('lookUp', () => this.#o.inner.lookUp(epoch, wanted))
  }

  commit(epoch: number, writes: TickWrites): Promise<CommitResult> {
    const weight = writes.answers.length > 0 ? LOST_MORE_OFTEN : 1
    return this.#call('commit', () => this.#commit(epoch, writes), weight).finally(() => this.#unanswered.delete(epoch))
  }

  commandsAfter(afterId: number, limit: number): Promise<readonly CommandRecord[]> {
    return this.#call('commandsAfter', () => this.#o.inner.commandsAfter(afterId, limit))
  }

  async onHint(callback: () => void): Promise<() => Promise<void>> {
    return this.#o.inner.onHint(() => {
      if (this.#dead) return
      if (this.#o.random.chance(0.2)) this.#o.count('lost hints')
      else this.#o.clock.setDelay(0, callback)
    })
  }

  async #commit(epoch: number, writes: TickWrites): Promise<CommitResult> {
    const { inner, random, world, faults, count } = this.#o
    if (random.chance(faults().late)) {
      count('late commits')
      world.setTimer(world.now() + random.int(1, 6000), () => {
        // What it would have answered, nobody hears; nonsense was told as a violation.
        this.#write(inner, epoch, writes).catch(() => undefined)
      })
      throw new Error('simulated: the connection was lost and the statement goes on')
    }
    return this.#write(inner, epoch, writes)
  }

  async #write(inner: Store, epoch: number, writes: TickWrites): Promise<CommitResult> {
    let result: CommitResult
    try {
      result = await inner.commit(epoch, writes)
    } catch (error) {
      this.#o.violation(
        `a tick asked the tables for nonsense: ${error instanceof Error ? error.message : String(error)}`,
      )
      throw error
    }
    if (result.status === 'committed') {
      this.#o.committed(epoch, writes)
      this.#unanswered.add(epoch)
      if (writes.insertedExecutions.length > 0) {
        this.#atCommit?.()
        this.#atCommit = null
      }
    }
    if (result.status === 'fenced') this.#o.count('fenced commits')
    return result
  }

  /** @param weight its answer is lost this much more often than others. */
  async #call<T>(name: Operation, operation: () => Promise<T>, weight = 1): Promise<T> {
    const { clock, random, faults, count } = this.#o
    const { before, after } = faults()
    // Now and then slow: that is when a program is stopped or deposed in the middle of a statement.
    await clock.after(random.chance(0.05) ? random.int(0, 500) : random.int(0, 20))
    if (this.#dead) return new Promise<T>(() => {})
    await this.#swallowed()
    await this.#held(0)
    if (random.chance(before)) {
      const counter = FAILURES[name]
      if (counter !== undefined) count(counter)
      throw new Error(`simulated: ${name} failed`)
    }
    const result = await operation()
    await clock.after(random.int(0, 20))
    await this.#held(name === 'commit' ? LAST_ANSWER_MS : 0)
    if (this.#dead) return new Promise<T>(() => {})
    await this.#swallowed()
    if (random.chance(after * weight)) {
      if (name === 'commit') count('unknown commits')
      throw new Error(`simulated: the answer to ${name} was lost`)
    }
    return result
  }

  /** Until a stall is over, if there is one, and up to `moreMs` longer. */
  async #held(moreMs: number): Promise<void> {
    const left = this.#stalledUntil - this.#o.world.now()
    if (left > 0) await this.#o.clock.after(left + this.#o.random.int(0, moreMs))
  }

  async #swallowed(): Promise<void> {
    if (this.#o.clock.monotonic() >= this.#cutUntil) return
    await this.#o.clock.after(CLIENT_TIMEOUT_MS)
    if (this.#dead) return new Promise(() => {})
    throw new Error('simulated: no answer for too long')
  }
}

const FAILURES: Readonly<Record<string, Counter | undefined>> = {
  acquireLease: 'failed acquireLease',
  renewLease: 'failed renewLease',
  load: 'failed load',
  lookUp: 'failed lookUp',
  commit: 'failed commit',
  commandsAfter: 'failed commandsAfter',
}
