/**
 * One history: the real core and loop in a seeded world of random Dags, outcomes, crashes and faults. After every commit
 * the invariants are checked; at the end everything must have finished as the oracle says, and memory must equal a rebuild
 * from the tables. The same seed replays the same history.
 */
import { rebuild } from '../../core/engine/rebuild.ts'
import type { PlatformDefaults } from '../../core/platform-defaults.ts'
import type { Dispatch } from '../../core/ports/executor.ts'
import type { SerializedDag } from '../../core/serialized-dag.ts'
import { createScheduler, type Scheduler } from '../../scheduler/scheduler.ts'
import { MemoryStore } from '../memory-store.ts'
import { MemoryTables } from '../memory-tables.ts'
import { compareMemory } from './compare-memory.ts'
import { FaultyStore } from './faulty-store.ts'
import { checkOutcome, checkTables, TransitionWatch } from './invariants.ts'
import { ProgramClock } from './program-clock.ts'
import { Random } from './random.ts'
import { fateOf, outcomeOf, randomDag, START } from './random-dag.ts'
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
        checkTables(tables, { slots: 6, dags: this.dags }, this.violation)
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
    this.programs.push({ scheduler, store, executor })
    void scheduler.start()
    for (const serialized of this.dags.values()) {
      scheduler.onDagFile({
        type: 'parsed',
        file: serialized.file,
        bundleHash: 'bundle',
        dags: [{ serialized, contentHash: JSON.stringify(serialized) }],
        warnings: [],
        at: clock.now(),
      })
    }
    scheduler.onDagFile({ type: 'complete', files: [...this.dags.values()].map((dag) => dag.file), at: clock.now() })
  }

  outcome(dispatch: Dispatch) {
    const task = this.dags.get(dispatch.dagId)!.tasks.find((one) => one.taskId === dispatch.taskId)!
    const failures = this.tables.tis.get(dispatch.key.tiId)?.failures ?? 0
    return outcomeOf(fateOf(this.seed, dispatch.dagId, dispatch.runId, dispatch.taskId), failures, task)
  }

  troubleLater(): void {
    this.clock.setTimer(this.clock.now() + this.random.int(500, 12_000), () => {
      if (!this.troubled) {
        for (const dagId of this.dags.keys())
          this.tables.submit({ kind: 'unpause', dagId }, 'user:sim', this.clock.now())
        return
      }
      this.trouble()
      this.troubleLater()
    })
  }

  trouble(): void {
    const dagId = this.random.pick([...this.dags.keys()])
    const roll = this.random.next()
    if (roll < 0.3 && this.programs.length > 0) this.kill()
    else if (roll < 0.42 && this.programs.length > 0) {
      this.count('stops')
      const victim = this.random.pick(this.programs)
      const ms = this.random.int(500, 25_000)
      this.trace(`stop ${victim.executor.host} for ${ms} ms`)
      victim.executor.stopFor(ms)
    } else if (roll < 0.8) {
      this.count('triggers')
      const logicalDate = this.random.chance(0.3) ? START + this.random.int(-5, 60) * 1000 : undefined
      const request = { kind: 'trigger' as const, dagId, ...(logicalDate === undefined ? {} : { logicalDate }) }
      this.tables.submit(request, 'user:sim', this.clock.now())
    } else if (roll < 0.9) {
      this.clear()
    } else if (roll < 0.93) {
      this.count('drains')
      this.tables.submit({ kind: 'drain' }, 'user:sim', this.clock.now())
      this.clock.setTimer(this.clock.now() + this.random.int(100, 8000), () =>
        this.tables.submit({ kind: 'resume' }, 'user:sim', this.clock.now()),
      )
    } else {
      this.count('pauses')
      this.tables.submit({ kind: this.random.chance(0.5) ? 'pause' : 'unpause', dagId }, 'user:sim', this.clock.now())
    }
  }

  /** Clears something of some run: what is cleared runs again and ends as before. */
  clear(): void {
    const runs = [...this.tables.runs.values()]
    if (runs.length === 0) return
    const run = this.random.pick(runs)
    const dag = this.dags.get(run.dagId)!
    this.count(run.state === 'running' ? 'clears while running' : 'clears')
    const taskIds = this.random.chance(0.3) ? [] : [this.random.pick(dag.tasks).taskId]
    this.tables.submit(
      {
        kind: 'clear',
        dagId: run.dagId,
        runId: run.runId,
        taskIds,
        upstream: this.random.chance(0.2),
        // What is below must follow, or it would keep states that its upstream no longer explains.
        downstream: true,
        onlyFailed: false,
        onlyRunning: false,
      },
      'user:sim',
      this.clock.now(),
    )
  }

  /** kill -9 of a whole program, and a new one a little later. */
  kill(): void {
    const victim = this.random.pick(this.programs)
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
      const dag = this.dags.get(run.dagId)!
      if (dag.dagrunTimeoutMs === undefined) checkOutcome(this.seed, tables, run, dag, this.violation)
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
