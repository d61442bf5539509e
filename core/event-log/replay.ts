/**
 * The state tables from a snapshot and the events after it. Pure: the same snapshot and events give the same tables. What is
 * rebuilt, and what is not in events by decision, says docs/adr/0011-event-log.md.
 */
import { newTi } from '../engine/run-draft.ts'
import type { DagGraph } from '../graph.ts'
import { tryKeyText } from '../ids.ts'
import type {
  CompensationRecord,
  DagRecord,
  DeadLetterOutcome,
  DeadLetterRecord,
  EventRecord,
  ExecutionRecord,
  ImportErrorRecord,
  PoolRecord,
  RunRecord,
  TiOverrideRecord,
  TiRecord,
  TryRecord,
} from '../records.ts'
import { type EventData, type IdRange, type Leader, readData } from './event-data.ts'
import {
  blankTi,
  newDag,
  newRun,
  newTry,
  QUEUED_KINDS,
  stepDag,
  stepRun,
  stepTi,
  stepTry,
  withTiData,
} from './steps.ts'

export interface Tables {
  readonly dags: Map<string, DagRecord>
  readonly runs: Map<number, RunRecord>
  readonly tis: Map<number, TiRecord>
  /** By `tryKeyText`, as the next. Causes without stacks. */
  readonly tries: Map<string, TryRecord>
  /** What it holds of limits follows from its task and is not told. */
  readonly executions: Map<string, Omit<ExecutionRecord, 'units'>>
  /** By `<tiId>.<forwardTry>`. */
  readonly compensations: Map<string, CompensationRecord>
  readonly deadLetters: Map<string, DeadLetterRecord>
  readonly outcomes: Map<string, DeadLetterOutcome>
  readonly overrides: Map<number, TiOverrideRecord>
  readonly notes: Map<number, string>
  readonly pools: Map<string, PoolRecord>
  readonly importErrors: Map<string, ImportErrorRecord>
  draining: boolean
  leader: Leader | null
}

export interface Versions {
  /** Graph of a version with the leader's defaults; `undefined` when its Dag is gone with it. */
  graph(versionId: number, leader: Leader | null): Pick<DagGraph, 'tasks'> | undefined
}

export function emptyTables(): Tables {
  return {
    dags: new Map(),
    runs: new Map(),
    tis: new Map(),
    tries: new Map(),
    executions: new Map(),
    compensations: new Map(),
    deadLetters: new Map(),
    outcomes: new Map(),
    overrides: new Map(),
    notes: new Map(),
    pools: new Map(),
    importErrors: new Map(),
    draining: false,
    leader: null,
  }
}

/** Changes `tables`, which were as they are before the first of these events. */
export function replay(tables: Tables, events: Iterable<EventRecord>, versions: Versions): Tables {
  for (const event of events) step(tables, event, versions)
  return tables
}

function step(tables: Tables, event: EventRecord, versions: Versions): void {
  const data = readData(event)
  const { kind, dagRunId, dagId, tiId } = event
  if (dagRunId !== null) stepRunOf(tables, event, data, dagRunId)
  if (data.tis !== undefined && dagRunId !== null) makeTis(tables, data.tis, dagRunId, versions)
  if (tiId !== null) stepTiOf(tables, event, data, tiId)
  if (dagId !== null) stepDagOf(tables, event, data, dagId)
  for (const pool of data.pools ?? []) tables.pools.set(pool.name, pool)
  for (const error of data.importErrors ?? []) tables.importErrors.set(error.file, error)
  if (data.leader !== undefined) tables.leader = data.leader
  if (data.erased !== undefined) erase(tables, data.erased)
  switch (kind) {
    case 'pool.deleted':
      if (event.cause !== null) tables.pools.delete(event.cause)
      return
    case 'import_error.cleared':
      if (event.cause !== null) tables.importErrors.delete(event.cause)
      return
    case 'scheduler.draining':
    case 'scheduler.resumed':
      tables.draining = kind === 'scheduler.draining'
      return
    case 'run.deleted':
      if (dagRunId !== null) deleteRuns(tables, new Set([dagRunId]))
      return
    case 'dag.deleted': {
      const gone = [...tables.runs.values()].filter((run) => run.dagId === dagId)
      deleteRuns(tables, new Set(gone.map((run) => run.id)))
      if (dagId !== null) tables.dags.delete(dagId)
      return
    }
  }
}

function stepRunOf(tables: Tables, event: EventRecord, { run: rest }: EventData, id: number): void {
  const before = tables.runs.get(id)
  if (before !== undefined) tables.runs.set(id, { ...stepRun(before, event), ...rest })
  else if (event.kind === 'run.queued') tables.runs.set(id, { ...newRun(event), ...rest })
}

function makeTis(
  tables: Tables,
  [firstId, firstIndex, count]: NonNullable<EventData['tis']>,
  dagRunId: number,
  versions: Versions,
): void {
  const run = tables.runs.get(dagRunId)
  const graph = run === undefined ? undefined : versions.graph(run.versionId, tables.leader)
  if (run === undefined || graph === undefined) return
  for (let i = 0; i < count; i++) {
    const task = graph.tasks[firstIndex + i]
    if (task === undefined) throw new Error(`version ${run.versionId} has no task ${firstIndex + i}`)
    tables.tis.set(firstId + i, newTi(task, run, firstId + i))
  }
}

function stepTiOf(tables: Tables, event: EventRecord, data: EventData, tiId: number): void {
  const { tryNumber, dagRunId, at } = event
  const row = stepTryOf(tables, event, data)
  const known = tables.tis.get(tiId)
  const before = known ?? (data.ti?.taskId === undefined || dagRunId === null ? undefined : blankTi(tiId, dagRunId))
  if (before === undefined) return
  const ti = withTiData(stepTi(before, event, row), event, data)
  tables.tis.set(tiId, ti)
  if (event.kind === 'ti.note') {
    if (event.cause === null) tables.notes.delete(tiId)
    else tables.notes.set(tiId, event.cause)
  }
  const { dagRunId: runOf } = ti
  for (const one of data.compensations ?? []) {
    tables.compensations.set(`${tiId}.${one.forwardTry}`, { tiId, dagRunId: runOf, ...one })
  }
  if (data.letter !== undefined && tryNumber !== null) {
    const dagId = event.dagId ?? tables.runs.get(runOf)?.dagId ?? ''
    const own = { tiId, tryNumber, dagRunId: runOf, dagId, mapIndex: -1, at }
    tables.deadLetters.set(tryKeyText({ tiId, tryNumber }), { ...own, ...data.letter })
  }
  for (const one of data.letters ?? []) {
    const key = tryKeyText({ tiId, ...one })
    // As in the table: of a letter that is there, and open.
    if (tables.deadLetters.has(key) && !tables.outcomes.has(key)) tables.outcomes.set(key, { tiId, at, ...one })
  }
  if (data.override !== undefined) tables.overrides.set(tiId, { tiId, dagRunId: runOf, ...data.override })
}

/** The try as this event tells it; `null` when it says nothing of it. */
function stepTryOf(tables: Tables, event: EventRecord, { try: facts }: EventData): TryRecord | null {
  const { tiId, tryNumber, dagRunId, kind } = event
  if (tiId === null || tryNumber === null) return null
  const key = tryKeyText({ tiId, tryNumber })
  const known = tables.tries.get(key)
  if (facts === undefined && (!QUEUED_KINDS.has(kind) || known !== undefined)) return null
  const { host = null, epoch = 0 } = tables.leader ?? {}
  let row = known ?? newTry(event, host)
  if (facts !== undefined) row = stepTry(row, event, facts)
  tables.tries.set(key, row)
  if (row.endDate !== null) tables.executions.delete(key)
  else if (known === undefined && dagRunId !== null) {
    tables.executions.set(key, { tiId, tryNumber, dagRunId, host: row.host ?? '', epoch })
  }
  return facts === undefined ? null : row
}

function stepDagOf(tables: Tables, event: EventRecord, { dag: rest }: EventData, dagId: string): void {
  const before = tables.dags.get(dagId)
  if (before === undefined && rest === undefined && event.kind !== 'dag.added') return
  tables.dags.set(dagId, { ...stepDag(before ?? newDag(event), event), ...rest })
}

function erase(tables: Tables, { tis, runs }: NonNullable<EventData['erased']>): void {
  const gone = new Set(idsIn(tis))
  deleteTis(tables, gone)
  for (const id of idsIn(runs)) tables.runs.delete(id)
}

function* idsIn(ranges: readonly IdRange[]): Generator<number> {
  for (const [first, last] of ranges) for (let id = first; id <= last; id++) yield id
}

function deleteRuns(tables: Tables, gone: ReadonlySet<number>): void {
  for (const id of gone) tables.runs.delete(id)
  const tis = new Set<number>()
  for (const ti of tables.tis.values()) if (gone.has(ti.dagRunId)) tis.add(ti.id)
  deleteTis(tables, tis)
  // Of TIs that could not be made, because their version is gone too.
  for (const rows of [tables.tries, tables.executions]) {
    for (const [key, { dagRunId }] of rows) if (gone.has(dagRunId)) rows.delete(key)
  }
}

/** With all that hangs on them. */
function deleteTis(tables: Tables, gone: ReadonlySet<number>): void {
  if (gone.size === 0) return
  for (const id of gone) for (const rows of [tables.tis, tables.notes, tables.overrides]) rows.delete(id)
  const { tries, executions, compensations, deadLetters, outcomes } = tables
  for (const rows of [tries, executions, compensations, deadLetters, outcomes]) {
    for (const [key, { tiId }] of rows) if (gone.has(tiId)) rows.delete(key)
  }
}
