/** One simulated program: a scheduler with its executor, its clock and its way to the database. */
import type { Plan } from '../../core/engine/decide.ts'
import type { SchedulerMemory } from '../../core/engine/memory.ts'
import { rebuild } from '../../core/engine/rebuild.ts'
import type { Dispatch } from '../../core/ports/executor.ts'
import type { TickWrites } from '../../core/ports/store.ts'
import { createScheduler, type Scheduler } from '../../scheduler/scheduler.ts'
import { isSuperseded } from '../../scheduler/superseded-tries.ts'
import { MemoryStore } from '../memory-store.ts'
import type { MemoryTables } from '../memory-tables.ts'
import { compareMemory } from './compare-memory.ts'
import type { Counter } from './coverage.ts'
import { FaultyStore } from './faulty-store.ts'
import { ProgramClock } from './program-clock.ts'
import { Random } from './random.ts'
import type { Script } from './script.ts'
import type { SimulatedClock } from './simulated-clock.ts'
import { SIMULATED_DEFAULTS } from './simulated-defaults.ts'
import { SimulatedExecutor, type SimulatedExecutorOptions } from './simulated-executor.ts'
import type { SimulatedTriggers } from './simulated-triggers.ts'
import type { WriteWatch } from './watch-writes.ts'

/** By then a program has noticed that its clock was set back, whatever answer it waited for. */
const NOTICE_MS = 30_000

const NO_FAULTS = { before: 0, after: 0, late: 0 }

/** What a program has of the world. */
export interface ProgramWorld
  extends Pick<SimulatedExecutorOptions, 'live' | 'truth' | 'outcome' | 'violation' | 'count'> {
  readonly script: Script
  readonly clock: SimulatedClock
  readonly tables: MemoryTables
  readonly triggers: SimulatedTriggers
  readonly deadHosts: ReadonlySet<string>
  readonly watch: Pick<WriteWatch, 'cancelled'>
  readonly troubled: boolean
  checkDispatch(dispatch: Dispatch): void
  committed(epoch: number, writes: TickWrites): void
  trace(line: string): void
}

export class Program {
  readonly scheduler: Scheduler
  readonly store: FaultyStore
  readonly executor: SimulatedExecutor
  readonly clock: ProgramClock
  /** World time until which it is stopped (SIGSTOP). */
  stoppedUntil = 0
  isStopping = false
  offset = 0
  /** World time at which its wall clock was set back, until it has noticed. */
  #wentBackAt = Number.NEGATIVE_INFINITY
  readonly #world: ProgramWorld

  constructor(world: ProgramWorld, host: string) {
    this.#world = world
    const { clock: worldClock, tables, script, violation, count } = world
    this.clock = new ProgramClock(worldClock)
    this.executor = new SimulatedExecutor({
      host,
      slots: SIMULATED_DEFAULTS.parallelism,
      seed: script.seed,
      isFast: script.isFast,
      clock: this.clock,
      world: worldClock,
      live: world.live,
      truth: world.truth,
      outcome: (dispatch) => world.outcome(dispatch),
      trigger: (dispatch, done) => world.triggers.ask(dispatch, this.clock, done),
      dispatched: (dispatch) => this.#checkTerm(dispatch),
      violation,
      count,
    })
    this.store = new FaultyStore({
      inner: new MemoryStore(tables, worldClock),
      clock: this.clock,
      world: worldClock,
      random: Random.named(`${script.seed}/${host}`),
      faults: () => (world.troubled ? script.faults : NO_FAULTS),
      count,
      committed: (epoch, writes) => world.committed(epoch, writes),
      violation,
    })
    this.scheduler = createScheduler({
      store: this.store,
      executor: this.executor,
      clock: this.clock,
      defaults: SIMULATED_DEFAULTS,
      log: (line) => {
        world.trace(`${host} ${line}`)
        countLine(line, count)
        if (line.includes('the clock was set back')) this.#wentBackAt = Number.NEGATIVE_INFINITY
      },
      onCommit: (plan) => this.#compare(plan),
      ...(script.knowsDeadHosts ? { isSurelyDead: (name: string) => world.deadHosts.has(name) } : {}),
    })
  }

  get host(): string {
    return this.executor.host
  }

  setOffset(ms: number): void {
    if (ms < this.offset) this.#wentBackAt = this.#world.clock.now()
    this.offset = ms
    this.clock.setOffset(ms)
  }

  /** Whoever knows that its term is over starts nothing of it: the next leader repeats what was never started. */
  #checkTerm(dispatch: Dispatch): void {
    const { key, epoch, taskId } = dispatch
    if (this.scheduler.memory()?.epoch !== epoch) {
      const text = `${key.tiId}.${key.tryNumber} of ${taskId}`
      this.#world.violation(`invariant 1: try ${text} was started by ${this.host} after its term ${epoch}`)
    }
    this.#world.checkDispatch(dispatch)
  }

  /** Memory after a commit: what was written is in the tables, and nobody else has written since. */
  #compare(plan: Plan): void {
    if (plan.empty) return
    try {
      this.compareNow()
    } catch (error) {
      this.#world.violation(`memory of ${this.host} cannot be compared: ${String(error)}`)
    }
  }

  compareNow(): void {
    const actual = this.scheduler.memory()
    const { tables, violation, count } = this.#world
    if (actual === null || tables.lease.epoch !== actual.epoch) return
    count('memory compared')
    const { slots, mostAhead, epoch, host, graphs } = actual
    const now = this.clock.now()
    const options = { defaults: SIMULATED_DEFAULTS, slots, mostAhead, epoch, host, now, graphs }
    const rebuilt = rebuild(tables.snapshot(), options)
    const { isStopping: stopping } = this
    const wentBack = this.#world.clock.now() - this.#wentBackAt < NOTICE_MS
    for (const difference of compareMemory({ actual, rebuilt, now, stopping, wentBack })) {
      violation(`memory of ${host}: ${difference}`)
    }
    this.#checkStale(actual)
    this.#countLimits()
  }

  /** Whose TI was cleared, marked or abandoned has been asked to end, whatever became of the one who asked first. */
  #checkStale(memory: SchedulerMemory): void {
    for (const [text, execution] of memory.executions) {
      if (this.#world.watch.cancelled.has(text) && this.executor.goesOn(text)) {
        this.#world.violation(`invariant 4: try ${text} goes on although it was cancelled`)
      }
      if (isSuperseded(memory, execution) && this.executor.goesOn(text)) {
        this.#world.violation(`invariant 4: try ${text} goes on although its TI has moved on`)
      }
    }
  }

  #countLimits(): void {
    const memory = this.scheduler.memory()
    if (memory === null) return
    const { count } = this.#world
    for (const key of memory.waiting.keys()) {
      const counter = LIMITS[key.split(':')[0] ?? '']
      if (counter !== undefined) count(counter)
    }
    for (const { queued } of memory.dags.values()) if (queued.length > 0) count('runs capped')
  }
}

const LIMITS: Readonly<Record<string, Counter | undefined>> = {
  pool: 'pool-limited',
  task: 'task-limited',
  run: 'run-limited',
  slots: 'slot-limited',
}

function countLine(line: string, count: (what: Counter) => void): void {
  if (line.includes('taken apart')) count('bisected ticks')
  const isolated = /^isolated (command|report|dag-file|the timer)/.exec(line)?.[1]
  if (isolated === 'command') count('isolated commands')
  else if (isolated === 'report') count('isolated results')
  else if (isolated === 'dag-file') count('isolated files')
  else if (isolated === 'the timer') count('isolated timers')
}
