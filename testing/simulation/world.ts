/**
 * The world of one history: tables, programs, time, and what is true whatever the programs believe. It starts and ends
 * programs, looks at every commit, and says when everything has ended.
 */
import type { DagFileReport } from '../../core/ports/dag-source.ts'
import type { Dispatch } from '../../core/ports/executor.ts'
import type { TickWrites } from '../../core/ports/store.ts'
import type { CommandRequest } from '../../core/records.ts'
import type { SerializedDag } from '../../core/serialized-dag.ts'
import { FINISHED_RUN_STATES, FINISHED_TI_STATES } from '../../core/states.ts'
import { MemoryTables } from '../memory-tables.ts'
import { ReplayedHistory } from '../replay-history.ts'
import { carryOut } from './carry-out.ts'
import { checkEnd } from './check-end.ts'
import { checkSchedule } from './check-schedule.ts'
import type { Counter, Coverage } from './coverage.ts'
import { fateOf, outcomeOf, undoFateOf } from './fate.ts'
import { checkTables } from './invariants.ts'
import { type Script, TROUBLE_MS } from './script.ts'
import { SimulatedClock } from './simulated-clock.ts'
import { SIMULATED_DEFAULTS } from './simulated-defaults.ts'
import type { TryTruth } from './simulated-executor.ts'
import { Program } from './simulated-program.ts'
import { SimulatedTriggers } from './simulated-triggers.ts'
import { LetterWatch } from './watch-letters.ts'
import { UndoWatch } from './watch-undo.ts'
import { WriteWatch } from './watch-writes.ts'

/** A history that has not ended after this much simulated time never will. */
const END_MS = 3_600_000
const SETTLE_MS = 30_000
/** Nor has one in which this many callbacks in a row led to no commit: ten times as many as ever were seen in a good one. */
const MOST_IDLE_STEPS = 10_000
/** A graceful stop takes no longer than its grace and this, whatever is broken. */
const STOP_MS = 20_000
/** After trouble has ended: a lease, its margin (`HOST_LOSS_MS`), and what a cut or stopped program needs to come back. */
const LOSS_MS = 75_000

export class World {
  readonly script: Script
  readonly clock: SimulatedClock
  readonly tables = new MemoryTables()
  readonly dags: Map<string, SerializedDag>
  readonly violations: string[] = []
  readonly coverage: Coverage = new Map()
  readonly live = new Map<number, string>()
  readonly truth = new Map<string, TryTruth>()
  readonly programs: Program[] = []
  readonly deadHosts = new Set<string>()
  readonly triggers: SimulatedTriggers
  readonly watch: WriteWatch
  readonly #history: ReplayedHistory
  readonly letters: LetterWatch
  readonly #undo: UndoWatch
  /** Dags whose file is away, and Dags whose schedule was edited. */
  readonly gone = new Set<string>()
  readonly rescheduled = new Set<string>()
  /** Dags that somebody asked to delete: their schedules begin anew when their files bring them back. */
  readonly deleted = new Set<string>()
  readonly touched = new Set<number>()
  readonly partlyCleared = new Set<number>()
  readonly leftAsIs = new Set<number>()
  #hosts = 0
  #lastLeader = ''
  #stepsSinceCommit = 0
  readonly #trace: (line: string) => void

  constructor(script: Script, trace: (line: string) => void) {
    this.script = script
    this.#trace = trace
    this.clock = new SimulatedClock(script.start)
    this.dags = new Map(script.dags.map((dag) => [dag.dagId, dag]))
    this.tables.pools.set('small', { name: 'small', slots: 3, description: null })
    this.#history = new ReplayedHistory(this.tables, SIMULATED_DEFAULTS)
    this.triggers = new SimulatedTriggers(this.tables, (request, actor) => this.submit(request, actor))
    const { tables, truth, violation, count } = this
    this.watch = new WriteWatch({ tables, truth, violation, count })
    this.letters = new LetterWatch({ tables, violation, count })
    const { live, partlyCleared, leftAsIs } = this
    this.#undo = new UndoWatch({ tables, truth, live, partlyCleared, leftAsIs, violation, count })
  }

  async run(): Promise<void> {
    const { start, programs, troubles } = this.script
    for (let i = 0; i < programs; i++) this.start()
    for (const trouble of troubles) this.clock.setTimer(start + trouble.at, () => carryOut(this, trouble))
    this.clock.setTimer(start + TROUBLE_MS, () => this.#endTrouble())
    this.clock.setTimer(start + TROUBLE_MS + LOSS_MS, () => this.#checkLosses())
    // Programs set their first timers in the promises of their start.
    await new Promise((resolve) => setImmediate(resolve))
    // Ended is when nothing was open for a while: a scheduler may be between two runs, or waiting for the lease.
    let quietSince: number | null = null
    while (await this.clock.step(start + END_MS)) {
      if (this.violations.length > 0) return
      if (++this.#stepsSinceCommit > MOST_IDLE_STEPS) {
        this.violation(`no progress in ${MOST_IDLE_STEPS} steps`)
        this.#tellOpen()
        return
      }
      if (this.clock.now() < start + TROUBLE_MS + SETTLE_MS || !this.#hasEnded()) quietSince = null
      else quietSince ??= this.clock.now()
      if (quietSince !== null && this.clock.now() - quietSince > SETTLE_MS) break
    }
    this.#checkEnd()
  }

  count = (what: Counter): void => {
    this.coverage.set(what, (this.coverage.get(what) ?? 0) + 1)
  }

  trace(line: string): void {
    this.#trace(`${this.clock.now() - this.script.start} ${line}`)
  }

  violation = (message: string): void => {
    this.violations.push(`${message} (at ${this.clock.now() - this.script.start} ms)`)
  }

  get troubled(): boolean {
    return this.clock.now() < this.script.start + TROUBLE_MS
  }

  // what goes on

  start(): void {
    const program = new Program(this, `host${this.#hosts++}`)
    this.programs.push(program)
    const { scheduler } = program
    scheduler.start().catch((error: unknown) => this.violation(`start() rejected: ${String(error)}`))
    const present = [...this.dags.values()].filter((dag) => !this.gone.has(dag.dagId))
    for (const dag of present) scheduler.onDagFile(this.parsed(dag))
    scheduler.onDagFile({ type: 'complete', files: present.map((dag) => dag.file), at: this.clock.now() })
  }

  submit(request: CommandRequest, actor = 'user:sim', notAfter: number | null = null): number {
    return this.tables.submit(request, actor, this.clock.now(), notAfter)
  }

  parsed(serialized: SerializedDag): DagFileReport {
    const dags = [{ serialized, contentHash: JSON.stringify(serialized) }]
    return { type: 'parsed', file: serialized.file, bundleHash: 'bundle', dags, warnings: [], at: this.clock.now() }
  }

  toAll(report: DagFileReport): void {
    for (const { scheduler } of this.programs) scheduler.onDagFile(report)
  }

  edit(dag: SerializedDag): void {
    const before = this.dags.get(dag.dagId)
    if (before === undefined) return
    const open = [...this.tables.runs.values()].some(
      (run) => run.dagId === dag.dagId && !FINISHED_RUN_STATES.has(run.state),
    )
    this.count(open ? 'edits with open runs' : 'edits')
    const scheduleOf = ({ schedule, timezone, startDate, endDate, catchup }: SerializedDag) =>
      JSON.stringify([schedule, timezone, startDate, endDate, catchup])
    if (scheduleOf(before) !== scheduleOf(dag)) this.rescheduled.add(dag.dagId)
    this.dags.set(dag.dagId, dag)
    this.gone.delete(dag.dagId)
    this.toAll(this.parsed(dag))
  }

  outcome({ dagRunId, dagId, runId, taskId, key, kind, timeoutMs }: Dispatch) {
    const run = this.tables.runs.get(dagRunId)
    const version = run === undefined ? undefined : this.tables.versions.get(run.versionId)
    const task = version?.serialized.tasks.find((one) => one.taskId === taskId)
    if (task === undefined) return { outcome: { state: 'skipped', message: 'of a deleted run' } as const, slow: false }
    const failures = this.tables.tis.get(key.tiId)?.failures ?? 0
    if (kind === 'compensation') {
      return outcomeOf(undoFateOf(this.script.seed, dagId, runId, taskId), failures, { taskId, timeoutMs })
    }
    return outcomeOf(fateOf(this.script.seed, dagId, runId, taskId), failures, task)
  }

  /** kill -9 of a whole program, and a new one a little later. */
  kill(victim: Program, pauseMs: number): void {
    this.count('kills')
    if (victim.host === this.tables.lease.host) {
      for (const { state } of this.tables.runs.values()) {
        if (state === 'compensating') this.count('kills while something is undone')
      }
    }
    this.#end(victim)
    this.clock.setDelay(pauseMs, () => this.start())
  }

  #end(victim: Program): void {
    victim.store.die()
    victim.executor.die()
    this.deadHosts.add(victim.host)
    const place = this.programs.indexOf(victim)
    if (place >= 0) this.programs.splice(place, 1)
  }

  /** SIGSTOP, and SIGCONT after a while. */
  stop(victim: Program, ms: number): void {
    if (!this.programs.includes(victim) || !this.troubled) return
    this.count('stops')
    const { epoch, host } = this.tables.lease
    victim.stoppedUntil = Math.max(victim.stoppedUntil, this.clock.now() + ms)
    victim.executor.stopFor(ms)
    if (host !== victim.host) return
    this.clock.setDelay(ms, () => {
      const isAlive = this.programs.includes(victim)
      if (isAlive && this.tables.lease.epoch !== epoch) this.count('stopped and woken old leaders')
    })
  }

  /** SIGTERM of a whole program, and a new one a little later. */
  stopGracefully(victim: Program, graceMs: number, pauseMs: number): void {
    this.count('graceful stops')
    const { host, executor, scheduler } = victim
    victim.isStopping = true
    this.programs.splice(this.programs.indexOf(victim), 1)
    const asleep = Math.max(0, victim.stoppedUntil - this.clock.now())
    const cancel = this.clock.setDelay(graceMs + STOP_MS + asleep, () =>
      this.violation(`${host} was asked to stop within ${graceMs} ms and still has not`),
    )
    const stopped = () => {
      cancel()
      this.trace(`${host} has stopped`)
      if (executor.inventory().running.length > 0) this.violation(`${host} stopped and left tries running`)
      this.#end(victim)
      this.clock.setDelay(pauseMs, () => this.start())
    }
    scheduler.stop(graceMs).then(stopped, (error: unknown) => this.violation(`stop() rejected: ${String(error)}`))
  }

  /** From here on everything must come right by itself. */
  #endTrouble(): void {
    this.trace('trouble ends')
    for (const program of this.programs) program.setOffset(0)
    this.submit({ kind: 'set-pool', name: 'small', slots: 3 })
    this.gone.clear()
    for (const [dagId, dag] of this.dags) {
      this.toAll(this.parsed(dag))
      this.submit({ kind: 'unpause', dagId })
    }
  }

  // what is looked at

  committed(epoch: number, writes: TickWrites): void {
    const { lease } = this.tables
    if (lease.epoch !== epoch) this.violation(`invariant 2: epoch ${epoch} wrote while epoch ${lease.epoch} leads`)
    if (lease.host !== this.#lastLeader) {
      if (this.#lastLeader !== '') this.count('leader changes')
      this.#lastLeader = lease.host
    }
    this.#stepsSinceCommit = 0
    this.watch.after(writes)
    this.letters.after(writes)
    this.#undo.after(writes)
    checkTables(this.tables, writes, this.violation)
  }

  /** What is started was committed, and so was everything it reads. */
  checkDispatch({ key, upstreamTries, dagRunId, taskId }: Dispatch): void {
    const { tables } = this
    const text = `${key.tiId}.${key.tryNumber}`
    if (!tables.tries.has(text) && tables.runs.has(dagRunId)) {
      this.violation(`invariant 4: try ${text} of ${taskId} was started before it was committed`)
    }
    const state = tables.tries.get(text)?.state
    if (state !== undefined && FINISHED_TI_STATES.has(state)) {
      this.violation(`invariant 1: try ${text} of ${taskId} was started after it had been declared lost`)
    }
    // Another leader may have counted it as lost already; then nothing it reads needs to be as it was.
    if (!tables.executions.has(text)) return
    // Nor when its TI was cleared since: an old leader, stopped in its commit, wakes and begins what it had queued. Its
    // result will be stale.
    const own = tables.tis.get(key.tiId)
    if (own?.tryNumber !== key.tryNumber || (own.state !== 'queued' && own.state !== 'running')) return
    for (const [id, up] of Object.entries(upstreamTries)) {
      const ti = tables.tis.get(up.tiId)
      // A task whose rule is eager may run before what it reads.
      if (ti?.state === 'success' && ti.tryNumber !== up.tryNumber && !this.touched.has(dagRunId))
        this.violation(`invariant 5: ${text} reads try ${up.tryNumber} of ${id}`)
    }
  }

  #checkLosses(): void {
    for (const { host, tiId } of this.tables.executions.values()) {
      if (this.deadHosts.has(host))
        this.violation(`invariant 4: TI ${tiId} counts as running on ${host}, which is dead`)
    }
  }

  #hasEnded(): boolean {
    for (const run of this.tables.runs.values()) if (!FINISHED_RUN_STATES.has(run.state)) return false
    for (const command of this.tables.commands.values()) if (command.answer === null) return false
    return this.tables.executions.size === 0
  }

  #checkEnd(): void {
    for (const difference of this.#history.differences()) this.violation(`the events say otherwise: ${difference}`)
    const { tables, violation, script, truth, touched, partlyCleared } = this
    if (!this.#hasEnded()) {
      this.#tellOpen()
      return
    }
    // Whoever triggered them was undone, and so are they.
    for (const id of this.triggers.undone) touched.add(id)
    checkEnd({ seed: script.seed, tables, truth, touched, partlyCleared, violation })
    this.triggers.check(this.watch.runs.values(), violation)
    this.letters.check((id) => touched.has(id) || this.#mayEndEarly(id))
    const runs = Map.groupBy(this.watch.runs.values(), (run) => run.dagId)
    for (const dag of this.dags.values()) {
      const own = runs.get(dag.dagId) ?? []
      if (!this.deleted.has(dag.dagId)) checkSchedule(dag, own, this.rescheduled.has(dag.dagId), violation)
      const dates = own.flatMap((run) =>
        run.runType === 'scheduled' && run.logicalDate !== null ? [run.logicalDate] : [],
      )
      if (dag.schedule.kind === 'cron' && new Set(dates.map((date) => offsetOf(dag.timezone, date))).size > 1) {
        this.count('DST crossings')
      }
    }
    for (const program of this.programs) program.compareNow()
  }

  /** Before its tasks have ended. */
  #mayEndEarly(dagRunId: number): boolean {
    const run = this.tables.runs.get(dagRunId)
    const dag = run === undefined ? undefined : this.tables.versions.get(run.versionId)?.serialized
    return dag?.dagrunTimeoutMs !== undefined || dag?.failFast === true
  }

  #tellOpen(): void {
    const { runs, tis, executions, commands } = this.tables
    const open = [...runs.values()].filter((run) => !FINISHED_RUN_STATES.has(run.state))
    const names = open.map((run) => `${run.dagId}/${run.runId} ${run.state}`).join(', ')
    const states = [...tis.values()].filter((ti) => !FINISHED_TI_STATES.has(ti.state))
    const waiting = states.map((ti) => `${ti.id} ${ti.taskId} ${ti.state}`).join(', ')
    const unanswered = [...commands.values()].filter((command) => command.answer === null).length
    this.violation(
      `invariant 4: not ended: ${open.length} runs (${names}), TIs ${waiting}; ${executions.size} executions, ${unanswered} commands`,
    )
  }
}

const formats = new Map<string, Intl.DateTimeFormat>()

function offsetOf(zone: string, at: number): string {
  let format = formats.get(zone)
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en', { timeZone: zone, timeZoneName: 'longOffset' })
    formats.set(zone, format)
  }
  return format.formatToParts(at).find((part) => part.type === 'timeZoneName')?.value ?? ''
}
