/**
 * How runs begin: made by schedule or trigger, promoted when the Dag's cap allows.
 * A queued run has no TIs; they are made in the tick that promotes it, so a thousand queued triggers cost a row each.
 */
import { correlationOf } from '../correlation.ts'
import type { Json } from '../json.ts'
import type { RunRecord } from '../records.ts'
import type { RunType } from '../states.ts'
import { type FireTime, nextFire } from '../timetable/index.ts'
import { resumeUndo } from './compensation.ts'
import type { Draft } from './draft.ts'
import { withTis } from './make-tis.ts'
import type { DagMemory } from './memory.ts'
import type { RunDraft } from './run-draft.ts'
import { abandonRun } from './run-ends.ts'

/** Stop creating and promoting runs in one tick beyond this many rows; the rest follows in the next. */
const ROW_BUDGET = 5000
/** For that, however many rows the results of the tick took: else no run would begin as long as much is going on. */
const LEAST_ROWS = 1000

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
  const run = withTis(draft, record)
  if (!run.isComplete) return false
  draft.setDag({ ...dag, queued, running: dag.running + 1 })
  const state = (run.saga?.undoing ?? 0) > 0 ? 'compensating' : 'running'
  run.setRecord({ ...record, state, startDate: draft.now })
  const { graph } = run
  draft.event({ kind: `run.${state}`, actor: 'scheduler', dagRunId: record.id, dagId: record.dagId })
  if (state === 'compensating') {
    resumeUndo(draft, run)
    return true
  }
  if (graph.dagrunTimeoutMs !== null) {
    draft.timer({ at: draft.now + graph.dagrunTimeoutMs, kind: 'run-timeout', dagRunId: record.id })
  }
  run.evaluateAll(draft.listener(run))
  return true
}

/** Puts a finished run back into its Dag's queue: its TIs run, or are undone, when the cap allows (airflow-behaviour 2.10). */
export function requeue(draft: Draft, run: RunDraft, actor: string, cause = 'cleared'): void {
  run.setRecord({ ...run.record, state: 'queued', queuedAt: draft.now, startDate: null, endDate: null })
  const { id, dagId } = run.record
  // It may have ended in this very tick.
  draft.endedRuns.delete(id)
  draft.event({ kind: 'run.queued', actor, dagRunId: id, dagId, cause })
  const dag = draft.dag(dagId)
  if (dag === undefined) return
  draft.setDag({ ...dag, queued: insertByRunAfter(dag.queued, run.record) })
  draft.dagsToAdvance.add(dagId)
}

/** Earlier `runAfter` first, then the older run. */
function insertByRunAfter(queued: readonly RunRecord[], record: RunRecord): RunRecord[] {
  let i = queued.length
  const isLater = (other: RunRecord) =>
    other.runAfter > record.runAfter || (other.runAfter === record.runAfter && other.id > record.id)
  while (i > 0 && isLater(queued[i - 1]!)) i--
  return [...queued.slice(0, i), record, ...queued.slice(i)]
}
