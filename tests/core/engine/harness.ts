/**
 * Drives `decide` tick by tick over memory tables: every plan is written, applied, and compared with a rebuild from the
 * tables; the tables are compared with what the events say.
 */
import { expect } from 'vitest'
import { apply } from '../../../core/engine/apply.ts'
import { type DecideOptions, decide, type Plan } from '../../../core/engine/decide.ts'
import type { SchedulerEvent } from '../../../core/engine/events.ts'
import type { SchedulerMemory } from '../../../core/engine/memory.ts'
import { loadedRuns, rebuild } from '../../../core/engine/rebuild.ts'
import type { PlatformDefaults } from '../../../core/platform-defaults.ts'
import type { Dispatch, TryOutcome } from '../../../core/ports/executor.ts'
import type { CommandAnswer, CommandRequest, RunRecord, TiRecord } from '../../../core/records.ts'
import type { SerializedDag, SerializedTask } from '../../../core/serialized-dag.ts'
import { FINISHED_RUN_STATES } from '../../../core/states.ts'
import { namesIn, runsNamedIn } from '../../../scheduler/named-in-commands.ts'
import { MemoryTables } from '../../../testing/memory-tables.ts'
import { ReplayedHistory } from '../../../testing/replay-history.ts'
import { compareMemory } from '../../../testing/simulation/compare-memory.ts'
import { SIMULATED_DEFAULTS } from '../../../testing/simulation/simulated-defaults.ts'

/** Events. */
const LONG = 1_000

export const T0 = Date.UTC(2026, 0, 1)

export function task(taskId: string, fields: Partial<SerializedTask> = {}): SerializedTask {
  return { taskId, kind: 'task', upstream: [], inputs: {}, ...fields }
}

export function dagOf(dagId: string, tasks: SerializedTask[], fields: Partial<SerializedDag> = {}): SerializedDag {
  return {
    format: 1,
    dagId,
    tags: [],
    file: `${dagId}.ts`,
    schedule: { kind: 'none' },
    timezone: 'UTC',
    tasks,
    groups: [],
    ...fields,
  }
}

export class Engine {
  readonly tables = new MemoryTables()
  memory: SchedulerMemory
  now = T0
  /** Dispatched and not ended, in order. */
  running: Dispatch[] = []
  cancelled: { taskId: string; by: string }[] = []
  readonly #defaults: PlatformDefaults
  readonly #slots: number
  readonly #mostAhead: number
  #ticks = 0
  /** The tables by their events. */
  readonly history: ReplayedHistory

  constructor(options: { slots?: number; mostAhead?: number; defaults?: Partial<PlatformDefaults> } = {}) {
    this.#slots = options.slots ?? 100
    this.#mostAhead = options.mostAhead ?? 0
    this.#defaults = {
      ...SIMULATED_DEFAULTS,
      parallelism: this.#slots,
      retryJitter: 0,
      maxPlatformLosses: 3,
      ...options.defaults,
    }
    this.memory = this.#rebuild()
    this.history = new ReplayedHistory(this.tables, this.#defaults, {
      host: 'here',
      epoch: 1,
      defaults: this.#defaults,
    })
  }

  #rebuild(): SchedulerMemory {
    const executor = { slots: this.#slots, mostAhead: this.#mostAhead }
    const options = { defaults: this.#defaults, ...executor, epoch: 1, host: 'here', now: this.now }
    return rebuild(this.tables.snapshot(), options)
  }

  /** Ticks until nothing is left to do at this instant. */
  tick(events: SchedulerEvent[] = [], options: DecideOptions = {}): void {
    let plan = this.once(events, options)
    for (let i = 0; plan.more && i < 1000; i++) plan = this.once([], options)
    const [actual, rebuilt] = [this.memory, this.#rebuild()]
    const stopping = options.draining === true
    expect(compareMemory({ actual, rebuilt, now: this.now, stopping, wentBack: false })).toEqual([])
    // A long history now and then only: it looks at every row.
    if (this.tables.events.length < LONG || this.#ticks++ % 10 === 0) expect(this.history.differences()).toEqual([])
  }

  once(events: SchedulerEvent[], options: DecideOptions = {}): Plan {
    const plan = decide(this.memory, events, this.now, options)
    this.tables.write(plan.writes)
    apply(this.memory, plan)
    this.running.push(...plan.dispatches)
    for (const { keys, reason } of plan.cancels) {
      for (const key of keys) this.cancelled.push({ taskId: this.tables.tis.get(key.tiId)!.taskId, by: reason.by })
    }
    return plan
  }

  restart(): void {
    this.memory = this.#rebuild()
    this.tick()
  }

  at(now: number): void {
    this.now = now
    this.tick()
  }

  file(...dags: SerializedDag[]): void {
    for (const serialized of dags) {
      this.tick([
        {
          type: 'dag-file',
          report: {
            type: 'parsed',
            file: serialized.file,
            bundleHash: 'b1',
            dags: [{ serialized, contentHash: JSON.stringify(serialized) }],
            warnings: [],
            at: this.now,
          },
        },
      ])
    }
  }

  command(request: CommandRequest, actor = 'user:anna'): CommandAnswer {
    const [answer] = this.commands([request], actor)
    return answer!
  }

  /** All in one tick, with what they name and memory does not hold, as the loop reads it. */
  commands(requests: readonly CommandRequest[], actor = 'user:anna', events: SchedulerEvent[] = []): CommandAnswer[] {
    const ids = requests.map((request) => this.tables.submit(request, actor, this.now))
    const commands = ids.map((id) => ({ type: 'command' as const, command: this.tables.commands.get(id)!.record }))
    const wanted = namesIn(commands)
    const runs = this.tables.runsByName(runsNamedIn(commands))
    const finished = runs.runs.filter((run) => FINISHED_RUN_STATES.has(run.state))
    this.tick([...events, ...commands], {
      loaded: loadedRuns({ ...runs, runs: finished }, this.#defaults),
      ...(wanted === null ? {} : { found: this.tables.lookUp(wanted) }),
    })
    return ids.map((id) => this.tables.commands.get(id)!.answer!)
  }

  trigger(dagId: string): RunRecord {
    const answer = this.command({ kind: 'trigger', dagId })
    if (!answer.ok) throw new Error(answer.message)
    return this.tables.runs.get((JSON.parse(answer.value) as { id: number }).id)!
  }

  /** Ends the first dispatched try of a task. */
  end(taskId: string, outcome: TryOutcome = { state: 'success', xcoms: [] }, ms = 0): void {
    const index = this.running.findIndex((dispatch) => dispatch.taskId === taskId)
    if (index < 0) throw new Error(`no try of ${taskId} is running: ${this.runningIds().join(', ')}`)
    const [dispatch] = this.running.splice(index, 1)
    this.report(dispatch!, outcome, ms)
  }

  report(dispatch: Dispatch, outcome: TryOutcome, ms = 0): void {
    const { key } = dispatch
    const report = {
      type: 'ended' as const,
      key,
      startedAt: this.now - ms,
      endedAt: this.now,
      host: 'here',
      pid: 1,
      outcome,
    }
    this.tick([{ type: 'report', report }])
  }

  fail(taskId: string, kind: 'error' | 'fail' | 'host-lost' = 'error'): void {
    this.end(taskId, { state: 'failed', cause: { kind, message: 'boom' } })
  }

  runningIds(): string[] {
    return this.running.map((dispatch) => dispatch.taskId)
  }

  states(dagRunId: number): Record<string, string> {
    const tis = [...this.tables.tis.values()].filter((ti) => ti.dagRunId === dagRunId)
    return Object.fromEntries(tis.map((ti) => [ti.taskId, ti.state]))
  }

  ti(dagRunId: number, taskId: string): TiRecord {
    return [...this.tables.tis.values()].find((ti) => ti.dagRunId === dagRunId && ti.taskId === taskId)!
  }

  run(dagRunId: number): RunRecord {
    return this.tables.runs.get(dagRunId)!
  }

  runs(dagId: string): RunRecord[] {
    return [...this.tables.runs.values()].filter((run) => run.dagId === dagId)
  }
}
