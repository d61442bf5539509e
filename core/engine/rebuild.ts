/**
 * Memory from a snapshot of the tables: at the start of every term, after any error, and in the audit that compares the
 * two. Live executions come along as they are; the loop then says which of them nobody knows any more.
 */
import { buildGraph, type DagGraph } from '../graph.ts'
import { tryKeyText } from '../ids.ts'
import type { PlatformDefaults } from '../platform-defaults.ts'
import type { LoadedRuns, Snapshot } from '../ports/store.ts'
import type { ExecutionRecord, TiOverrideRecord, TiRecord, TryRecord } from '../records.ts'
import { isBuiltOn, isUndoneNow, runOfTis } from '../saga.ts'
import { defaultConf } from './dag-files.ts'
import { UNKNOWN_PACE } from './look-ahead.ts'
import type { ExecutionMemory, RunMemory, SchedulerMemory } from './memory.ts'
import { readyTi } from './ready-ti.ts'
import { RunDraft, rebuildCounts } from './run-draft.ts'
import { nextRun } from './runs.ts'
import {
  compensationsByIndex,
  hasSagaMemory,
  rebuildSaga,
  type SagaMemory,
  type TryError,
  tryError,
} from './saga-memory.ts'
import { TimerHeap } from './timer-heap.ts'
import { compareReady, type ReadyTi, Waiting } from './waiting.ts'

export interface RebuildOptions {
  readonly defaults: PlatformDefaults
  /** Executor slots of this host. */
  readonly slots: number
  /** Of its executor; default 0. */
  readonly mostAhead?: number
  readonly epoch: number
  readonly host: string
  readonly now: number
  /** Graphs by version that were built before: a version never changes. */
  readonly graphs?: ReadonlyMap<number, DagGraph>
}

export function rebuild(snapshot: Snapshot, options: RebuildOptions): SchedulerMemory {
  const { defaults, now } = options
  const graphs = new Map<number, DagGraph>()
  for (const version of snapshot.versions) {
    graphs.set(version.versionId, options.graphs?.get(version.versionId) ?? buildGraph(version, defaults))
  }
  const memory: SchedulerMemory = {
    defaults,
    slots: Math.min(options.slots, defaults.parallelism),
    // The executor holds its own number of slots only: where fewer are allowed, the count here has to be exact.
    mostAhead: options.slots <= defaults.parallelism ? (options.mostAhead ?? 0) : 0,
    epoch: options.epoch,
    host: options.host,
    dags: new Map(),
    graphs,
    runs: new Map(),
    parked: new Map(),
    executions: new Map(),
    usage: new Map(),
    pools: new Map(snapshot.pools.map((pool) => [pool.name, pool])),
    waiting: new Waiting(),
    timers: new TimerHeap(),
    importErrors: new Map(snapshot.importErrors.map((error) => [error.file, error])),
    lackingPool: new Map(),
    candidates: [],
    draining: snapshot.draining,
    unsettled: new Set(),
    wake: new Set(),
    pace: UNKNOWN_PACE,
    nextIds: snapshot.nextIds,
  }
  const candidates: ReadyTi[] = []
  memory.unsettled = loadRuns(memory, snapshot, now, candidates)
  loadDags(memory, snapshot, now)
  loadExecutions(memory, snapshot)
  memory.candidates = candidates.sort(compareReady)
  return memory
}

function loadRuns(memory: SchedulerMemory, snapshot: Snapshot, now: number, candidates: ReadyTi[]): Set<number> {
  const unsettled = new Set<number>()
  const tisByRun = Map.groupBy(snapshot.tis, (ti) => ti.dagRunId)
  const overrides = overridesByRun(snapshot.tiOverrides)
  const sagaOf = sagaReader(snapshot)
  const executions = Map.groupBy(snapshot.executions, (execution) => execution.dagRunId)
  for (const record of snapshot.runs) {
    const own = tisByRun.get(record.id)
    if (record.state === 'queued' && own === undefined) continue
    const graph = memory.graphs.get(record.versionId)
    if (graph === undefined)
      throw new Error(`run ${record.id} is pinned to version ${record.versionId}, which is missing`)
    if (record.state === 'queued') {
      // Cleared, or large and still getting its TIs, in the order of its tasks.
      const { known, vanished } = byVersion(graph, own ?? [])
      const tis = byTaskIndex(graph.tasks.slice(0, known.length), known, record.id)
      memory.parked.set(record.id, {
        ...rebuildCounts(graph, tis),
        record,
        graph,
        tis,
        vanished,
        overrides: overrides.get(record.id),
        saga: sagaOf(graph, tis),
      })
      continue
    }
    const { known, vanished } = byVersion(graph, own ?? [])
    const tis = byTaskIndex(graph.tasks, known, record.id)
    const saga = sagaOf(graph, tis)
    const live = executions.get(record.id) ?? []
    const held = record.state === 'compensating' && saga !== null && isHeld(tis, saga, live)
    const stored = {
      ...rebuildCounts(graph, tis),
      record,
      graph,
      tis,
      vanished,
      overrides: overrides.get(record.id),
      saga: saga === null ? null : { ...saga, held },
    }
    let run = RunDraft.of(stored)
    if (record.state === 'running') run.evaluateAll(() => unsettled.add(record.id))
    // Memory must equal the tables, so what follows is left to the first tick.
    if (unsettled.has(record.id)) run = RunDraft.of(stored)
    if (saga !== null && live.length === 0 && isLeftOver(stored, saga)) unsettled.add(record.id)
    tis.forEach((ti, index) => {
      if (!waitsForTime(run, ti, index)) return
      if (ti.retryAt === null || ti.retryAt <= now) run.markReady(index)
      else memory.timers.push({ at: ti.retryAt, kind: 'retry', dagRunId: record.id, index, tryNumber: ti.tryNumber })
    })
    for (const index of run.newlyReady) candidates.push(readyTi(run, run.ti(index)!, index))
    memory.runs.set(record.id, run.committed())
    if (graph.dagrunTimeoutMs !== null && record.startDate !== null && record.state === 'running') {
      memory.timers.push({ at: record.startDate + graph.dagrunTimeoutMs, kind: 'run-timeout', dagRunId: record.id })
    }
  }
  return unsettled
}

function overridesByRun(rows: readonly TiOverrideRecord[]): Map<number, Map<number, TiOverrideRecord>> {
  const byRun = Map.groupBy(rows, (row) => row.dagRunId)
  return new Map([...byRun].map(([id, own]) => [id, new Map(own.map((row) => [row.tiId, row]))]))
}

/** Before its next try, or its turn has come to be undone: now, or when its retry is due. */
function waitsForTime(run: RunDraft, ti: TiRecord, index: number): boolean {
  if (ti.state === 'up_for_retry') return true
  return ti.state === 'compensating' && run.saga!.hasTurn(index) && !isUndoneNow(ti, run.compensation(index))
}

/** Something of before the plan is still working. */
function isHeld(tis: readonly TiRecord[], saga: SagaMemory, live: readonly ExecutionRecord[]): boolean {
  if (saga.undoing === 0) return false
  return live.some(({ tiId, tryNumber }) => {
    const index = tis.findIndex((ti) => ti.id === tiId)
    const ti = tis[index]
    return ti === undefined || ti.tryNumber !== tryNumber || !isUndoneNow(ti, saga.compensations.get(index))
  })
}

/** All has ended of the run, or of one of its sagas, and what follows from that was not done. */
function isLeftOver({ record, graph, tis, open }: Omit<RunMemory, 'saga'>, saga: SagaMemory): boolean {
  if (open === 0) return true
  if (record.state !== 'running') return false
  const run = runOfTis(graph, tis, saga.compensations)
  const isLeft = (index: number) =>
    saga.open[index] === 0 && saga.settled[index] === 0 && !isBuiltOn(run, graph.sagas[index]!)
  return graph.sagas.some((_, index) => isLeft(index))
}

type RunRows = Partial<Pick<Snapshot, 'compensations' | 'tries'>>

/** What is stored of the undoing of runs. */
function sagaReader({ compensations = [], tries = [] }: RunRows) {
  const byRun = Map.groupBy(compensations, (row) => row.dagRunId)
  // One that somebody cancelled names its cause before it has ended.
  const causes = new Map(tries.map((row) => [tryKeyText(row), row.endDate === null ? null : row.cause]))
  return (graph: DagGraph, tis: readonly TiRecord[]): SagaMemory | null => {
    if (!hasSagaMemory(graph)) return null
    const errors = new Map<number, TryError>()
    tis.forEach((ti, index) => {
      const isWanted = ti.state === 'failed' || ti.state === 'up_for_retry'
      const cause = isWanted ? causes.get(tryKeyText({ tiId: ti.id, tryNumber: ti.tryNumber })) : undefined
      if (cause != null) errors.set(index, tryError(ti.tryNumber, cause))
    })
    const own = compensationsByIndex(tis, byRun.get(tis[0]?.dagRunId ?? 0))
    return rebuildSaga(graph, tis, { compensations: own, errors })
  }
}

/** A run that was moved to another version may have TIs of tasks that this one does not have. */
function byVersion({ indexOf }: DagGraph, tis: readonly TiRecord[]) {
  const known = tis.filter((ti) => indexOf.has(ti.taskId))
  const vanished = known.length === tis.length ? undefined : tis.filter((ti) => !indexOf.has(ti.taskId))
  return { known, vanished }
}

/** TIs in the order of these tasks, of which each must have one. */
function byTaskIndex(tasks: DagGraph['tasks'], tis: readonly TiRecord[], dagRunId: number): TiRecord[] {
  const byTask = new Map(tis.map((ti) => [ti.taskId, ti]))
  return tasks.map((task) => {
    const ti = byTask.get(task.taskId)
    if (ti === undefined) throw new Error(`run ${dagRunId} has no TI for task "${task.taskId}"`)
    return ti
  })
}

/** Runs that commands name and memory does not hold, in the shape `decide` takes them. */
export function loadedRuns(
  loaded: Pick<LoadedRuns, 'runs' | 'tis' | 'versions'> & Partial<LoadedRuns>,
  defaults: PlatformDefaults,
): Map<number, RunMemory> {
  const graphs = new Map(loaded.versions.map((version) => [version.versionId, buildGraph(version, defaults)]))
  const tisByRun = Map.groupBy(loaded.tis, (ti) => ti.dagRunId)
  const overrides = overridesByRun(loaded.tiOverrides ?? [])
  const sagaOf = sagaReader(loaded)
  const runs = new Map<number, RunMemory>()
  for (const record of loaded.runs) {
    const graph = graphs.get(record.versionId)
    const own = tisByRun.get(record.id) ?? []
    if (graph === undefined)
      throw new Error(`run ${record.id} is pinned to version ${record.versionId}, which is missing`)
    // Of a Dag that is being deleted, and half erased: for commands it is gone.
    const { known, vanished } = byVersion(graph, own)
    if (own.length > 0 && known.length < graph.tasks.length) continue
    // A run that was ended while it was queued has no TIs.
    const tis = own.length === 0 ? [] : byTaskIndex(graph.tasks, known, record.id)
    runs.set(record.id, {
      ...rebuildCounts(graph, tis),
      record,
      graph,
      tis,
      vanished,
      overrides: overrides.get(record.id),
      saga: sagaOf(graph, tis),
    })
  }
  return runs
}

function loadDags(memory: SchedulerMemory, snapshot: Snapshot, now: number): void {
  const versions = new Map(snapshot.versions.map((version) => [version.versionId, version]))
  const used = new Set(snapshot.usedVersions)
  const runs = Map.groupBy(snapshot.runs, (run) => run.dagId)
  for (const record of snapshot.dags) {
    const version = versions.get(record.versionId)
    const graph = memory.graphs.get(record.versionId)
    if (version === undefined || graph === undefined) {
      throw new Error(`Dag "${record.dagId}" names version ${record.versionId}, which is missing`)
    }
    const own = runs.get(record.dagId) ?? []
    const next = nextRun({ record, graph }, now)
    memory.dags.set(record.dagId, {
      record,
      contentHash: version.contentHash,
      versionNumber: version.versionNumber,
      graph,
      defaultConf: defaultConf(version.serialized),
      versionUsed: used.has(record.versionId),
      next,
      lastManualDate: 0,
      running: own.filter((run) => run.state !== 'queued').length,
      queued: own.filter((run) => run.state === 'queued').sort((a, b) => a.runAfter - b.runAfter || a.id - b.id),
    })
    // Due or not: the first tick looks at every Dag that has something to start.
    if (next !== null) memory.timers.push({ at: next.runAfter, kind: 'dag', dagId: record.dagId })
    if (own.some((run) => run.state === 'queued')) memory.timers.push({ at: now, kind: 'dag', dagId: record.dagId })
  }
}

function loadExecutions(memory: SchedulerMemory, snapshot: Snapshot): void {
  const tries = new Map(snapshot.tries.map((record) => [tryKeyText(record), record]))
  for (const record of snapshot.executions) {
    const text = tryKeyText(record)
    const run = memory.runs.get(record.dagRunId)
    const index = run?.tis.findIndex((ti) => ti.id === record.tiId) ?? -1
    const execution: ExecutionMemory = {
      record,
      tryRecord: tries.get(text) ?? unknownTry(record),
      index,
      units: JSON.parse(record.units) as ExecutionMemory['units'],
    }
    memory.executions.set(text, execution)
    for (const [key, units] of execution.units) memory.usage.set(key, (memory.usage.get(key) ?? 0) + units)
  }
}

function unknownTry(record: { tiId: number; tryNumber: number; dagRunId: number; host: string }): TryRecord {
  throw new Error(`execution ${record.tiId}.${record.tryNumber} has no try row`)
}
