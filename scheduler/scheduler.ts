/**
 * The loop around `decide`: seeks the lease, loads, ticks when something happened, acts after each commit. Its memory is
 * never trusted after an error: it is dropped, a new epoch is taken, and everything is read again.
 */
import type { Plan } from '../core/engine/decide.ts'
import type { SchedulerEvent } from '../core/engine/events.ts'
import type { RunMemory, SchedulerMemory } from '../core/engine/memory.ts'
import { loadedRuns, rebuild } from '../core/engine/rebuild.ts'
import { LOST_LEADERSHIP, SHUTDOWN } from '../core/engine/results.ts'
import { type TryKey, tryKeyText } from '../core/ids.ts'
import type { PlatformDefaults } from '../core/platform-defaults.ts'
import type { Clock } from '../core/ports/clock.ts'
import type { DagFileReport } from '../core/ports/dag-source.ts'
import type { Executor, ExecutorReport } from '../core/ports/executor.ts'
import type { Store } from '../core/ports/store.ts'
import { FINISHED_RUN_STATES } from '../core/states.ts'
import { DagFileMemory } from './dag-file-memory.ts'
import { deadHosts } from './dead-hosts.ts'
import { Lease } from './lease.ts'
import { lostCancels } from './lost-cancels.ts'
import { runsNamedIn, withinOneTick } from './named-in-commands.ts'
import { FencedError, tick } from './tick.ts'

export interface SchedulerOptions {
  readonly store: Store
  readonly executor: Executor
  readonly clock: Clock
  readonly defaults: PlatformDefaults
  readonly log: (line: string) => void
  /** After every commit, for logs and the terminal. */
  readonly onCommit?: (plan: Plan) => void
  /** How long each tick took, with its commit, in milliseconds. */
  readonly onTick?: (ms: number) => void
  /** A host named in the tables that cannot be alive any more (its process is gone): no need to wait for it. */
  readonly isSurelyDead?: (host: string) => boolean | Promise<boolean>
}

export interface Scheduler {
  start(): Promise<void>
  /** From the Dag processor. */
  onDagFile(report: DagFileReport): void
  /** The memory of the current term; `null` while another scheduler leads. For reading only. */
  memory(): SchedulerMemory | null
  /** Starts nothing new, lets running tries end for `graceMs`, cancels the rest, gives the lease up. */
  stop(graceMs: number): Promise<void>
}

/** Most events taken into one tick. */
const EVENT_BUDGET = 2000
const COMMAND_BUDGET = 500
const FILE_BUDGET = 200
/** A start report alone waits this long for company, so that `running` costs no commit of its own. */
const START_DELAY_MS = 50
const SWEEP_MS = 5_000
const RETRY_MS = 1_000
/** Longest wait in front of the timer heap. */
const MAX_TIMER_MS = 60_000
/** For the results of what was ended by a stop to be committed. */
const LAST_COMMIT_MS = 5_000
/**
 * An execution of another, silent host is declared lost this long after its lease (3 s) ran out. By then it is surely
 * dead, even if its host lost its database first and was stopped just before it could act on that: a host without its
 * database kills it after 8 s (`SURELY_LOST_MS`), and a child whose host is stopped ends itself within 9 s more
 * (`CHILD_LEASE_MS` in `core/ports/child-protocol.ts`, and until it looks).
 */
const HOST_LOSS_MS = 15_000

export function createScheduler(options: SchedulerOptions): Scheduler {
  return new SchedulerLoop(options)
}

class SchedulerLoop implements Scheduler {
  readonly #options: SchedulerOptions
  readonly #files = new DagFileMemory()
  readonly #lease: Lease
  #memory: SchedulerMemory | null = null
  #inbox: SchedulerEvent[] = []
  #commandsMayWait = true
  #busy = false
  #again = false
  #draining = false
  #stopped = false
  #cancelTimer: (() => void) | null = null
  #cancelSweep: (() => void) | null = null
  #cancelStartDelay: (() => void) | null = null
  #unlisten: (() => Promise<void>) | null = null
  /** Executions of ours that the last sweep did not find on the executor. */
  #suspects = new Set<string>()
  /** Wall time of the last tick. */
  #latest = Number.NEGATIVE_INFINITY
  #idleWaiters: (() => void)[] = []
  /** Of this term: one for each silent host. */
  #hostLossTimers: (() => void)[] = []
  #stopping: Promise<void> | null = null

  constructor(options: SchedulerOptions) {
    this.#options = options
    this.#lease = new Lease(options.store, options.clock, options.executor.host, {
      taken: () => this.#wake(),
      lost: (reason) => this.#dropTerm(reason),
      surelyLost: () => this.#cancelEverything(),
    })
  }

  async start(): Promise<void> {
    await this.#options.executor.start((reports) => this.#onReports(reports))
    this.#unlisten = await this.#options.store.onHint(() => {
      this.#commandsMayWait = true
      this.#wake()
    })
    this.#sweepLater()
    this.#lease.seek()
  }

  onDagFile(report: DagFileReport): void {
    this.#files.add(report)
    this.#wake()
  }

  memory(): SchedulerMemory | null {
    return this.#memory
  }

  stop(graceMs: number): Promise<void> {
    this.#stopping ??= this.#stop(graceMs)
    return this.#stopping
  }

  async #stop(graceMs: number): Promise<void> {
    const { executor, clock, log } = this.#options
    const deadline = clock.monotonic() + graceMs
    this.#draining = true
    this.#wake()
    try {
      // At once: what waits on the host for a slot does not begin any more.
      await executor.stop(graceMs, { by: SHUTDOWN })
      // The reports of what was cancelled are committed before the lease goes.
      await this.#untilIdle(Math.max(LAST_COMMIT_MS, deadline - clock.monotonic()))
    } finally {
      this.#stopped = true
      this.#cancelSweep?.()
      this.#cancelTimer?.()
      this.#cancelStartDelay?.()
      await this.#unlisten?.().catch((error: unknown) => log(`scheduler: while stopping: ${textOf(error)}`))
      await this.#lease.release()
      this.#dropTerm('stopped')
    }
  }

  #onReports(reports: readonly ExecutorReport[]): void {
    let ended = false
    for (const report of reports) {
      this.#inbox.push({ type: 'report', report })
      if (report.type === 'ended') ended = true
    }
    if (ended) this.#wake()
    else if (this.#cancelStartDelay === null) {
      this.#cancelStartDelay = this.#options.clock.setDelay(START_DELAY_MS, () => {
        this.#cancelStartDelay = null
        this.#wake()
      })
    }
  }

  #wake(): void {
    if (this.#stopped) return
    this.#again = true
    if (this.#busy) return
    this.#busy = true
    // After what is running now, so that everything that arrives together goes into one tick.
    queueMicrotask(() => void this.#pump())
  }

  async #pump(): Promise<void> {
    let epoch = this.#lease.epoch
    try {
      while (this.#again && !this.#stopped) {
        epoch = this.#lease.epoch
        if (epoch === null) break
        this.#again = false
        if (this.#memory?.epoch !== epoch) await this.#beginTerm(epoch)
        else if (await this.#tick(this.#memory)) this.#again = true
      }
    } catch (error) {
      const fenced = error instanceof FencedError
      this.#options.log(`scheduler: ${textOf(error)}; starting over`)
      // Meanwhile the term may have been lost, and even a new one begun, which this error says nothing about.
      if (this.#memory?.epoch === epoch) this.#dropTerm(fenced ? 'fenced' : 'error')
      if (epoch !== null) this.#lease.restart(epoch, fenced ? 0 : RETRY_MS)
      if (fenced && this.#lease.epoch === null) this.#cancelEverything()
    } finally {
      this.#busy = false
      if (this.#again && this.#lease.epoch !== null) this.#wake()
      else this.#setTimer()
      this.#tellIdle()
    }
  }

  async #beginTerm(epoch: number): Promise<void> {
    const { store, executor, clock, defaults, isSurelyDead, log } = this.#options
    this.#dropTerm('a new term')
    const snapshot = await store.load(epoch)
    const dead = await deadHosts(snapshot.executions, { here: executor.host, isSurelyDead, log })
    if (this.#lease.epoch !== epoch) return
    const { host, slots, mostAhead } = executor
    const memory = rebuild(snapshot, { defaults, slots, mostAhead, epoch, host, now: clock.now() })
    this.#inbox = [{ type: 'leading' }, ...this.#reconcile(memory, dead)]
    this.#files.startOver()
    this.#commandsMayWait = true
    this.#again = true
    this.#suspects.clear()
    this.#memory = memory
    this.#options.log(
      `scheduler: leading with epoch ${epoch}; ${memory.dags.size} Dags, ${memory.runs.size} running runs, ${memory.executions.size} executions`,
    )
  }

  /** What the tables say is running against what the executor knows: adopt, take late results, or declare lost. */
  #reconcile(memory: SchedulerMemory, dead: ReadonlySet<string>): SchedulerEvent[] {
    const { executor, clock } = this.#options
    const inventory = executor.inventory()
    const running = new Set(inventory.running.map(tryKeyText))
    const events: SchedulerEvent[] = inventory.finished.map((report) => ({ type: 'report', report }))
    const finished = new Set(inventory.finished.map((report) => tryKeyText(report.key)))
    for (const { keys, reason } of lostCancels(memory, inventory.running)) executor.cancel(keys, reason)
    const silentHosts = new Set<string>()
    for (const [text, { record }] of memory.executions) {
      if (running.has(text) || finished.has(text)) continue
      if (record.host === executor.host || dead.has(record.host)) events.push(lost(record, clock.now(), executor.host))
      else silentHosts.add(record.host)
    }
    for (const host of silentHosts) {
      this.#hostLossTimers.push(clock.setDelay(HOST_LOSS_MS, () => this.#declareLost(memory, host)))
    }
    return events
  }

  /** A host of an earlier leader is surely dead from now on. */
  #declareLost(memory: SchedulerMemory, host: string): void {
    const { executor, clock } = this.#options
    for (const { record } of memory.executions.values()) {
      if (record.host === host) this.#inbox.push(lost(record, clock.now(), executor.host))
    }
    this.#wake()
  }

  async #tick(memory: SchedulerMemory): Promise<boolean> {
    const { store, clock, log } = this.#options
    const wasAt = this.#latest
    this.#latest = clock.now()
    if (this.#latest < wasAt) {
      // What was due may not be due any more, and its timer is gone: all timers are made anew.
      log(`scheduler: the clock was set back by ${wasAt - this.#latest} ms; reading everything again`)
      await this.#beginTerm(memory.epoch)
      return true
    }
    const events: SchedulerEvent[] = this.#inbox.splice(0, EVENT_BUDGET)
    for (const report of this.#files.take(FILE_BUDGET)) events.push({ type: 'dag-file', report })
    let more = this.#inbox.length > 0 || this.#files.isWaiting
    if (this.#commandsMayWait) {
      this.#commandsMayWait = false
      const found = await store.commandsAfter(0, COMMAND_BUDGET)
      const commands = withinOneTick(found)
      for (const command of commands) events.push({ type: 'command', command })
      if (found.length === COMMAND_BUDGET || commands.length < found.length) {
        this.#commandsMayWait = true
        more = true
      }
    }
    const loaded = await this.#loadNamedRuns(memory, events)
    const context = {
      store,
      memory,
      draining: this.#draining,
      loaded,
      now: () => clock.now(),
      monotonic: () => clock.monotonic(),
      act: (plan: Plan) => this.#act(memory, plan),
      log,
    }
    const begun = clock.monotonic()
    const left = await tick(context, events)
    this.#options.onTick?.(clock.monotonic() - begun)
    return left || more || memory.timers.nextAt <= clock.now()
  }

  /** Commands may name runs that ended long ago: those are read for this tick only. */
  async #loadNamedRuns(memory: SchedulerMemory, events: readonly SchedulerEvent[]): Promise<Map<number, RunMemory>> {
    const names = runsNamedIn(events)
    if (names.length === 0) return new Map()
    const found = await this.#options.store.loadRuns(memory.epoch, names)
    const finished = found.runs.filter((run) => FINISHED_RUN_STATES.has(run.state))
    return loadedRuns({ ...found, runs: finished }, memory.defaults)
  }

  #act(memory: SchedulerMemory, plan: Plan): void {
    const { executor, onCommit } = this.#options
    // The term may have been lost while the commit was under way. Nothing is started then; the next term (ours or another's)
    // finds these tries in the tables and on no host, and repeats them.
    if (plan.dispatches.length > 0 && this.#memory === memory) executor.dispatch(plan.dispatches)
    for (const { keys, reason } of plan.cancels) executor.cancel(keys, reason)
    if (plan.commandsGoOn) this.#commandsMayWait = true
    if (plan.acknowledgements.length > 0) executor.acknowledge(plan.acknowledgements)
    onCommit?.(plan)
  }

  #setTimer(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = null
    if (this.#memory === null || this.#stopped) return
    const { clock } = this.#options
    const at = Math.min(this.#memory.timers.nextAt, clock.now() + MAX_TIMER_MS)
    this.#cancelTimer = clock.setTimer(at, () => this.#wake())
  }

  /** Heals lost hints and executions that fell through: the tables and the executor are asked, not the hints. */
  #sweepLater(): void {
    this.#cancelSweep = this.#options.clock.setDelay(SWEEP_MS, () => {
      this.#sweep()
      this.#sweepLater()
    })
  }

  #sweep(): void {
    this.#commandsMayWait = true
    if (this.#memory !== null) {
      const { executor, clock } = this.#options
      const { running, finished } = executor.inventory()
      const known = new Set([...running.map(tryKeyText), ...finished.map((report) => tryKeyText(report.key))])
      // What memory holds was dispatched in the same turn of the event loop, so this is sound in the middle of a tick too.
      const missing = [...this.#memory.executions].filter(
        ([text, { record }]) => record.host === executor.host && !known.has(text),
      )
      for (const [text, { record }] of missing) {
        if (this.#suspects.has(text)) this.#inbox.push(lost(record, clock.now(), executor.host))
      }
      this.#suspects = new Set(missing.map(([text]) => text))
    }
    this.#wake()
  }

  #dropTerm(reason: string): void {
    if (this.#memory === null) return
    this.#memory = null
    this.#inbox = []
    for (const cancel of this.#hostLossTimers.splice(0)) cancel()
    this.#options.log(`scheduler: no longer leading (${reason})`)
  }

  /** Another leader will declare our executions lost, so none may outlive our lease for long. */
  #cancelEverything(): void {
    const { executor } = this.#options
    executor.cancel(executor.inventory().running, { by: LOST_LEADERSHIP, atOnce: true })
  }

  #untilIdle(ms: number): Promise<void> {
    if (this.#isIdle()) return Promise.resolve()
    return new Promise((resolve) => {
      const cancel = this.#options.clock.setDelay(ms, resolve)
      this.#idleWaiters.push(() => {
        cancel()
        resolve()
      })
    })
  }

  #tellIdle(): void {
    if (!this.#isIdle()) return
    for (const waiter of this.#idleWaiters.splice(0)) waiter()
  }

  /** Nothing runs here, and no result of ours waits for a commit that can still come. */
  #isIdle(): boolean {
    const { executor } = this.#options
    if (this.#memory === null) {
      const { running, finished } = executor.inventory()
      return running.length === 0 && (finished.length === 0 || this.#lease.isHeldByOther)
    }
    if (this.#busy || this.#inbox.length > 0) return false
    for (const { record } of this.#memory.executions.values()) if (record.host === executor.host) return false
    return true
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function lost({ tiId, tryNumber, host }: TryKey & { readonly host: string }, at: number, here: string): SchedulerEvent {
  const why =
    host === here
      ? 'the answer to the commit that queued it did not come, or came too late, so it was never started'
      : 'the program that ran it stopped before it had ended'
  const message = `${why}; the try is repeated and uses up no retry`
  return { type: 'lost', key: { tiId, tryNumber }, cause: { kind: 'host-lost', message }, at }
}
