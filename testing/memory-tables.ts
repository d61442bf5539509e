/**
 * The tables as plain maps, with the constraints that PostgreSQL would enforce: what the memory Store writes to, and what
 * the simulation inspects. Several Stores (schedulers) may share one set of tables.
 */
import {
  type DoomedDag,
  ERASED_RUNS,
  ERASED_TIS,
  type Found,
  type LoadedRuns,
  type RunName,
  type Snapshot,
  type TickWrites,
  triggerKeyText,
  type Wanted,
} from '../core/ports/store.ts'
import type {
  CommandAnswer,
  CommandRecord,
  CommandRequest,
  DagRecord,
  DagVersionRecord,
  EventRecord,
  ExecutionRecord,
  ImportErrorRecord,
  PoolRecord,
  RunRecord,
  StoredConnection,
  StoredVariable,
  TiRecord,
  TryRecord,
  XComRecord,
} from '../core/records.ts'
import { FINISHED_RUN_STATES } from '../core/states.ts'
import {
  ConstraintError,
  checkErased,
  mustBeOnce,
  mustBeText,
  mustExist,
  mustNotExist,
  runKeys,
} from './memory-constraints.ts'
import { failedTries, MemorySagaTables } from './memory-saga-tables.ts'

export interface AnsweredCommand {
  record: CommandRecord
  answer: CommandAnswer | null
  lastEventId: number | null
}

const tryKey = (row: { tiId: number; tryNumber: number }) => `${row.tiId}.${row.tryNumber}`

export class MemoryTables {
  readonly dags = new Map<string, DagRecord>()
  readonly versions = new Map<number, DagVersionRecord>()
  readonly runs = new Map<number, RunRecord>()
  readonly tis = new Map<number, TiRecord>()
  readonly tries = new Map<string, TryRecord>()
  readonly executions = new Map<string, ExecutionRecord>()
  readonly pools = new Map<string, PoolRecord>([
    ['default_pool', { name: 'default_pool', slots: 128, description: null }],
  ])
  readonly importErrors = new Map<string, ImportErrorRecord>()
  readonly xcoms = new Map<string, XComRecord>()
  readonly variables = new Map<string, StoredVariable>()
  readonly connections = new Map<string, StoredConnection>()
  /** By TI id. */
  readonly notes = new Map<number, string>()
  readonly sagas = new MemorySagaTables()
  draining = false
  readonly events: EventRecord[] = []
  readonly commands = new Map<number, AnsweredCommand>()
  lease: { epoch: number; host: string; expiresAt: number } = { epoch: 0, host: '', expiresAt: 0 }
  #nextCommandId = 1
  /** Highest ids of what was deleted. */
  #deletedIds = { run: 0, ti: 0, version: 0 }
  readonly #hints = new Set<() => void>()

  submit(request: CommandRequest, actor: string, now: number, notAfter: number | null = null): number {
    const id = this.#nextCommandId++
    const record: CommandRecord = { id, request, actor, createdAt: now, notAfter }
    this.commands.set(id, { record, answer: null, lastEventId: null })
    for (const hint of this.#hints) hint()
    return id
  }

  onHint(callback: () => void): () => void {
    this.#hints.add(callback)
    return () => this.#hints.delete(callback)
  }

  snapshot(): Snapshot {
    const runs = [...this.runs.values()].filter((run) => !FINISHED_RUN_STATES.has(run.state))
    const open = new Set(runs.map((run) => run.id))
    const wanted = new Set([
      ...[...this.dags.values()].map((dag) => dag.versionId),
      ...runs.map((run) => run.versionId),
    ])
    const used = new Set([...this.runs.values()].map((run) => run.versionId))
    const executions = [...this.executions.values()]
    return {
      dags: [...this.dags.values()],
      versions: [...this.versions.values()].filter((version) => wanted.has(version.versionId)),
      usedVersions: [...this.dags.values()].map((dag) => dag.versionId).filter((id) => used.has(id)),
      runs,
      tis: [...this.tis.values()].filter((ti) => open.has(ti.dagRunId)).sort((a, b) => a.id - b.id),
      ...this.sagas.ofRuns(open),
      executions,
      tries: [...executions.map((execution) => this.tries.get(tryKey(execution))!), ...failedTries(this, open)],
      pools: [...this.pools.values()],
      importErrors: [...this.importErrors.values()],
      draining: this.draining,
      nextIds: {
        run: 1 + Math.max(this.#deletedIds.run, max(this.runs.keys())),
        ti: 1 + Math.max(this.#deletedIds.ti, max(this.tis.keys())),
        event: 1 + (this.events.at(-1)?.id ?? 0),
        version: 1 + Math.max(this.#deletedIds.version, max(this.versions.keys())),
      },
    }
  }

  runsByName(names: readonly RunName[]): LoadedRuns {
    const runs = [...this.runs.values()].filter((run) =>
      names.some((name) => name.dagId === run.dagId && name.runId === run.runId),
    )
    const ids = new Set(runs.map((run) => run.id))
    const wanted = new Set(runs.map((run) => run.versionId))
    return {
      runs: runs.sort((a, b) => a.id - b.id),
      tis: [...this.tis.values()].filter((ti) => ids.has(ti.dagRunId)).sort((a, b) => a.id - b.id),
      versions: [...this.versions.values()].filter((version) => wanted.has(version.versionId)),
      ...this.sagas.ofRuns(ids),
      tries: failedTries(this, ids),
    }
  }

  lookUp({ variables, connections, doomedDags, letters = [], triggerKeys = [] }: Wanted): Found {
    return {
      variables: new Set(variables.filter((key) => this.variables.has(key))),
      connections: new Set(connections.filter((id) => this.connections.has(id))),
      doomedDags: new Map(doomedDags.map((dagId) => [dagId, this.#nextPiece(dagId)])),
      letters: this.sagas.lookUp(letters),
      triggerKeys: this.#withTriggerKeys(triggerKeys),
    }
  }

  #withTriggerKeys(wanted: NonNullable<Wanted['triggerKeys']>): Found['triggerKeys'] {
    const names = new Set(wanted.map(({ dagId, key }) => triggerKeyText(dagId, key)))
    const found = new Map<string, { readonly id: number; readonly runId: string }>()
    if (names.size === 0) return found
    for (const { id, dagId, runId, triggerKey } of this.runs.values()) {
      const name = triggerKey === null ? null : triggerKeyText(dagId, triggerKey)
      if (name !== null && names.has(name)) found.set(name, { id, runId })
    }
    return found
  }

  #nextPiece(dagId: string): DoomedDag {
    const all = [...this.runs.values()].filter((run) => run.dagId === dagId).sort((a, b) => a.id - b.id)
    const live = [...this.executions.values()].flatMap(({ tiId, dagRunId }) =>
      all
        .filter((run) => run.id === dagRunId)
        .map(({ runId }) => ({ runId, taskId: this.tis.get(tiId)?.taskId ?? '' })),
    )
    const tiIds: number[] = []
    const runIds: number[] = []
    for (const run of all.slice(0, ERASED_RUNS)) {
      for (const ti of this.tis.values()) {
        if (ti.dagRunId !== run.id) continue
        if (tiIds.length === ERASED_TIS) {
          const isPartial = this.tis.get(tiIds.at(-1)!)?.dagRunId === run.id
          return { live, tiIds, runIds, partialRunId: isPartial ? run.id : null, isAll: false }
        }
        tiIds.push(ti.id)
      }
      runIds.push(run.id)
    }
    return { live, tiIds, runIds, partialRunId: null, isAll: runIds.length === all.length }
  }

  /** All or nothing. @throws ConstraintError before anything is written. */
  write(writes: TickWrites): void {
    this.#check(writes)
    for (const dag of writes.dags) this.dags.set(dag.dagId, dag)
    for (const id of writes.deletedVersions) this.versions.delete(id)
    for (const version of writes.insertedVersions) this.versions.set(version.versionId, version)
    for (const id of writes.deletedRuns) this.#deleteRun(id)
    for (const name of writes.deletedPools) this.pools.delete(name)
    this.#erase(writes)
    for (const { updatedAt: _, ...row } of writes.variables) this.variables.set(row.key, row)
    for (const key of writes.deletedVariables) this.variables.delete(key)
    for (const { updatedAt: _, ...row } of writes.connections) {
      const { password = null, extra = null } = { ...this.connections.get(row.id), ...row }
      this.connections.set(row.id, { ...row, password, extra })
    }
    for (const id of writes.deletedConnections) this.connections.delete(id)
    for (const pool of writes.pools) this.pools.set(pool.name, pool)
    for (const error of writes.importErrors) this.importErrors.set(error.file, error)
    for (const file of writes.clearedImportErrors) this.importErrors.delete(file)
    for (const run of [...writes.insertedRuns, ...writes.updatedRuns]) this.runs.set(run.id, run)
    for (const ti of [...writes.insertedTis, ...writes.updatedTis]) this.tis.set(ti.id, ti)
    for (const row of [...writes.insertedTries, ...writes.updatedTries]) this.tries.set(tryKey(row), row)
    for (const row of writes.deletedExecutions) this.executions.delete(tryKey(row))
    for (const row of writes.insertedExecutions) this.executions.set(tryKey(row), row)
    for (const row of writes.xcoms) this.xcoms.set(`${tryKey(row)}.${row.key}`, row)
    for (const { tiId, note } of writes.tiNotes) {
      if (note === null) this.notes.delete(tiId)
      else this.notes.set(tiId, note)
    }
    this.sagas.write(writes)
    if (writes.draining !== null) this.draining = writes.draining
    this.events.push(...writes.events)
    for (const { commandId, answer, lastEventId, request } of writes.answers) {
      const command = this.commands.get(commandId)!
      if (request !== undefined) {
        command.record = { ...command.record, request: JSON.parse(request) as CommandRequest }
      }
      command.answer = answer
      command.lastEventId = lastEventId
    }
  }

  #erase({ erasedTis, erasedRuns, deletedDags }: TickWrites): void {
    const tis = new Set(erasedTis)
    for (const id of tis) {
      this.#deletedIds.ti = Math.max(this.#deletedIds.ti, id)
      this.tis.delete(id)
      this.notes.delete(id)
    }
    this.sagas.deleteTis(tis)
    if (tis.size > 0) {
      for (const [key, row] of this.tries) if (tis.has(row.tiId)) this.tries.delete(key)
      for (const [key, row] of this.xcoms) if (tis.has(row.tiId)) this.xcoms.delete(key)
    }
    for (const id of erasedRuns) {
      this.#deletedIds.run = Math.max(this.#deletedIds.run, id)
      this.runs.delete(id)
    }
    for (const dagId of deletedDags) {
      this.dags.delete(dagId)
      for (const { versionId, dagId: owner } of [...this.versions.values()]) {
        if (owner !== dagId) continue
        this.#deletedIds.version = Math.max(this.#deletedIds.version, versionId)
        this.versions.delete(versionId)
      }
    }
  }

  #deleteRun(id: number): void {
    this.#deletedIds.run = Math.max(this.#deletedIds.run, id)
    const tis = [...this.tis.values()].filter((one) => one.dagRunId === id)
    this.sagas.deleteTis(new Set(tis.map((ti) => ti.id)))
    for (const ti of tis) {
      this.#deletedIds.ti = Math.max(this.#deletedIds.ti, ti.id)
      this.tis.delete(ti.id)
      this.notes.delete(ti.id)
    }
    for (const [key, row] of this.tries) if (row.dagRunId === id) this.tries.delete(key)
    for (const [key, row] of this.xcoms) if (row.dagRunId === id) this.xcoms.delete(key)
    this.runs.delete(id)
  }

  #check(writes: TickWrites): void {
    mustBeText(writes)
    mustExist('run', writes.deletedRuns, (id) => this.runs.has(id))
    mustExist('pool', writes.deletedPools, (name) => this.pools.has(name))
    mustExist('Dag', writes.deletedDags, (dagId) => this.dags.has(dagId))
    checkErased(writes)
    mustBeOnce('note', writes.tiNotes)
    mustBeOnce(
      'compensation',
      writes.compensations.map((row) => `${row.tiId}.${row.forwardTry}`),
    )
    mustBeOnce('dead letter', writes.deadLetters)
    mustBeOnce('outcome of a dead letter', writes.deadLetterOutcomes)
    mustBeOnce('override', writes.tiOverrides)
    const deleted = new Set(writes.deletedRuns)
    const unique = new Map<string, number>()
    for (const run of this.runs.values())
      if (!deleted.has(run.id)) for (const key of runKeys(run)) unique.set(key, run.id)
    for (const run of writes.insertedRuns) {
      if (this.runs.has(run.id)) throw new ConstraintError(`run ${run.id} exists`, '23505')
      for (const key of runKeys(run)) {
        if (unique.has(key)) throw new ConstraintError(`duplicate key: ${key}`, '23505')
        unique.set(key, run.id)
      }
    }
    mustExist('run', writes.updatedRuns, (run) => this.runs.has(run.id))
    mustNotExist('TI', writes.insertedTis, (ti) => this.tis.has(ti.id))
    mustExist('TI', writes.updatedTis, (ti) => this.tis.has(ti.id))
    mustNotExist('try', writes.insertedTries, (row) => this.tries.has(tryKey(row)))
    mustExist('try', writes.updatedTries, (row) => this.tries.has(tryKey(row)))
    mustNotExist('execution', writes.insertedExecutions, (row) => this.executions.has(tryKey(row)))
    mustExist('execution', writes.deletedExecutions, (row) => this.executions.has(tryKey(row)))
    mustNotExist('version', writes.insertedVersions, (version) => this.versions.has(version.versionId))
    mustExist('version', writes.deletedVersions, (id) => this.versions.has(id))
    let last = this.events.at(-1)?.id ?? 0
    for (const event of writes.events) {
      if (event.id <= last) throw new ConstraintError(`event ${event.id} is out of order`, '23505')
      last = event.id
    }
    for (const { commandId } of writes.answers) {
      const command = this.commands.get(commandId)
      if (command === undefined) throw new Error(`there is no command ${commandId}`)
      if (command.answer !== null) throw new Error(`command ${commandId} was answered twice`)
    }
  }
}

function max(ids: Iterable<number>): number {
  let highest = 0
  for (const id of ids) if (id > highest) highest = id
  return highest
}
