/**
 * The life of a run: made by schedule or trigger, promoted when the Dag's cap allows, ended when its last TI has ended.
 * A queued run has no TIs; they are made in the tick that promotes it, so a thousand queued triggers cost a row each.
 */
import { correlationOf } from '../correlation.ts'
import type { Json } from '../json.ts'
import type { RunRecord } from '../records.ts'
import { runOutcome } from '../run-state.ts'
import { FINISHED_TI_STATES, type RunState, type RunType, type TiState } from '../states.ts'
import { type FireTime, nextFire } from '../timetable/index.ts'
import type { Draft } from './draft.ts'
import { poolKey } from './limits.ts'
import type { DagMemory } from './memory.ts'
import { RunDraft } from './run-draft.ts'

/** Stop creating and promoting runs in one tick beyond this many rows; the rest follows in the next. */
const ROW_BUDGET = 5000
/** For that, however many rows the results of the tick took: else no run would begin as long as much is going on. */
const LEAST_ROWS = 1000
/** Most TIs made for one run in a tick: a larger run gets them over several, and other Dags have their turn in between. */
const TI_BUDGET = 2000

export interface NewRun {
  readonly runType: RunType
  readonly runId: string
  readonly logicalDate: number | null
  readonly dataIntervalStart: number | null
  readonly dataIntervalEnd: number | null
  readonly runAfter: number
  /** JSON text. */
  readonly conf: string
  readonly note: string | null
  readonly triggeredBy: string
  readonly correlationId?: string | null
  readonly triggerKey?: string | null
}

/** Queues a run of the Dag's current version. `advanceDag` promotes it when the cap allows. */
export function queueRun(draft: Draft, dag: DagMemory, run: NewRun): RunRecord {
  const record: RunRecord = {
    ...run,
    id: draft.takeId('run'),
    dagId: dag.record.dagId,
    state: 'queued',
    versionId: dag.record.versionId,
    queuedAt: draft.now,
    startDate: null,
    endDate: null,
    correlationId: run.correlationId ?? null,
    triggerKey: run.triggerKey ?? null,
  }
  draft.insertQueuedRun(record)
  draft.event({
    kind: 'run.queued',
    actor: run.triggeredBy,
    dagRunId: record.id,
    dagId: record.dagId,
    cause: run.runType === 'scheduled' ? `due at ${new Date(run.runAfter).toISOString()}` : null,
  })
  const queued = insertByRunAfter(dag.queued, record)
  draft.setDag({ ...dag, queued, versionUsed: true })
  draft.dagsToAdvance.add(record.dagId)
  return record
}

/** Creates the automatic runs that are due, and promotes queued ones, as far as the Dag's cap and the tick's size go. */
export function advanceDag(draft: Draft, dagId: string, { oneStep, mostRows }: Advance): Advanced {
  for (let steps = 0; ; steps++) {
    const dag = draft.dag(dagId)
    if (dag === undefined || dag.record.isPaused) return 'done'
    if (draft.rows > mostRows) return steps === 0 ? 'no turn' : 'more'
    if (oneStep && steps > 0) return 'more'
    if (dag.running < dag.graph.maxActiveRuns && dag.queued.length > 0) {
      if (!promote(draft, dag)) return 'more'
      continue
    }
    const next = dueRun(draft, dag)
    if (next === null || dag.running + dag.queued.length >= dag.graph.maxActiveRuns) return 'done'
    fire(draft, dag, next)
  }
}

export interface Advance {
  readonly oneStep: boolean
  /** Of the whole tick; see `mostRows`. */
  readonly mostRows: number
}

/** `no turn`: the tick was full before anything was done for this Dag. */
export type Advanced = 'done' | 'more' | 'no turn'

/** How large the tick may become by creating and promoting runs. */
export function mostRows(draft: Draft): number {
  return Math.max(ROW_BUDGET, draft.rows + LEAST_ROWS)
}

/**
 * The automatic run to create now. Held back by its cap a Dag may have missed further ticks since: without catchup the
 * newest of them counts, as it would after a restart.
 */
function dueRun(draft: Draft, dag: DagMemory): FireTime | null {
  if (!dag.record.isActive || dag.next === null || dag.next.runAfter > draft.now) return null
  return dag.graph.schedule.catchup ? dag.next : nextRun(dag, draft.now)
}

/** Gets a Dag past the step that `advanceDag` would take first and that makes its tick fail. */
export function skipStep(draft: Draft, dagId: string, message: string): void {
  const dag = draft.dag(dagId)
  if (dag === undefined || dag.record.isPaused) return
  const [first] = dag.queued
  if (first !== undefined && dag.running < dag.graph.maxActiveRuns) {
    const run = draft.findRun(dagId, first.runId)
    if (run !== undefined) abandonRun(draft, run, 'scheduler', message)
    return
  }
  const next = dueRun(draft, dag)
  if (next === null) return
  draft.event({ kind: 'run.not_created', actor: 'scheduler', dagId, cause: message })
  moveSchedule(draft, dag, next)
}

function fire(draft: Draft, dag: DagMemory, next: FireTime): void {
  queueRun(draft, dag, {
    runType: 'scheduled',
    runId: `scheduled__${new Date(next.logicalDate).toISOString()}`,
    logicalDate: next.logicalDate,
    dataIntervalStart: next.dataIntervalStart,
    dataIntervalEnd: next.dataIntervalEnd,
    runAfter: next.runAfter,
    conf: dag.defaultConf,
    note: null,
    triggeredBy: 'schedule',
    correlationId: scheduledCorrelation(dag),
  })
  moveSchedule(draft, draft.dag(dag.record.dagId)!, next)
}

/** By the Dag's template over its default params; a Dag whose template needs a conf has none. */
function scheduledCorrelation({ graph: { serialized }, defaultConf }: DagMemory): string | null {
  if (serialized.correlationId === undefined) return null
  const made = correlationOf(serialized.correlationId, JSON.parse(defaultConf) as Json)
  return made.ok ? made.id : null
}

/** Sets the newest automatic run and computes the next. */
export function moveSchedule(draft: Draft, dag: DagMemory, fired: FireTime): void {
  const record = { ...dag.record, lastLogicalDate: fired.logicalDate, lastIntervalEnd: fired.dataIntervalEnd }
  plan(draft, { ...dag, record })
}

/** Recomputes what is due next and sets a timer for it. */
export function plan(draft: Draft, dag: DagMemory): void {
  const next = nextRun(dag, draft.now)
  const record = { ...dag.record, nextRunAfter: next?.runAfter ?? null, nextLogicalDate: next?.logicalDate ?? null }
  draft.setDag({ ...dag, record, next })
  if (next === null) return
  if (next.runAfter <= draft.now) draft.dagsToAdvance.add(record.dagId)
  else draft.timer({ at: next.runAfter, kind: 'dag', dagId: record.dagId })
}

/** The next automatic run, or `null` for a Dag that is paused or gone. */
export function nextRun(dag: Pick<DagMemory, 'record' | 'graph'>, now: number): FireTime | null {
  const { record, graph } = dag
  if (record.isPaused || !record.isActive) return null
  const last =
    record.lastLogicalDate === null
      ? null
      : { logicalDate: record.lastLogicalDate, intervalEnd: record.lastIntervalEnd ?? record.lastLogicalDate }
  return nextFire(graph.schedule, last, record.scheduleSince, now)
}

/** @returns false when its TIs are not all made yet: it stays at the head of the queue. */
function promote(draft: Draft, dag: DagMemory): boolean {
  const [record, ...queued] = dag.queued
  if (record === undefined) return true
  const run = withTis(draft, record, TI_BUDGET)
  if (!run.isComplete) return false
  draft.setDag({ ...dag, queued, running: dag.running + 1 })
  run.setRecord({ ...record, state: 'running', startDate: draft.now })
  const { graph } = run
  draft.event({ kind: 'run.running', actor: 'scheduler', dagRunId: record.id, dagId: record.dagId })
  if (graph.dagrunTimeoutMs !== null) {
    draft.timer({ at: draft.now + graph.dagrunTimeoutMs, kind: 'run-timeout', dagRunId: record.id })
  }
  run.evaluateAll(draft.listener(run))
  return true
}

/** A cleared run waits in the queue with its TIs; any other gets fresh ones, at most `budget` now. */
function withTis(draft: Draft, record: RunRecord, budget: number): RunDraft {
  let run = draft.run(record.id)
  if (run === undefined) {
    run = RunDraft.withoutTis(record, draft.graph(record.versionId))
    draft.runs.set(record.id, run)
  }
  if (!run.isComplete) makeTis(draft, run, budget)
  return run
}

function makeTis(draft: Draft, run: RunDraft, budget: number): void {
  const firstIndex = run.size
  const count = Math.min(budget, run.graph.tasks.length - firstIndex)
  const firstId = draft.takeId('ti', count)
  draft.history.madeTis(run.record.id, firstId, firstIndex, count)
  draft.rows += run.grow(firstId, count) + 1
}

/** For commands that reach a large run while its TIs are being made: the rest of them, now. */
export function completeTis(draft: Draft, run: RunDraft): void {
  if (run.size > 0 && !run.isComplete) makeTis(draft, run, Number.POSITIVE_INFINITY)
}

/** Puts a finished run back into its Dag's queue: its cleared TIs run when the cap allows (airflow-behaviour 2.10). */
export function requeue(draft: Draft, run: RunDraft, actor: string): void {
  run.setRecord({ ...run.record, state: 'queued', queuedAt: draft.now, startDate: null, endDate: null })
  const { id, dagId } = run.record
  // It may have ended in this very tick.
  draft.endedRuns.delete(id)
  draft.event({ kind: 'run.queued', actor, dagRunId: id, dagId, cause: 'cleared' })
  const dag = draft.dag(dagId)
  if (dag === undefined) return
  draft.setDag({ ...dag, queued: insertByRunAfter(dag.queued, run.record) })
  draft.dagsToAdvance.add(dagId)
}

/** Takes a queued run out of its Dag's queue: it ends without having started. */
export function dequeue(draft: Draft, run: RunDraft): void {
  const dag = draft.dag(run.record.dagId)
  if (dag !== undefined) draft.setDag({ ...dag, queued: dag.queued.filter((queued) => queued.id !== run.record.id) })
}

/** States of the leaves that take part in the run. */
export function leafStates(run: RunDraft): TiState[] {
  const leaves: TiState[] = []
  for (let i = 0; i < run.size; i++) {
    const { state } = run.ti(i)!
    if (run.graph.downstream[i]!.length === 0 && state !== 'removed') leaves.push(state)
  }
  return leaves
}

/** Ends runs whose last TI has ended in this tick (invariant 7). */
export function endFinishedRuns(draft: Draft): void {
  for (const run of draft.runs.values()) {
    if (run.open > 0 || run.record.state !== 'running') continue
    endRun(draft, run, runOutcome(leafStates(run)), null)
  }
}

export function endRun(
  draft: Draft,
  run: RunDraft,
  state: Extract<RunState, 'success' | 'failed'>,
  cause: string | null,
  wasRunning = true,
): void {
  run.setRecord({ ...run.record, state, endDate: draft.now })
  draft.endedRuns.add(run.record.id)
  draft.event({ kind: `run.${state}`, actor: 'scheduler', dagRunId: run.record.id, dagId: run.record.dagId, cause })
  const dag = draft.dag(run.record.dagId)
  if (dag === undefined) return
  if (wasRunning) draft.setDag({ ...dag, running: dag.running - 1 })
  draft.dagsToAdvance.add(dag.record.dagId)
}

/** `dagrunTimeout` has passed: the run fails, what has not ended is skipped, what still runs is cancelled (2.3 rule 7). */
export function timeOutRun(draft: Draft, dagRunId: number): void {
  const run = draft.run(dagRunId)
  const { dagrunTimeoutMs } = run?.graph ?? { dagrunTimeoutMs: null }
  if (run === undefined || run.record.state !== 'running' || dagrunTimeoutMs === null) return
  // Set for an earlier start: the run was cleared and began anew since.
  if (run.record.startDate === null || run.record.startDate + dagrunTimeoutMs > draft.now) return
  const seconds = dagrunTimeoutMs / 1000
  abandonRun(draft, run, 'dagrun timeout', `the run took longer than its dagrunTimeout of ${seconds} s`)
}

/** Ready TIs that will not be any more let those behind them pass: the queue of a pool is strict. */
export function leavePoolQueues(draft: Draft, run: RunDraft): void {
  for (let i = 0; i < run.size; i++) if (run.isReady(i)) draft.freed.add(poolKey(run.graph.tasks[i]!.pool))
}

/** Fails a running or queued run at once: open TIs are skipped, live executions cancelled. */
export function abandonRun(draft: Draft, run: RunDraft, by: string, cause: string): void {
  completeTis(draft, run)
  for (const execution of draft.executionsOf(run.record.id)) draft.cancel(execution, by)
  leavePoolQueues(draft, run)
  // From the leaves up, so that no trigger rule of a task below can fire in between.
  for (let i = run.graph.order.length - 1; i >= 0; i--) {
    const index = run.graph.order[i]!
    const ti = run.ti(index)
    if (ti === undefined || FINISHED_TI_STATES.has(ti.state)) continue
    run.finish(index, { ...ti, state: 'skipped', retryAt: null, endDate: draft.now }, cause, draft.listener(run))
  }
  const wasRunning = run.record.state === 'running'
  if (!wasRunning) dequeue(draft, run)
  endRun(draft, run, 'failed', cause, wasRunning)
}

/** Earlier `runAfter` first, then the older run. */
function insertByRunAfter(queued: readonly RunRecord[], record: RunRecord): RunRecord[] {
  let i = queued.length
  const isLater = (other: RunRecord) =>
    other.runAfter > record.runAfter || (other.runAfter === record.runAfter && other.id > record.id)
  while (i > 0 && isLater(queued[i - 1]!)) i--
  return [...queued.slice(0, i), record, ...queued.slice(i)]
}
