/**
 * An executor in a simulated world: tries take random time, reports come late, doubled or not at all until asked for, and
 * the whole host can die. It watches invariant 1 itself: never two live executions of one TI.
 */
import { type TryKey, tryKeyText } from '../../core/ids.ts'
import type {
  CancelReason,
  Dispatch,
  Executor,
  ExecutorReport,
  Inventory,
  TryEnded,
  TryOutcome,
} from '../../core/ports/executor.ts'
import type { Counter } from './coverage.ts'
import { failed } from './fate.ts'
import type { ProgramClock } from './program-clock.ts'
import { Random } from './random.ts'
import type { SimulatedClock } from './simulated-clock.ts'

/** What became of a process, as only the world knows it. */
export interface TryTruth {
  readonly startedAt: number
  endedAt: number | null
  state: TryOutcome['state'] | null
}

export interface SimulatedExecutorOptions {
  readonly host: string
  readonly slots: number
  readonly seed: number
  readonly isFast: boolean
  readonly clock: ProgramClock
  /** Goes on while the program is stopped: its children are processes of their own. */
  readonly world: SimulatedClock
  /** What the try will do; `slow` ones go on until their timeout, if they have one. */
  outcome(dispatch: Dispatch): { readonly outcome: TryOutcome; readonly slow: boolean }
  /** For tasks that trigger a Dag, and for undoing those: asks for it and calls back with how that went. */
  trigger(dispatch: Dispatch, done: (outcome: TryOutcome) => void): void
  /** Before the try begins: what has to be in the tables by then. */
  dispatched(dispatch: Dispatch): void
  /** Live executions by TI over all hosts, shared. */
  readonly live: Map<number, string>
  /** By `tryKeyText`, of all hosts. */
  readonly truth: Map<string, TryTruth>
  violation(message: string): void
  count(what: Counter): void
}

/** A child that hears nothing from its host for this long ends itself (and its process group). */
const CHILD_LEASE_MS = 8_000

/** Tries that wait on the host for a slot. */
export const MOST_AHEAD = 12

/** Mostly short; now and then longer than any lease. In some histories so short that tries are queued ahead of slots. */
function runningTime(random: Random, isFast: boolean): number {
  if (isFast && random.chance(0.995)) return random.int(0, 4)
  const roll = random.next()
  if (roll < 0.02) return random.int(8_000, 40_000)
  return roll < 0.1 ? random.int(1_000, 8_000) : random.int(0, 300)
}

interface Running {
  readonly dispatch: Dispatch
  readonly random: Random
  startedAt: number | null
  cancelled: CancelReason | null
}

export class SimulatedExecutor implements Executor {
  readonly host: string
  readonly slots: number
  readonly mostAhead = MOST_AHEAD
  readonly #o: SimulatedExecutorOptions
  readonly #running = new Map<string, Running>()
  /** Of those the ones that have a slot; the others wait. */
  readonly #begun = new Set<string>()
  readonly #finished = new Map<string, TryEnded>()
  readonly #seen = new Set<string>()
  #report: (reports: readonly ExecutorReport[]) => void = () => {}
  #dead = false
  #stopped: CancelReason | null = null

  constructor(options: SimulatedExecutorOptions) {
    this.#o = options
    this.host = options.host
    this.slots = options.slots
  }

  async start(report: (reports: readonly ExecutorReport[]) => void): Promise<void> {
    this.#report = report
  }

  dispatch(tries: readonly Dispatch[]): void {
    for (const dispatch of tries) this.#run(dispatch)
  }

  cancel(keys: readonly TryKey[], reason: CancelReason): void {
    for (const key of keys) {
      const running = this.#running.get(tryKeyText(key))
      if (reason.ifWaiting === true && this.#begun.has(tryKeyText(key))) continue
      if (running === undefined || (running.cancelled !== null && reason.atOnce !== true)) continue
      running.cancelled ??= reason
      const ms = running.random.int(0, reason.atOnce === true ? 200 : 5000)
      this.#later(ms, () => this.#end(tryKeyText(key), null))
    }
  }

  acknowledge(keys: readonly TryKey[]): void {
    for (const key of keys) this.#finished.delete(tryKeyText(key))
  }

  inventory(): Inventory {
    return {
      running: [...this.#running.values()].map(({ dispatch }) => dispatch.key),
      finished: [...this.#finished.values()],
    }
  }

  /** It runs here and nobody has asked for its end. */
  goesOn(text: string): boolean {
    return this.#running.get(text)?.cancelled === null
  }

  async stop(graceMs: number, reason: CancelReason): Promise<void> {
    const { clock } = this.#o
    const deadline = clock.monotonic() + graceMs
    this.#stopped = reason
    const waiting = [...this.#running].filter(([text]) => !this.#begun.has(text))
    this.cancel(
      waiting.map(([, { dispatch }]) => dispatch.key),
      reason,
    )
    while (this.#running.size > 0 && clock.monotonic() < deadline) await clock.after(100)
    this.cancel(this.inventory().running, reason)
    while (this.#running.size > 0) await this.#o.clock.after(100)
  }

  /** kill -9 of the host: every process of it is gone at once, and nobody hears of it. */
  die(): void {
    this.#dead = true
    for (const text of this.#running.keys()) this.#processEnds(text, null)
    this.#running.clear()
  }

  /** SIGSTOP of the host: children that hear nothing from it for too long kill themselves. */
  stopFor(ms: number): void {
    this.#o.clock.stopFor(ms)
    if (ms <= CHILD_LEASE_MS) return
    this.#o.world.setTimer(this.#o.world.now() + CHILD_LEASE_MS, () => {
      for (const [text, running] of [...this.#running]) {
        this.#processEnds(text, null)
        this.#running.delete(text)
        this.#finish(text, running, failed('host-lost'))
        this.#begun.delete(text)
      }
    })
  }

  #run(dispatch: Dispatch): void {
    if (this.#dead) return
    const { live, truth, world, seed } = this.#o
    const text = tryKeyText(dispatch.key)
    if (this.#seen.has(text) || truth.has(text)) this.#o.violation(`invariant 1: try ${text} was dispatched twice`)
    this.#seen.add(text)
    this.#o.dispatched(dispatch)
    const other = live.get(dispatch.key.tiId)
    if (other !== undefined) {
      this.#o.violation(`invariant 1: TI ${dispatch.key.tiId} runs as ${other} and as ${text} at once`)
    }
    live.set(dispatch.key.tiId, text)
    truth.set(text, { startedAt: world.now(), endedAt: null, state: null })
    const name = `${seed}/${dispatch.dagId}/${dispatch.runId}/${dispatch.taskId}/${dispatch.key.tryNumber}`
    const running: Running = { dispatch, random: Random.named(name), startedAt: null, cancelled: null }
    this.#running.set(text, running)
    // Whom the host takes before all that waits here may come on top of it.
    const before = [...this.#running.values()].filter((other) => other.dispatch.priority >= dispatch.priority).length
    if (this.#running.size > this.slots + this.mostAhead && before > this.slots) {
      this.#o.violation(`invariant 6: ${this.#running.size} executions on ${this.slots} slots`)
    }
    if (this.#stopped !== null) {
      running.cancelled = this.#stopped
      this.#later(0, () => this.#end(text, null))
    } else if (this.#begun.size < this.slots) this.#take(text, running)
    else this.#o.count('queued ahead')
  }

  #take(text: string, { random }: Running): void {
    this.#begun.add(text)
    this.#later(random.chance(this.#o.isFast ? 0.05 : 0.2) ? random.int(0, 500) : 0, () => this.#begin(text))
  }

  /** A slot is free: of those that wait the one with the highest priority begins. */
  #free(text: string): void {
    if (!this.#begun.delete(text)) return
    let next: [string, Running] | undefined
    for (const entry of this.#running) {
      const isBetter = next === undefined || entry[1].dispatch.priority > next[1].dispatch.priority
      if (!this.#begun.has(entry[0]) && isBetter && entry[1].cancelled === null) next = entry
    }
    if (next !== undefined) this.#take(next[0], next[1])
  }

  #begin(text: string): void {
    const running = this.#running.get(text)
    if (running === undefined) return
    const { dispatch, random } = running
    running.startedAt = this.#o.clock.now()
    this.#reportStart(text, running.startedAt, running)
    if (dispatch.trigger !== undefined) {
      this.#o.trigger(dispatch, (outcome) => this.#later(0, () => this.#end(text, outcome)))
      return
    }
    const { outcome, slow } = this.#o.outcome(dispatch)
    const limit = dispatch.timeoutMs ?? 60_000
    const ms =
      slow && dispatch.timeoutMs !== null && !this.#o.isFast
        ? limit
        : Math.min(runningTime(random, this.#o.isFast), limit - 1)
    // A child taken down by what another try left behind: the platform's loss, of which the oracle knows nothing.
    const isUnlucky = random.chance(0.02)
    if (isUnlucky) this.#o.count('platform losses')
    this.#later(ms, () => this.#end(text, isUnlucky ? failed('bad-neighbour') : outcome))
  }

  #reportStart(text: string, at: number, { dispatch, random }: Running): void {
    if (random.chance(0.1)) {
      this.#o.count('lost reports')
      return
    }
    const report: ExecutorReport = { type: 'started', key: dispatch.key, at, host: this.host, pid: 1 }
    this.#later(random.chance(0.2) ? random.int(0, 2000) : 0, () => {
      if (!this.#running.has(text)) this.#o.count('reordered reports')
      this.#report([report])
    })
  }

  #end(text: string, outcome: TryOutcome | null): void {
    const running = this.#running.get(text)
    if (running === undefined) return
    this.#running.delete(text)
    const { cancelled } = running
    const by = cancelled?.by ?? 'nobody'
    const real: TryOutcome =
      cancelled === null && outcome !== null
        ? outcome
        : { state: 'failed', cause: { kind: 'cancelled', message: 'simulated', by } }
    this.#processEnds(text, real)
    this.#finish(text, running, real)
    this.#free(text)
  }

  #processEnds(text: string, outcome: TryOutcome | null): void {
    const { live, truth, world } = this.#o
    const entry = truth.get(text)!
    entry.endedAt = world.now()
    entry.state = outcome?.state ?? null
    const tiId = this.#running.get(text)?.dispatch.key.tiId ?? Number.parseInt(text, 10)
    if (live.get(tiId) === text) live.delete(tiId)
  }

  #finish(text: string, { dispatch, startedAt, random }: Running, outcome: TryOutcome): void {
    const { clock, count } = this.#o
    const endedAt = clock.now()
    const report: TryEnded = { type: 'ended', key: dispatch.key, startedAt, endedAt, host: this.host, pid: 1, outcome }
    this.#finished.set(text, report)
    const isLate = random.chance(0.15)
    if (isLate) count('late reports')
    this.#later(isLate ? random.int(1, 4000) : 0, () => this.#report([report]))
    if (random.chance(0.1)) {
      count('doubled reports')
      this.#later(random.int(0, 5000), () => this.#report([report]))
    }
  }

  #later(ms: number, callback: () => void): void {
    this.#o.clock.setDelay(ms, () => {
      if (!this.#dead) callback()
    })
  }
}
