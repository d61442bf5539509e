/**
 * A run goes on with the newest version of its Dag. Task instances are matched by task id: those of tasks that both versions
 * have stay what they are, tasks that are new get fresh ones, and those of tasks that are gone become `removed`. What is
 * queued or running goes on with the code it began with, and its result counts; only what begins afterwards is of the new
 * version. Invariant: memory afterwards is what a rebuild from the tables would give, and no row is written twice.
 */
import type { DagGraph } from '../graph.ts'
import { tryKeyText } from '../ids.ts'
import type { CommandAnswer, CompensationRecord, RunRecord, TiRecord } from '../records.ts'
import { forwardTryOf } from '../saga.ts'
import { FINISHED_RUN_STATES, FINISHED_TI_STATES } from '../states.ts'
import { refuse, unknownDag } from './answers.ts'
import { settleLetters } from './dead-letters.ts'
import type { Draft } from './draft.ts'
import { newTi, RunDraft, rebuildCounts } from './run-draft.ts'
import { leavePoolQueues } from './run-ends.ts'
import { requeue } from './runs.ts'
import { hasSagaMemory, rebuildSaga, type TryError } from './saga-memory.ts'

/** What a run would be on another version; nothing is changed yet. */
export interface Move {
  readonly graph: DagGraph
  readonly versionNumber: number
  /** By task index of the new version. */
  readonly tis: readonly TiRecord[]
  /** Of new tasks, with the ids that come next. */
  readonly fresh: ReadonlySet<number>
  /** Of tasks that the new version does not have, as they are from then on. */
  readonly vanished: readonly TiRecord[]
}

export type PlannedMove =
  /** `null`: it is on the newest version already. */
  { readonly ok: true; readonly move: Move | null } | { readonly ok: false; readonly refusal: CommandAnswer }

/** `goesOn`: tasks that are new are to run; else (what it did is undone, no more) they are skipped, and nothing begins that took no part. */
export function planMove(draft: Draft, run: RunDraft, goesOn = true): PlannedMove {
  const { dagId, runId } = run.record
  const dag = draft.dag(dagId)
  if (dag === undefined) return { ok: false, refusal: unknownDag(draft, dagId) }
  const { graph, versionNumber } = dag
  if (graph.versionId === run.graph.versionId) return { ok: true, move: null }
  const lost = run.graph.tasks.find((task) => !graph.indexOf.has(task.taskId) && mayHaveToBeUndone(run, task.index))
  if (lost !== undefined) {
    const message =
      `version ${versionNumber} of Dag "${dagId}" has no task "${lost.taskId}" and could not undo what that did in run ${runId}; ` +
      'compensate the run first, or let it go on with its own version'
    return { ok: false, refusal: refuse('newest-cannot-undo', message) }
  }
  const known = new Map([...run.vanished, ...run.allTis()].map((ti) => [ti.taskId, ti]))
  const fresh = new Set<number>()
  let nextId = draft.nextIds.ti
  const tis = graph.tasks.map((task, index) => {
    const ti = known.get(task.taskId)
    if (ti !== undefined) return goesOn ? onVersion(ti, newTi(task, run.record, ti.id)) : ti
    fresh.add(index)
    const made = newTi(task, run.record, nextId++)
    return goesOn || made.state !== 'none' ? made : { ...made, state: 'skipped' as const, endDate: draft.now }
  })
  const vanished = [...known.values()].filter((ti) => !graph.indexOf.has(ti.taskId)).map((ti) => removed(ti, draft.now))
  return { ok: true, move: { graph, versionNumber, tis, fresh, vanished } }
}

/** What it did stands, or may come to, and only its own version says how to undo that. */
function mayHaveToBeUndone(run: RunDraft, index: number): boolean {
  const ti = run.ti(index)
  const spec = run.graph.tasks[index]!.compensate
  if (ti === undefined || spec === null || ti.tryNumber === 0) return false
  if (ti.state === 'failed') return spec.alsoWhenFailed
  return ti.state === 'success' || ti.state === 'compensation_failed' || !FINISHED_TI_STATES.has(ti.state)
}

/** What has not begun is as the new version would have made it; all else stays. */
function onVersion(ti: TiRecord, fresh: TiRecord): TiRecord {
  if (ti.state !== 'none' && ti.state !== 'removed') return ti
  if (ti.state === 'removed' && fresh.state === 'removed') return ti
  const maxTries = ti.tryNumber + fresh.maxTries
  if (fresh.state === ti.state && maxTries === ti.maxTries) return ti
  return { ...fresh, tryNumber: ti.tryNumber, maxTries }
}

function removed(ti: TiRecord, now: number): TiRecord {
  return ti.state === 'removed' ? ti : { ...ti, state: 'removed', retryAt: null, endDate: ti.endDate ?? now }
}

/** Carries it out. Nothing is evaluated yet: what is cleared together with it comes first (`RunDraft.rewrite`). */
export function moveRun(draft: Draft, run: RunDraft, move: Move, actor: string): RunDraft {
  const { graph, versionNumber, tis, fresh, vanished } = move
  const record: RunRecord = { ...run.record, versionId: graph.versionId }
  draft.takeId('ti', fresh.size)
  leavePoolQueues(draft, run)
  const moved = RunDraft.moved(
    {
      record,
      graph,
      ...rebuildCounts(graph, tis),
      ready: readyForRetry(run, graph, tis),
      tis: [...tis],
      overrides: run.overrides,
      vanished: vanished.length === 0 ? undefined : vanished,
      saga: hasSagaMemory(graph) ? rebuildSaga(graph, tis, sagaRows(run, graph)) : null,
    },
    changesOf(run, move),
  )
  moved.failedFast = run.failedFast === null ? null : (indexOn(graph, run, run.failedFast) ?? null)
  draft.runs.set(record.id, moved)
  draft.movedRuns.add(record.id)
  draft.setDag({ ...draft.dag(record.dagId)!, versionUsed: true })
  if (record.state === 'queued') draft.replaceQueued(record)
  draft.rows += fresh.size + vanished.length + 1
  const { id: dagRunId, dagId } = record
  const cause = `goes on with version ${versionNumber} of its Dag`
  draft.event({ kind: 'run.version', actor, dagRunId, dagId, cause })
  const indexes = new Map(tis.map((ti, index) => [ti.id, index]))
  keepCompensations(draft, run, moved, indexes)
  moveExecutions(draft, moved, indexes, actor)
  endVanished(draft, run, moved, actor, `version ${versionNumber} of its Dag has no such task`)
  setTimers(draft, moved)
  return moved
}

/** A queued run that has no TIs yet. */
export function moveBareRun(draft: Draft, run: RunDraft, actor: string): void {
  const dag = draft.dag(run.record.dagId)
  if (dag === undefined || run.record.state !== 'queued' || dag.graph.versionId === run.graph.versionId) return
  const { id, dagId } = run.record
  const moved = RunDraft.withoutTis(run.record, dag.graph)
  moved.setRecord({ ...run.record, versionId: dag.graph.versionId })
  draft.runs.set(id, moved)
  draft.setDag({ ...dag, versionUsed: true })
  draft.replaceQueued(moved.record)
  const cause = `goes on with version ${dag.versionNumber} of its Dag`
  draft.event({ kind: 'run.version', actor, dagRunId: id, dagId, cause })
}

/** Nothing of it was cleared: what is new in it is to run all the same. */
export function settleMoved(draft: Draft, moved: RunDraft, actor: string): void {
  if (FINISHED_RUN_STATES.has(moved.record.state) && moved.open > 0) requeue(draft, moved, actor)
  moved.rewrite(new Map(), moved.record.state === 'running', draft.listener(moved))
}

function indexOn(graph: DagGraph, run: RunDraft, index: number): number | undefined {
  return graph.indexOf.get(run.graph.tasks[index]!.taskId)
}

/** Those whose delay has passed wait for a limit, and go on doing so. */
function readyForRetry(run: RunDraft, graph: DagGraph, tis: readonly TiRecord[]): Uint8Array {
  const ready = new Uint8Array(tis.length)
  for (let old = 0; old < run.size; old++) {
    const index = indexOn(graph, run, old)
    if (index !== undefined && run.isReady(old) && tis[index]!.state === 'up_for_retry') ready[index] = 1
  }
  return ready
}

/** What this tick or the move makes other than it is stored, and what of it has no row yet. */
function changesOf(run: RunDraft, { tis, fresh, vanished }: Move) {
  const changed = new Set(fresh)
  const inserted = new Set(fresh)
  const old = new Map<number, number>()
  for (let index = 0; index < run.size; index++) old.set(run.ti(index)!.id, index)
  const isNew = (ti: TiRecord) => run.isInserted(old.get(ti.id) ?? -1)
  const isChanged = (ti: TiRecord) => {
    const index = old.get(ti.id)
    if (index === undefined) return run.changedVanished.has(ti) || !run.vanished.includes(ti)
    return run.ti(index) !== ti || run.changedTis.has(index)
  }
  tis.forEach((ti, index) => {
    if (fresh.has(index)) return
    if (isChanged(ti)) changed.add(index)
    if (isNew(ti)) inserted.add(index)
  })
  return { changed, inserted, changedVanished: new Map(vanished.filter(isChanged).map((ti) => [ti, isNew(ti)])) }
}

/** What is known of earlier compensations and failures, by the new indexes. */
function sagaRows(run: RunDraft, graph: DagGraph) {
  const compensations = new Map<number, CompensationRecord>()
  const errors = new Map<number, TryError>()
  for (let old = 0; old < run.size; old++) {
    const index = indexOn(graph, run, old)
    if (index === undefined) continue
    const record = run.compensation(old)
    if (record !== undefined) compensations.set(index, record)
    const { tryNumber } = run.ti(old)!
    const message = run.saga?.error(old, tryNumber) ?? null
    if (message !== null) errors.set(index, { tryNumber, message })
  }
  return { compensations, errors }
}

type Indexes = ReadonlyMap<number, number>

/** Rows that this tick has made of them are still to be written. */
function keepCompensations(draft: Draft, run: RunDraft, moved: RunDraft, indexes: Indexes): void {
  for (const record of run.saga?.changed ?? []) {
    const index = indexes.get(record.tiId)
    if (index === undefined || moved.saga === null) draft.rare.compensations.push(record)
    else moved.saga.setCompensation(index, record)
  }
}

/** Live tries go on, except those of tasks that are gone. */
function moveExecutions(draft: Draft, moved: RunDraft, indexes: Indexes, actor: string): void {
  for (const execution of [...draft.executionsOf(moved.record.id)]) {
    const index = indexes.get(execution.record.tiId) ?? -1
    draft.changedExecutions.set(tryKeyText(execution.record), { ...execution, index })
    if (index < 0) draft.cancel(execution, `clear by ${actor}`)
  }
}

function endVanished(draft: Draft, run: RunDraft, moved: RunDraft, actor: string, why: string): void {
  for (const ti of moved.changedVanished.keys()) {
    const index = run.graph.indexOf.get(ti.taskId) ?? -1
    const before = run.ti(index)
    const settlement = { status: 'discarded', reason: why, actor } as const
    if (before !== undefined) settleLetters(draft, before, settlement, forwardTryOf(before, run.compensation(index)))
    draft.tiEvent(moved, ti, actor, why)
  }
}

/** Those of the old indexes find nothing to do when they are due. */
function setTimers(draft: Draft, moved: RunDraft): void {
  const { record, graph, size } = moved
  if (record.state !== 'running') return
  const dagRunId = record.id
  for (let index = 0; index < size; index++) {
    const { state, retryAt, tryNumber } = moved.ti(index)!
    if (state !== 'up_for_retry' || retryAt === null || moved.isReady(index)) continue
    draft.timer({ at: retryAt, kind: 'retry', dagRunId, index, tryNumber })
  }
  if (graph.dagrunTimeoutMs === null || record.startDate === null) return
  draft.timer({ at: record.startDate + graph.dagrunTimeoutMs, kind: 'run-timeout', dagRunId })
}
