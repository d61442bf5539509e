/**
 * One tick in the making: an overlay over memory that collects what changes and what has to be written and done. Memory
 * itself is only read. The steps of a tick (`results.ts`, `runs.ts`, ...) are functions over this draft.
 */
import type { DagGraph } from '../graph.ts'
import { type TryKey, tryKeyText } from '../ids.ts'
import type { CancelReason, Dispatch } from '../ports/executor.ts'
import type { Found, TickWrites } from '../ports/store.ts'
import type {
  CommandAnswer,
  DagVersionRecord,
  ImportErrorRecord,
  PoolRecord,
  RunRecord,
  TiRecord,
  TryRecord,
  XComRecord,
} from '../records.ts'
import { EventDraft, type EventFields } from './event-draft.ts'
import type { DagMemory, ExecutionMemory, NextIds, RunMemory, SchedulerMemory } from './memory.ts'
import { NOTHING_FOUND, RareWrites } from './rare-writes.ts'
import { readyTi } from './ready-ti.ts'
import { rowsBefore } from './rows-before.ts'
import { RunDraft, type TiChangeListener } from './run-draft.ts'
import type { Timer } from './timer-heap.ts'
import type { ReadyTi } from './waiting.ts'

export class Draft {
  readonly memory: SchedulerMemory
  readonly now: number
  /** Runs that are neither running nor queued, loaded because a command names them. */
  readonly #loaded: ReadonlyMap<number, RunMemory>
  readonly #stopping: boolean
  newDraining: boolean | null = null
  readonly rare: RareWrites
  /** A command is not done yet: it is taken again in the next tick. */
  commandsGoOn = false
  readonly #deletedRuns: number[] = []
  readonly deletedPools = new Set<string>()
  readonly #tiNotes = new Map<number, string | null>()

  readonly runs = new Map<number, RunDraft>()
  readonly endedRuns = new Set<number>()
  /** To the newest version of their Dag. */
  readonly movedRuns = new Set<number>()
  readonly dags = new Map<string, DagMemory>()
  readonly newGraphs = new Map<number, DagGraph>()
  readonly pools = new Map<string, PoolRecord>()
  readonly startedExecutions = new Map<string, ExecutionMemory>()
  readonly changedExecutions = new Map<string, ExecutionMemory>()
  readonly endedExecutions = new Map<string, ExecutionMemory>()
  readonly usage = new Map<string, number>()
  readonly freed = new Set<string>()
  readonly timers: Timer[] = []
  readonly firedTimers: Timer[] = []
  readonly lackingPool = new Map<string, SchedulerMemoryLacking | null>()
  /** Dags whose runs may be created or promoted now. */
  readonly dagsToAdvance = new Set<string>()
  rows = 0
  /** As `memory.pace`, with the tries that ended in this tick. */
  pace: number
  nextIds: NextIds

  readonly #insertedVersions: DagVersionRecord[] = []
  readonly #deletedVersions: number[] = []
  readonly #importErrors = new Map<string, ImportErrorRecord | null>()
  readonly #queuedRuns = new Map<number, RunRecord>()
  readonly #tries = new Map<string, { record: TryRecord; inserted: boolean }>()
  readonly #xcoms: XComRecord[] = []
  readonly history: EventDraft
  readonly #answers: { commandId: number; answer: CommandAnswer; request?: string }[] = []
  readonly dispatches: Dispatch[] = []
  readonly cancels: { readonly keys: readonly TryKey[]; readonly reason: CancelReason }[] = []
  readonly acknowledgements: TryKey[] = []

  constructor(
    memory: SchedulerMemory,
    now: number,
    stopping: boolean,
    loaded: ReadonlyMap<number, RunMemory> = new Map(),
    found: Found = NOTHING_FOUND,
  ) {
    this.memory = memory
    this.now = now
    this.#stopping = stopping
    this.#loaded = loaded
    this.rare = new RareWrites(found)
    this.nextIds = memory.nextIds
    this.pace = memory.pace
    this.history = new EventDraft(now, memory.host, () => this.takeId('event'))
  }

  /** Nothing new starts: the program stops, or an operator asked for it. */
  get draining(): boolean {
    return this.#stopping || (this.newDraining ?? this.memory.draining)
  }

  // ids

  takeId(kind: keyof NextIds, count = 1): number {
    const id = this.nextIds[kind]
    this.nextIds = { ...this.nextIds, [kind]: id + count }
    return id
  }

  // events

  event(fields: EventFields): void {
    this.rows++
    this.history.add(fields)
  }

  tiEvent(run: RunDraft, ti: TiRecord, actor: string, cause: string | null, kind = `ti.${ti.state}`): void {
    this.event({
      kind,
      actor,
      dagRunId: run.record.id,
      dagId: run.record.dagId,
      tiId: ti.id,
      tryNumber: ti.tryNumber === 0 ? null : ti.tryNumber,
      cause,
    })
  }

  /** Logs each TI that ends while a run settles. */
  listener(run: RunDraft): TiChangeListener {
    return (ti, cause) => {
      this.rows++
      this.tiEvent(run, ti, 'scheduler', cause)
    }
  }

  // dags

  dag(dagId: string): DagMemory | undefined {
    if (this.rare.deletedDags.has(dagId)) return undefined
    return this.dags.get(dagId) ?? this.memory.dags.get(dagId)
  }

  setDag(dag: DagMemory): void {
    if (!this.dags.has(dag.record.dagId)) this.rows++
    this.dags.set(dag.record.dagId, dag)
  }

  /** Every Dag as this tick sees it. */
  *allDags(): IterableIterator<DagMemory> {
    for (const dagId of this.memory.dags.keys()) {
      const dag = this.dag(dagId)
      if (dag !== undefined) yield dag
    }
    for (const [dagId, dag] of this.dags) if (!this.memory.dags.has(dagId)) yield dag
  }

  graph(versionId: number): DagGraph {
    const graph = this.newGraphs.get(versionId) ?? this.memory.graphs.get(versionId)
    if (graph === undefined) throw new Error(`the graph of Dag version ${versionId} is not loaded`)
    return graph
  }

  insertVersion(version: DagVersionRecord, graph: DagGraph): void {
    this.rows++
    this.#insertedVersions.push(version)
    this.newGraphs.set(version.versionId, graph)
  }

  deleteVersion(versionId: number): void {
    const own = this.#insertedVersions.findIndex((version) => version.versionId === versionId)
    if (own >= 0) this.#insertedVersions.splice(own, 1)
    else this.#deletedVersions.push(versionId)
  }

  setImportError(file: string, error: ImportErrorRecord | null): void {
    this.#importErrors.set(file, error)
  }

  importError(file: string): ImportErrorRecord | undefined {
    const changed = this.#importErrors.get(file)
    return changed === undefined ? this.memory.importErrors.get(file) : (changed ?? undefined)
  }

  // runs

  /** A queued run has a row but no TIs: they are made when it is promoted. */
  insertQueuedRun(record: RunRecord): void {
    this.rows++
    this.#queuedRuns.set(record.id, record)
  }

  run(dagRunId: number): RunDraft | undefined {
    const own = this.runs.get(dagRunId)
    if (own !== undefined) return own
    if (this.rare.erasedRuns.has(dagRunId)) return undefined
    const memory = this.memory.runs.get(dagRunId) ?? this.memory.parked.get(dagRunId) ?? this.#loaded.get(dagRunId)
    if (memory === undefined) return undefined
    const draft = RunDraft.of(memory)
    this.runs.set(dagRunId, draft)
    return draft
  }

  /** By its name: running, queued, or loaded for a command. A queued run without TIs comes with none. */
  findRun(dagId: string, runId: string): RunDraft | undefined {
    for (const run of this.runs.values()) if (isNamed(run.record, dagId, runId)) return this.#unlessDeleted(run)
    for (const runs of [this.memory.runs, this.memory.parked, this.#loaded]) {
      for (const { record } of runs.values())
        if (isNamed(record, dagId, runId)) return this.#unlessDeleted(this.run(record.id))
    }
    const record = this.dag(dagId)?.queued.find((queued) => isNamed(queued, dagId, runId))
    if (record === undefined) return undefined
    const bare = RunDraft.withoutTis(record, this.graph(record.versionId))
    this.runs.set(record.id, bare)
    return bare
  }

  #unlessDeleted(run: RunDraft | undefined): RunDraft | undefined {
    return run === undefined || this.#deletedRuns.includes(run.record.id) ? undefined : run
  }

  isDeleted(dagRunId: number): boolean {
    return this.#deletedRuns.includes(dagRunId) || this.rare.erasedRuns.has(dagRunId)
  }

  /** The queue holds records: a changed one takes the old one's place. */
  replaceQueued(record: RunRecord): void {
    const dag = this.dag(record.dagId)
    if (dag === undefined) return
    this.setDag({ ...dag, queued: dag.queued.map((queued) => (queued.id === record.id ? record : queued)) })
  }

  deleteRun(dagRunId: number): void {
    this.rows++
    this.runs.delete(dagRunId)
    this.#deletedRuns.push(dagRunId)
  }

  /** Made and deleted in one tick it is neither: a row is written once. */
  deletePool(name: string): void {
    this.pools.delete(name)
    if (this.memory.pools.has(name)) this.deletedPools.add(name)
  }

  setPool(pool: PoolRecord): void {
    this.rows++
    this.deletedPools.delete(pool.name)
    this.pools.set(pool.name, pool)
  }

  /** As this tick sees it. */
  pool(name: string): PoolRecord | undefined {
    return this.deletedPools.has(name) ? undefined : (this.pools.get(name) ?? this.memory.pools.get(name))
  }

  setTiNote(tiId: number, note: string | null): void {
    this.rows++
    this.#tiNotes.set(tiId, note)
  }

  // executions and limits

  execution(key: TryKey): ExecutionMemory | undefined {
    const text = tryKeyText(key)
    if (this.endedExecutions.has(text)) return undefined
    return this.startedExecutions.get(text) ?? this.changedExecutions.get(text) ?? this.memory.executions.get(text)
  }

  usageOf(key: string): number {
    return this.usage.get(key) ?? this.memory.usage.get(key) ?? 0
  }

  startExecution(execution: ExecutionMemory): void {
    this.rows += 2
    this.startedExecutions.set(tryKeyText(execution.record), execution)
    for (const [key, units] of execution.units) this.usage.set(key, this.usageOf(key) + units)
  }

  endExecution(execution: ExecutionMemory): void {
    this.rows++
    this.endedExecutions.set(tryKeyText(execution.record), execution)
    for (const [key, units] of execution.units) {
      this.usage.set(key, this.usageOf(key) - units)
      this.freed.add(key)
    }
  }

  cancel({ record: { tiId, tryNumber } }: ExecutionMemory, by: string): void {
    this.cancels.push({ keys: [{ tiId, tryNumber }], reason: { by } })
  }

  /** Live executions of a run. */
  *executionsOf(dagRunId: number): IterableIterator<ExecutionMemory> {
    for (const executions of [this.memory.executions, this.startedExecutions]) {
      for (const [text, execution] of executions) {
        if (execution.record.dagRunId !== dagRunId || this.endedExecutions.has(text)) continue
        yield this.changedExecutions.get(text) ?? execution
      }
    }
  }

  // rows

  writeTry(record: TryRecord, inserted: boolean): void {
    const text = tryKeyText(record)
    const before = this.#tries.get(text)
    if (before === undefined) this.rows++
    this.#tries.set(text, { record, inserted: inserted || before?.inserted === true })
  }

  writeXCom(record: XComRecord): void {
    this.rows++
    this.#xcoms.push(record)
  }

  /** `request` replaces what was asked for. */
  answer(commandId: number, answer: CommandAnswer, request?: string): void {
    this.rows++
    this.#answers.push({ commandId, answer, ...(request === undefined ? {} : { request }) })
  }

  acknowledge(key: TryKey): void {
    this.acknowledgements.push({ tiId: key.tiId, tryNumber: key.tryNumber })
  }

  timer(timer: Timer): void {
    this.timers.push(timer)
  }

  /** TIs that became ready in this tick since this was last asked, as entries of the queue. */
  newlyReady(): ReadyTi[] {
    const entries = (run: RunDraft) => run.newlyReady.splice(0).map((index) => readyTi(run, run.ti(index)!, index))
    return [...this.runs.values()].flatMap(entries)
  }

  writes(): TickWrites {
    const insertedRuns: RunRecord[] = []
    const updatedRuns: RunRecord[] = []
    const insertedTis: TiRecord[] = []
    const updatedTis: TiRecord[] = []
    for (const run of this.runs.values()) {
      // A run that starts was either queued before, so its row exists, or is queued and promoted in this very tick.
      if (this.#queuedRuns.has(run.record.id)) insertedRuns.push(run.record)
      else if (run.recordChanged) updatedRuns.push(run.record)
      for (const index of run.changedTis) {
        const target = run.isInserted(index) ? insertedTis : updatedTis
        target.push(run.ti(index)!)
      }
      for (const [ti, isNew] of run.changedVanished) (isNew ? insertedTis : updatedTis).push(ti)
      if (run.saga !== null) for (const row of run.saga.changed) this.rare.compensations.push(row)
    }
    for (const record of this.#queuedRuns.values()) if (!this.runs.has(record.id)) insertedRuns.push(record)
    // What ended in the tick that deletes its run is gone with it.
    const stays = ({ dagRunId }: { dagRunId: number }) => !this.#deletedRuns.includes(dagRunId)
    const tries = [...this.#tries.values()].filter(({ record }) => stays(record))
    const importErrors = [...this.#importErrors]
    const writes = {
      ...this.rare.writes(this.now, stays),
      dags: [...this.dags.values()].map((dag) => dag.record).filter((dag) => !this.rare.deletedDags.has(dag.dagId)),
      insertedVersions: this.#insertedVersions,
      deletedVersions: this.#deletedVersions,
      pools: [...this.pools.values()],
      deletedPools: [...this.deletedPools],
      deletedRuns: this.#deletedRuns,
      tiNotes: [...this.#tiNotes].map(([tiId, note]) => ({ tiId, note })),
      draining: this.newDraining,
      importErrors: importErrors.flatMap(([, error]) => (error === null ? [] : [error])),
      clearedImportErrors: importErrors.flatMap(([file, error]) => (error === null ? [file] : [])),
      insertedRuns,
      updatedRuns,
      insertedTis,
      updatedTis,
      insertedTries: tries.filter((one) => one.inserted).map((one) => one.record),
      updatedTries: tries.filter((one) => !one.inserted).map((one) => one.record),
      insertedExecutions: [...this.startedExecutions].flatMap(([text, execution]) =>
        this.endedExecutions.has(text) ? [] : [execution.record],
      ),
      deletedExecutions: [...this.endedExecutions].flatMap(([text, { record }]) =>
        this.startedExecutions.has(text) ? [] : [{ tiId: record.tiId, tryNumber: record.tryNumber }],
      ),
      xcoms: this.#deletedRuns.length === 0 ? this.#xcoms : this.#xcoms.filter(stays),
    }
    const events = this.history.complete(writes, rowsBefore(this, this.#loaded))
    const lastEventId = this.nextIds.event - 1
    return { ...writes, events, answers: this.#answers.map((one) => ({ ...one, lastEventId })) }
  }
}

type SchedulerMemoryLacking = SchedulerMemory['lackingPool'] extends Map<string, infer V> ? V : never

function isNamed(record: RunRecord, dagId: string, runId: string): boolean {
  return record.dagId === dagId && record.runId === runId
}
