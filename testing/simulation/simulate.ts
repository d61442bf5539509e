/**
 * One history: the real core and loop in a seeded world of random Dags, outcomes, crashes and faults. After every commit
 * the invariants are checked; at the end everything must have finished as the oracle says, and memory must equal a rebuild
 * from the tables. The same seed replays the same history.
 */
import { rebuild } from '../../core/engine/rebuild.ts'
import type { PlatformDefaults } from '../../core/platform-defaults.ts'
import type { DagFileReport } from '../../core/ports/dag-source.ts'
import type { Dispatch } from '../../core/ports/executor.ts'
import type { CommandRequest } from '../../core/records.ts'
import type { SerializedDag } from '../../core/serialized-dag.ts'
import { createScheduler, type Scheduler } from '../../scheduler/scheduler.ts'
import { MemoryStore } from '../memory-store.ts'
import { MemoryTables } from '../memory-tables.ts'
import { compareMemory } from './compare-memory.ts'
import { FaultyStore } from './faulty-store.ts'
import { checkOutcome, checkSchedule, checkTables, TransitionWatch } from './invariants.ts'
import { ProgramClock } from './program-clock.ts'
import { Random } from './random.ts'
import { editDag, fateOf, outcomeOf, randomDag, START } from './random-dag.ts'
import { SimulatedClock } from './simulated-clock.ts'
import { SimulatedExecutor } from './simulated-executor.ts'

export interface History {
  readonly seed: number
  readonly violations: readonly string[]
  /** How often each kind of trouble happened. */
  readonly coverage: ReadonlyMap<string, number>
  readonly runs: number
}

interface Program {
  readonly scheduler: Scheduler
  readonly store: FaultyStore
  readonly executor: SimulatedExecutor
  readonly clock: ProgramClock
  /** World time until which it is stopped (SIGSTOP). */
  stoppedUntil: number
}

export const SIMULATED_DEFAULTS: PlatformDefaults = {
  retries: 3,
  retryDelayMs: 1000,
  retryBackoff: 2,
  maxRetryDelayMs: 300_000,
  retryJitter: 0.1,
  timeoutMs: 30_000,
  pool: 'default_pool',
  maxActiveRuns: 16,
  maxActiveTasks: 16,
  catchup: false,
  pausedUponCreation: false,
  memoryLimitMb: 512,
  parallelism: 6,
  // The oracle knows nothing of losses, so the bound on them is out of reach here.
  maxPlatformLosses: 1_000,
}

/** Trouble ends here; what is left must then finish by itself. */
const TROUBLE_MS = 90_000
const END_MS = 1_200_000
const SETTLE_MS = 30_000
/** A graceful stop takes no longer than its grace and this, whatever is broken. */
const STOP_MS = 20_000

/** @param trace is told what every program logs and every trouble, for looking into one seed. */
export async function simulate(seed: number, trace: (line: string) => void = () => {}): Promise<History> {
  const world = new World(seed, trace)
  await world.run()
  return { seed, violations: world.violations, coverage: world.coverage, runs: world.tables.runs.size }
}

class World {
  readonly seed: number
  readonly random: Random
  readonly clock = new SimulatedClock(START)
  readonly tables = new MemoryTables()
  readonly dags = new Map<string, SerializedDag>()
  readonly violations: string[] = []
  readonly coverage = new Map<string, number>()
  readonly live = new Map<number, string>()
  readonly watch = new TransitionWatch()
  readonly programs: Program[] = []
  readonly deadHosts = new Set<string>()
  /** Dags whose file is away, and Dags whose schedule was edited. */
  readonly gone = new Set<string>()
  readonly rescheduled = new Set<string>()
  hostCount = 0

  readonly #trace: (line: string) => void

  constructor(seed: number, trace: (line: string) => void) {
    this.seed = seed
    this.#trace = trace
    this.random = new Random(seed)
    this.tables.pools.set('small', { name: 'small', slots: 3, description: null })
    const count = this.random.int(1, 3)
    for (let i = 0; i < count; i++) this.dags.set(`dag${i}`, randomDag(this.random, `dag${i}`))
  }

  async run(): Promise<void> {
    const programs = this.random.chance(0.5) ? 2 : 1
    for (let i = 0; i < programs; i++) this.start()
    this.troubleLater()
    // Ended is when nothing was open for a while: a scheduler may be between two runs, or waiting for the lease.
    let quietSince: number | null = null
    while (await this.clock.step(START + END_MS)) {
      if (this.violations.length > 0) return
      if (this.clock.now() < START + TROUBLE_MS + SETTLE_MS || !this.finished()) quietSince = null
      else quietSince ??= this.clock.now()
      if (quietSince !== null && this.clock.now() - quietSince > SETTLE_MS) break
    }
    this.checkEnd()
  }

  count = (what: string): void => {
    this.coverage.set(what, (this.coverage.get(what) ?? 0) + 1)
  }

  trace(line: string): void {
    this.#trace(`${this.clock.now() - START} ${line}`)
  }

  violation = (message: string): void => {
    this.violations.push(`${message} (at ${this.clock.now() - START} ms)`)
  }

  get troubled(): boolean {
    return this.clock.now() < START + TROUBLE_MS
  }

  start(): void {
    const { clock, random, tables } = this
    const host = `host${this.hostCount++}`
    const own = new ProgramClock(clock)
    const executor = new SimulatedExecutor({
      host,
      slots: 6,
      clock: own,
      world: clock,
      random,
      live: this.live,
      outcome: (dispatch) => this.outcome(dispatch),
      violation: this.violation,
      count: this.count,
    })
    const store = new FaultyStore(
      new MemoryStore(tables, clock),
      own,
      random,
      () => (this.troubled ? { before: 0.01, after: 0.01 } : { before: 0, after: 0 }),
      this.count,
      (writes) => {
        this.watch.after(writes, this.violation)
        checkTables(tables, writes, 6, this.violation)
      },
    )
    const scheduler = createScheduler({
      store,
      executor,
      clock: own,
      defaults: SIMULATED_DEFAULTS,
      log: (line) => {
        this.trace(`${host} ${line}`)
        if (line.includes('taken apart')) this.count('bisected ticks')
        if (line.includes('leading with')) this.count('terms')
      },
      isSurelyDead: (name) => this.deadHosts.has(name),
    })
    this.programs.push({ scheduler, store, executor, clock: own, stoppedUntil: 0 })
    scheduler.start().catch((error: unknown) => this.violation(`start() rejected: ${String(error)}`))
    const present = [...this.dags.values()].filter((dag) => !this.gone.has(dag.dagId))
    for (const serialized of present) scheduler.onDagFile(this.parsed(serialized))
    scheduler.onDagFile({ type: 'complete', files: present.map((dag) => dag.file), at: clock.now() })
  }

  parsed(serialized: SerializedDag): DagFileReport {
    const dags = [{ serialized, contentHash: JSON.stringify(serialized) }]
    return { type: 'parsed', file: serialized.file, bundleHash: 'bundle', dags, warnings: [], at: this.clock.now() }
  }

  toAll(report: DagFileReport): void {
    for (const { scheduler } of this.programs) scheduler.onDagFile(report)
  }

  outcome(dispatch: Dispatch) {
    const { dagRunId, dagId, runId, taskId, key } = dispatch
    const version = this.tables.versions.get(this.tables.runs.get(dagRunId)!.versionId)!
    const task = version.serialized.tasks.find((one) => one.taskId === taskId)!
    const failures = this.tables.tis.get(key.tiId)?.failures ?? 0
    return outcomeOf(fateOf(this.seed, dagId, runId, taskId), failures, task)
  }

  troubleLater(): void {
    this.clock.setTimer(this.clock.now() + this.random.int(500, 12_000), () => {
      if (!this.troubled) return this.endTrouble()
      this.trouble()
      this.troubleLater()
    })
  }

  /** From here on everything must come right by itself. */
  endTrouble(): void {
    for (const { clock } of this.programs) clock.setOffset(0)
    this.submit({ kind: 'set-pool', name: 'small', slots: 3 })
    for (const [dagId, dag] of this.dags) {
      if (this.gone.delete(dagId)) this.toAll(this.parsed(dag))
      this.submit({ kind: 'unpause', dagId })
    }
  }

  submit(request: CommandRequest): void {
    this.tables.submit(request, 'user:sim', this.clock.now())
  }

  trouble(): void {
    const dagId = this.random.pick([...this.dags.keys()])
    const roll = this.random.next()
    if (roll < 0.4) {
      if (this.programs.length > 0) this.troubleProgram(this.random.pick(this.programs), this.random.next())
    } else if (roll < 0.64) {
      this.count('triggers')
      const logicalDate = this.random.chance(0.3) ? START + this.random.int(-5, 60) * 1000 : undefined
      this.submit({ kind: 'trigger' as const, dagId, ...(logicalDate === undefined ? {} : { logicalDate }) })
    } else if (roll < 0.74) {
      this.clear()
    } else if (roll < 0.77) {
      this.count('drains')
      this.submit({ kind: 'drain' })
      this.clock.setDelay(this.random.int(100, 8000), () => this.submit({ kind: 'resume' }))
    } else if (roll < 0.84) {
      this.count('pauses')
      this.submit({ kind: this.random.chance(0.5) ? 'pause' : 'unpause', dagId })
    } else if (roll < 0.89) {
      this.count('resized pools')
      this.submit({ kind: 'set-pool', name: 'small', slots: this.random.int(-1, 4) })
    } else this.troubleFile(dagId)
  }

  /** Clears something of some run: what is cleared runs again and ends as before. */
  clear(): void {
    const runs = [...this.tables.runs.values()]
    if (runs.length === 0) return
    const run = this.random.pick(runs)
    const { tasks } = this.tables.versions.get(run.versionId)!.serialized
    this.count(run.state === 'running' ? 'clears while running' : 'clears')
    this.submit({
      kind: 'clear',
      dagId: run.dagId,
      runId: run.runId,
      taskIds: this.random.chance(0.3) ? [] : [this.random.pick(tasks).taskId],
      upstream: this.random.chance(0.2),
      // What is below must follow, or it would keep states that its upstream no longer explains.
      downstream: true,
      onlyFailed: false,
      onlyRunning: false,
    })
  }

  troubleProgram(victim: Program, roll: number): void {
    const { random } = this
    if (roll < 0.4) this.kill(victim)
    else if (roll < 0.6) {
      this.count('stops')
      const ms = random.int(500, 25_000)
      this.trace(`stop ${victim.executor.host} for ${ms} ms`)
      victim.stoppedUntil = this.clock.now() + ms
      victim.executor.stopFor(ms)
    } else if (roll < 0.7) {
      this.count('cuts')
      const ms = random.int(500, 30_000)
      this.trace(`cut ${victim.executor.host} off for ${ms} ms`)
      victim.store.cutFor(ms)
    } else if (roll < 0.85) {
      this.count('clock jumps')
      const ms = random.int(-30_000, 30_000)
      this.trace(`the clock of ${victim.executor.host} is set ${ms} ms off`)
      victim.clock.setOffset(ms)
    } else this.stopGracefully(victim)
  }

  /** A Dag's file is edited, goes away, or comes back, whatever runs meanwhile. */
  troubleFile(dagId: string): void {
    const dag = this.dags.get(dagId)!
    const isGone = this.gone.has(dagId)
    if (!isGone && this.random.chance(0.4)) {
      this.count('files gone')
      this.gone.add(dagId)
      this.toAll({ type: 'gone', file: dag.file, at: this.clock.now() })
      return
    }
    if (!isGone || this.random.chance(0.5)) {
      this.count('edits')
      const edited = editDag(this.random, dag)
      if (JSON.stringify(edited.schedule) !== JSON.stringify(dag.schedule)) this.rescheduled.add(dagId)
      this.dags.set(dagId, edited)
    }
    this.gone.delete(dagId)
    this.toAll(this.parsed(this.dags.get(dagId)!))
  }

  /** SIGTERM of a whole program, and a new one a little later. */
  stopGracefully(victim: Program): void {
    this.count('graceful stops')
    const { host } = victim.executor
    const grace = this.random.int(0, 10_000)
    this.trace(`stop ${host} gracefully within ${grace} ms`)
    this.programs.splice(this.programs.indexOf(victim), 1)
    const asleep = Math.max(0, victim.stoppedUntil - this.clock.now())
    const cancel = this.clock.setDelay(grace + STOP_MS + asleep, () =>
      this.violation(`${host} was asked to stop within ${grace} ms and still has not`),
    )
    const stopped = () => {
      cancel()
      this.trace(`${host} has stopped`)
      if (victim.executor.inventory().running.length > 0) this.violation(`${host} stopped and left tries running`)
      victim.store.die()
      victim.executor.die()
      this.deadHosts.add(host)
      this.clock.setDelay(this.random.int(0, 3000), () => this.start())
    }
    victim.scheduler.stop(grace).then(stopped, (error: unknown) => this.violation(`stop() rejected: ${String(error)}`))
  }

  /** kill -9 of a whole program, and a new one a little later. */
  kill(victim: Program): void {
    this.count('kills')
    this.trace(`kill ${victim.executor.host}`)
    victim.store.die()
    victim.executor.die()
    this.deadHosts.add(victim.executor.host)
    this.programs.splice(this.programs.indexOf(victim), 1)
    this.clock.setTimer(this.clock.now() + this.random.int(0, 3000), () => this.start())
  }

  finished(): boolean {
    for (const run of this.tables.runs.values()) if (run.state === 'queued' || run.state === 'running') return false
    for (const command of this.tables.commands.values()) if (command.answer === null) return false
    return this.tables.executions.size === 0
  }

  checkEnd(): void {
    const { tables } = this
    if (!this.finished()) {
      const open = [...tables.runs.values()].filter((run) => run.state === 'queued' || run.state === 'running')
      const commands = [...tables.commands.values()].filter((command) => command.answer === null)
      this.violation(
        `not finished: ${open.length} runs (${open.map((run) => `${run.dagId}/${run.runId} ${run.state}`).join(', ')}), ${tables.executions.size} executions, ${commands.length} commands`,
      )
      return
    }
    for (const run of tables.runs.values()) {
      const dag = tables.versions.get(run.versionId)!.serialized
      if (dag.dagrunTimeoutMs === undefined) checkOutcome(this.seed, tables, run, dag, this.violation)
    }
    for (const dag of this.dags.values()) {
      if (!this.rescheduled.has(dag.dagId)) checkSchedule(tables, dag, this.violation)
    }
    for (const { scheduler } of this.programs) {
      const memory = scheduler.memory()
      if (memory === null) continue
      const { slots, epoch, host } = memory
      const fresh = rebuild(tables.snapshot(), {
        defaults: SIMULATED_DEFAULTS,
        slots,
        epoch,
        host,
        now: this.clock.now(),
      })
      for (const difference of compareMemory(memory, fresh))
        this.violation(`memory differs from the tables: ${difference}`)
    }
  }
}
