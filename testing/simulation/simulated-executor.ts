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
import type { ProgramClock } from './program-clock.ts'
import type { Random } from './random.ts'
import type { SimulatedClock } from './simulated-clock.ts'

export interface SimulatedExecutorOptions {
  readonly host: string
  readonly slots: number
  readonly clock: ProgramClock
  /** Goes on while the program is stopped: its children are processes of their own. */
  readonly world: SimulatedClock
  readonly random: Random
  /** What the try will do. */
  outcome(dispatch: Dispatch): TryOutcome
  /** Live executions by TI over all hosts, shared. */
  readonly live: Map<number, string>
  violation(message: string): void
  count(what: string): void
}

/** A child that hears nothing from its host for this long ends itself (and its process group). */
const CHILD_LEASE_MS = 8_000

/** Mostly short; now and then longer than any lease. */
function runningTime(random: Random): number {
  const roll = random.next()
  if (roll < 0.02) return random.int(8_000, 40_000)
  return roll < 0.1 ? random.int(1_000, 8_000) : random.int(0, 300)
}

interface Running {
  readonly dispatch: Dispatch
  startedAt: number | null
  cancelled: CancelReason | null
}

export class SimulatedExecutor implements Executor {
  readonly host: string
  readonly slots: number
  readonly mostAhead = 0
  readonly #o: SimulatedExecutorOptions
  readonly #running = new Map<string, Running>()
  readonly #finished = new Map<string, TryEnded>()
  readonly #seen = new Set<string>()
  #report: (reports: readonly ExecutorReport[]) => void = () => {}
  #dead = false

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
      if (running === undefined || (running.cancelled !== null && reason.atOnce !== true)) continue
      running.cancelled ??= reason
      const ms = this.#o.random.int(0, reason.atOnce === true ? 200 : 5000)
      this.#later(ms, () => this.#end(tryKeyText(key)))
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

  async stop(graceMs: number, reason: CancelReason): Promise<void> {
    const { clock } = this.#o
    const deadline = clock.monotonic() + graceMs
    while (this.#running.size > 0 && clock.monotonic() < deadline) await clock.after(100)
    this.cancel(this.inventory().running, reason)
    while (this.#running.size > 0) await this.#o.clock.after(100)
  }

  /** kill -9 of the host: every process of it is gone at once, and nobody hears of it. */
  die(): void {
    this.#dead = true
    for (const { dispatch } of this.#running.values()) this.#o.live.delete(dispatch.key.tiId)
    this.#running.clear()
  }

  /** SIGSTOP of the host: children that hear nothing from it for too long kill themselves. */
  stopFor(ms: number): void {
    this.#o.clock.stopFor(ms)
    if (ms <= CHILD_LEASE_MS) return
    this.#o.world.setTimer(this.#o.world.now() + CHILD_LEASE_MS, () => {
      for (const { dispatch } of this.#running.values()) this.#o.live.delete(dispatch.key.tiId)
      for (const [text, running] of [...this.#running]) {
        this.#running.delete(text)
        this.#finish(text, running, {
          state: 'failed',
          cause: { kind: 'host-lost', message: 'simulated: the host was stopped' },
        })
      }
    })
  }

  #run(dispatch: Dispatch): void {
    if (this.#dead) return
    const { random, live } = this.#o
    const text = tryKeyText(dispatch.key)
    if (this.#seen.has(text)) this.#o.violation(`try ${text} was dispatched twice`)
    this.#seen.add(text)
    const other = live.get(dispatch.key.tiId)
    if (other !== undefined) this.#o.violation(`TI ${dispatch.key.tiId} runs as ${other} and as ${text} at once`)
    live.set(dispatch.key.tiId, text)
    const running: Running = { dispatch, startedAt: null, cancelled: null }
    this.#running.set(text, running)
    if (this.#running.size > this.slots) this.#o.violation(`${this.#running.size} executions on ${this.slots} slots`)
    const wait = random.chance(0.2) ? random.int(0, 500) : 0
    this.#later(wait, () => {
      if (!this.#running.has(text)) return
      running.startedAt = this.#o.clock.now()
      const started: ExecutorReport = {
        type: 'started',
        key: dispatch.key,
        at: running.startedAt,
        host: this.host,
        pid: 1,
      }
      // A start report may be lost, or come after the result.
      if (random.chance(0.9)) this.#later(random.chance(0.2) ? random.int(0, 2000) : 0, () => this.#report([started]))
      this.#later(runningTime(random), () => this.#end(text))
    })
  }

  #end(text: string): void {
    const running = this.#running.get(text)
    if (running === undefined) return
    this.#running.delete(text)
    const { dispatch, cancelled } = running
    this.#o.live.delete(dispatch.key.tiId)
    this.#finish(
      text,
      running,
      cancelled === null
        ? this.#o.outcome(dispatch)
        : { state: 'failed', cause: { kind: 'cancelled', message: 'simulated', by: cancelled.by } },
    )
  }

  #finish(text: string, { dispatch, startedAt }: Running, outcome: TryOutcome): void {
    const report: TryEnded = {
      type: 'ended',
      key: dispatch.key,
      startedAt,
      endedAt: this.#o.clock.now(),
      host: this.host,
      pid: 1,
      outcome,
    }
    this.#finished.set(text, report)
    const { random } = this.#o
    this.#later(random.chance(0.15) ? random.int(0, 4000) : 0, () => this.#report([report]))
    if (random.chance(0.1)) {
      this.#o.count('doubled reports')
      this.#later(random.int(0, 5000), () => this.#report([report]))
    }
  }

  #later(ms: number, callback: () => void): void {
    this.#o.clock.setDelay(ms, () => {
      if (!this.#dead) callback()
    })
  }
}
