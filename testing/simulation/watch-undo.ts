/**
 * Invariant 9, commit by commit, worked out from rows and from what processes did, by none of the engine's functions: what is
 * undone was planned, in order, once; a run does not end while something is open; nobody builds on a saga before it has settled.
 */
import type { TickWrites } from '../../core/ports/store.ts'
import type { CompensationRecord, RunRecord, TiRecord } from '../../core/records.ts'
import type { SerializedDag, SerializedTask } from '../../core/serialized-dag.ts'
import { FINISHED_RUN_STATES, FINISHED_TI_STATES, type TiState } from '../../core/states.ts'
import type { MemoryTables } from '../memory-tables.ts'
import type { Counter } from './coverage.ts'
import type { Violation } from './invariants.ts'
import { COMPENSATING, canBeUndone, mustBeUndone } from './oracle.ts'
import type { TryTruth } from './simulated-executor.ts'

export interface UndoWatched {
  readonly tables: MemoryTables
  readonly truth: ReadonlyMap<string, TryTruth>
  /** By TI: the try that runs, on whatever host. */
  readonly live: ReadonlyMap<number, string>
  readonly partlyCleared: ReadonlySet<number>
  readonly leftAsIs: ReadonlySet<number>
  readonly violation: Violation
  readonly count: (what: Counter) => void
}

interface RunPicture {
  readonly run: RunRecord
  readonly dag: SerializedDag
  readonly tis: ReadonlyMap<string, TiRecord>
  /** Newest of each, by task. */
  readonly rows: ReadonlyMap<string, CompensationRecord>
}

export class UndoWatch {
  readonly #o: UndoWatched
  readonly #rows = new Map<string, CompensationRecord>()
  /** By TI, before this commit. */
  readonly #states = new Map<number, TiState>()

  constructor(watched: UndoWatched) {
    this.#o = watched
  }

  /** Called with the tables as they are after this commit. */
  after(writes: TickWrites): void {
    for (const row of writes.compensations) this.#row(row)
    for (const { tiId, tryNumber } of writes.insertedExecutions) this.#begun(tiId, tryNumber)
    for (const run of [...writes.insertedRuns, ...writes.updatedRuns]) this.#run(run, writes)
    for (const ti of [...writes.insertedTis, ...writes.updatedTis]) this.#states.set(ti.id, ti.state)
    for (const { kind, cause } of writes.events) {
      if (kind === 'ti.compensation_retry') this.#o.count('compensation retries')
      if (kind === 'run.compensating') this.#o.count('runs undone')
      if (kind === 'run.compensating' && cause?.includes('failFast') === true) this.#o.count('runs that failed fast')
      if (kind === 'command.refused' && cause?.includes('is being undone') === true)
        this.#o.count('refused while something is undone')
    }
  }

  #row(row: CompensationRecord): void {
    const { violation, truth, count, tables } = this.#o
    const key = `${row.tiId}.${row.forwardTry}`
    const before = this.#rows.get(key)
    this.#rows.set(key, row)
    if (before?.state === 'compensated') violation(`invariant 9: try ${key} was undone, and the row changed`)
    if (before === undefined || before.state !== 'compensating') {
      if (row.scope !== null) count('tasks undone by sagas')
      if (row.actor !== 'scheduler') count('tasks undone by hand')
      if (row.error === 'its run was ended') count('cut off, and undone')
    }
    const tried = row.lastTry === null ? null : truth.get(`${row.tiId}.${row.lastTry}`)
    if (row.state === 'compensated') {
      count('compensations')
      if (tried == null || (tried.state !== 'success' && tried.state !== 'skipped'))
        violation(`invariant 9: try ${key} counts as undone by try ${row.lastTry}, which ended as ${tried?.state}`)
    }
    if (row.state === 'compensation_failed') count('compensations failed')
    if (row.state === 'withdrawn') {
      count('compensations withdrawn')
      if (row.firstTry !== null) violation(`invariant 9: the undoing of ${key} was called off after it had begun`)
    }
    const ti = tables.tis.get(row.tiId)
    // Begun and ended since: cleared, or marked.
    if (ti === undefined || row.lastTry === null || row.lastTry < ti.tryNumber) return
    if ((row.state === 'compensating') !== (ti.state === 'compensating'))
      violation(`invariant 9: TI ${ti.id} is ${ti.state}, its compensation is ${row.state}`)
  }

  /** A try was queued: forwards nothing that waits for a saga, backwards nothing that others still build on. */
  #begun(tiId: number, tryNumber: number): void {
    const picture = this.#picture(this.#o.tables.tis.get(tiId)?.dagRunId ?? -1)
    const ti = this.#o.tables.tis.get(tiId)
    if (picture === null || ti === undefined || ti.tryNumber !== tryNumber) return
    const isUndo = picture.rows.get(ti.taskId)?.lastTry === tryNumber
    if (isUndo) this.#undoBegun(picture, ti)
    // One that had begun goes on, although somebody has cleared what it builds on.
    else if (this.#states.get(tiId) !== 'up_for_retry') this.#forwardBegun(picture, ti)
  }

  #undoBegun({ run, dag, tis, rows }: RunPicture, ti: TiRecord): void {
    const { violation, live, partlyCleared } = this.#o
    const row = rows.get(ti.taskId)!
    if (row.state !== 'compensating') violation(`invariant 9: a try undoes TI ${ti.id}, whose row is ${row.state}`)
    if (partlyCleared.has(run.id)) return
    for (const { taskId } of below(dag, ti.taskId, tis)) {
      const other = tis.get(taskId)
      if (other === undefined) continue
      // One that waits for a saga, or is skipped with the run, has not begun.
      if (!FINISHED_TI_STATES.has(other.state) && other.state !== 'none')
        violation(`invariant 9: ${ti.taskId} of run ${run.id} is undone while ${taskId} below it is ${other.state}`)
      if (live.has(other.id))
        violation(`invariant 9: ${ti.taskId} of run ${run.id} is undone while ${taskId} still runs`)
    }
  }

  #forwardBegun(picture: RunPicture, ti: TiRecord): void {
    const { run, dag, tis } = picture
    const task = dag.tasks.find((one) => one.taskId === ti.taskId)!
    for (const { groupId } of dag.groups) {
      if (task.groupId === groupId) continue
      const scope = dag.tasks.filter((one) => one.groupId === groupId)
      if (!scope.some((one) => task.upstream.includes(one.taskId))) continue
      const open = scope.find((one) => !FINISHED_TI_STATES.has(tis.get(one.taskId)?.state ?? 'none'))
      if (open !== undefined)
        this.#o.violation(`invariant 9: ${ti.taskId} of run ${run.id} began before ${open.taskId} of ${groupId} ended`)
      else if (this.#leftToUndo(picture, scope, false).length > 0)
        this.#o.violation(`invariant 9: ${ti.taskId} of run ${run.id} began before ${groupId} was undone`)
    }
  }

  #run(run: RunRecord, writes: TickWrites): void {
    const { violation, leftAsIs } = this.#o
    const picture = this.#picture(run.id)
    if (picture === null) return
    const states = [...picture.tis.values()].map((ti) => ti.state)
    const isUndoing = states.includes('compensating')
    if (run.state === 'compensating' && states.every((state) => FINISHED_TI_STATES.has(state)))
      violation(`invariant 9: run ${run.id} is compensating and nothing of it is open`)
    if (!FINISHED_RUN_STATES.has(run.state)) return
    if (isUndoing) violation(`invariant 9: run ${run.id} ended while something of it is undone`)
    if (run.state !== 'failed' || leftAsIs.has(run.id)) return
    const end = writes.events.find((event) => event.dagRunId === run.id && event.kind === 'run.failed')
    if (end === undefined || end.cause?.startsWith('marked') === true) return
    // Ended before its tasks had, it goes by the strategy of its Dag.
    const isAbandoned = end.cause !== null && !end.cause.includes('undone')
    const all = isAbandoned && COMPENSATING.has(picture.dag.errorStrategy ?? 'retry-then-compensate')
    if (isAbandoned && !all) return
    const left = this.#leftToUndo(picture, picture.dag.tasks, all)
    if (left.length > 0)
      violation(`invariant 9: run ${run.id} failed (${end.cause}), and nothing undid ${left.join(', ')}`)
  }

  /** Tasks of a scope that its failure asks to undo, and that were not. `all`: whatever failed. */
  #leftToUndo({ dag, tis, rows }: RunPicture, scope: readonly SerializedTask[], all: boolean): string[] {
    const states = new Map<string, TiState>()
    const forward = new Map<string, TiState>()
    for (const [taskId, ti] of tis) {
      states.set(taskId, ti.state)
      const isUndone = ti.state === 'compensated' || ti.state === 'compensation_failed'
      forward.set(taskId, isUndone ? (rows.get(taskId)?.forwardState ?? 'success') : ti.state)
    }
    if (!all && !mustBeUndone(dag, scope, states, forward)) return []
    return scope
      .filter((task) => {
        const ti = tis.get(task.taskId)
        if (ti === undefined || ti.tryNumber === 0 || !canBeUndone(task, ti.state)) return false
        const row = rows.get(task.taskId)
        // Undone, and marked by hand since.
        return row?.state !== 'compensated' || row.lastTry !== ti.tryNumber
      })
      .map((task) => task.taskId)
  }

  #picture(dagRunId: number): RunPicture | null {
    const { tables } = this.#o
    const run = tables.runs.get(dagRunId)
    const dag = run === undefined ? undefined : tables.versions.get(run.versionId)?.serialized
    if (run === undefined || dag === undefined) return null
    if (dag.groups.length === 0 && dag.tasks.every((task) => task.compensate === undefined)) return null
    const tis = new Map<string, TiRecord>()
    const rows = new Map<string, CompensationRecord>()
    for (const ti of tables.tis.values()) if (ti.dagRunId === dagRunId) tis.set(ti.taskId, ti)
    for (const row of this.#rows.values()) {
      const taskId = row.dagRunId === dagRunId ? tables.tis.get(row.tiId)?.taskId : undefined
      if (taskId !== undefined && (rows.get(taskId)?.forwardTry ?? 0) < row.forwardTry) rows.set(taskId, row)
    }
    return { run, dag, tis, rows }
  }
}

/**
 * Tasks that may build on what a task did: not what began on other grounds while all that lies between waits for a saga, or
 * takes no part in the run.
 */
function below(dag: SerializedDag, taskId: string, tis: ReadonlyMap<string, TiRecord>): SerializedTask[] {
  const found = new Set([taskId])
  const isPassed = (id: string) => id === taskId || !APART.has(tis.get(id)?.state ?? 'none')
  // Tasks come in topological order here.
  for (const task of dag.tasks) if (task.upstream.some((id) => found.has(id) && isPassed(id))) found.add(task.taskId)
  found.delete(taskId)
  return dag.tasks.filter((task) => found.has(task.taskId))
}

const APART: ReadonlySet<TiState> = new Set(['none', 'removed'])
