/**
 * One run during one tick: a copy on write of its memory, in which TIs end, upstream counts move and downstream tasks are
 * evaluated. Nothing here knows about limits or the database; it answers which TIs became ready and whether the run ended.
 */
import { type DagGraph, excludedByBranches } from '../graph.ts'
import type { RunRecord, TiRecord } from '../records.ts'
import { FINISHED_TI_STATES, type TiState } from '../states.ts'
import { evaluateTriggerRule } from '../trigger-rules.ts'
import { COUNTED_STATES, type RunMemory } from './memory.ts'

/** How the draft reports what happened, for the event log. */
export type TiChangeListener = (ti: TiRecord, cause: string | null) => void

const COUNTS = COUNTED_STATES.length
const COUNT_OFFSET = new Map(COUNTED_STATES.map((state, i) => [state, i]))

export class RunDraft {
  record: RunRecord
  readonly graph: DagGraph
  readonly isNew: boolean
  readonly tis: TiRecord[]
  readonly counts: Int32Array
  readonly ready: Uint8Array
  open: number
  recordChanged: boolean
  readonly changedTis = new Set<number>()
  /** Became ready during this tick, in order. */
  readonly newlyReady: number[] = []
  readonly #toEvaluate: number[] = []

  private constructor(memory: RunMemory, isNew: boolean) {
    this.record = memory.record
    this.graph = memory.graph
    this.tis = memory.tis.slice()
    this.counts = memory.counts.slice()
    this.ready = memory.ready.slice()
    this.open = memory.open
    this.isNew = isNew
    this.recordChanged = isNew
  }

  static of(memory: RunMemory): RunDraft {
    return new RunDraft(memory, false)
  }

  /** A run that starts in this tick, with fresh TIs whose ids start at `firstTiId`. */
  static start(record: RunRecord, graph: DagGraph, firstTiId: number): RunDraft {
    const tis = graph.tasks.map((task): TiRecord => newTi(task, record, firstTiId + task.index))
    const draft = new RunDraft({ ...rebuildCounts(graph, tis), record, graph, tis }, true)
    for (let i = 0; i < tis.length; i++) draft.changedTis.add(i)
    return draft
  }

  /** A queued run as far as it exists: its record. */
  static withoutTis(record: RunRecord, graph: DagGraph): RunDraft {
    const none = { tis: [], counts: new Int32Array(), ready: new Uint8Array(), open: 0 }
    return new RunDraft({ record, graph, ...none }, false)
  }

  memory(): RunMemory {
    const { record, graph, tis, counts, ready, open } = this
    return { record, graph, tis, counts, ready, open }
  }

  setRecord(record: RunRecord): void {
    this.record = record
    this.recordChanged = true
  }

  /** Writes a TI whose state does not end here (queued, running, up_for_retry). */
  update(index: number, ti: TiRecord): void {
    this.tis[index] = ti
    this.changedTis.add(index)
    this.ready[index] = 0
  }

  /** Ends a TI and lets everything below it follow. */
  finish(index: number, ti: TiRecord, cause: string | null, onChange: TiChangeListener): void {
    this.#end(index, ti, cause, onChange)
    this.settle(onChange)
  }

  /** Evaluates every task once: at the start of a run. */
  evaluateAll(onChange: TiChangeListener): void {
    for (const index of this.graph.order) this.#toEvaluate.push(index)
    this.settle(onChange)
  }

  /**
   * Sets TIs by hand, backwards too (clear, mark): counts and readiness are worked out anew. Waiting lists may then hold
   * an entry twice; the second finds the TI no longer ready.
   */
  rewrite(changes: ReadonlyMap<number, TiRecord>, evaluate: boolean, onChange: TiChangeListener): void {
    for (const [index, ti] of changes) {
      this.tis[index] = ti
      this.changedTis.add(index)
    }
    const { counts, open } = rebuildCounts(this.graph, this.tis)
    this.counts.set(counts)
    this.open = open
    const due = this.tis.flatMap((ti, index) => (ti.state === 'up_for_retry' && this.ready[index] === 1 ? [index] : []))
    this.ready.fill(0)
    if (!evaluate) return
    this.evaluateAll(onChange)
    for (const index of due) this.markReady(index)
  }

  /** A TI waits for a limit again (its retry delay has passed). */
  markReady(index: number): void {
    if (this.ready[index] === 1) return
    this.ready[index] = 1
    this.newlyReady.push(index)
  }

  settle(onChange: TiChangeListener): void {
    const queue = this.#toEvaluate
    for (let i = 0; i < queue.length; i++) this.#evaluate(queue[i]!, onChange)
    queue.length = 0
  }

  #end(index: number, ti: TiRecord, cause: string | null, onChange: TiChangeListener): void {
    const offset = COUNT_OFFSET.get(ti.state)
    // A rule of a newer program, say: better one run set aside than counts that never add up.
    if (offset === undefined) throw new Error(`task "${ti.taskId}" cannot end as "${ti.state}"`)
    this.tis[index] = ti
    this.changedTis.add(index)
    this.ready[index] = 0
    this.open--
    for (const child of this.graph.downstream[index]!) {
      this.counts[child * COUNTS + offset]! += 1
      this.#toEvaluate.push(child)
    }
    onChange(ti, cause)
  }

  #evaluate(index: number, onChange: TiChangeListener): void {
    const ti = this.tis[index]!
    if (ti.state !== 'none' || this.ready[index] === 1) return
    const verdict = this.#verdict(index)
    if (verdict === 'wait') return
    if (verdict === 'run') {
      this.markReady(index)
      return
    }
    const at = this.#latestUpstreamEnd(index)
    this.#end(index, { ...ti, state: verdict.state, startDate: at, endDate: at }, verdict.cause, onChange)
  }

  #verdict(index: number): 'wait' | 'run' | { state: TiState; cause: string } {
    // A branch decides first: whether the other upstreams end before or after it must not change the outcome.
    for (const decider of this.graph.deciders[index]!) {
      const ti = this.tis[decider]!
      if (!FINISHED_TI_STATES.has(ti.state)) return 'wait'
      if (ti.branchSkips !== null && branchSkips(ti).includes(this.graph.tasks[index]!.taskId)) {
        return { state: 'skipped', cause: `not followed by the branch of ${ti.taskId}` }
      }
    }
    const task = this.graph.tasks[index]!
    const base = index * COUNTS
    const verdict = evaluateTriggerRule(task.triggerRule, {
      success: this.counts[base]!,
      failed: this.counts[base + 1]!,
      skipped: this.counts[base + 2]!,
      upstreamFailed: this.counts[base + 3]!,
      removed: this.counts[base + 4]!,
      total: this.graph.upstream[index]!.length,
    })
    if (verdict === 'wait' || verdict === 'run') return verdict
    return { state: verdict, cause: `trigger rule ${task.triggerRule}: ${this.#upstreamSummary(base)}` }
  }

  #upstreamSummary(base: number): string {
    const parts: string[] = []
    for (let i = 0; i < COUNTS; i++) {
      const count = this.counts[base + i]!
      if (count > 0) parts.push(`${count} ${COUNTED_STATES[i]}`)
    }
    return parts.length === 0 ? 'no upstream has ended' : `upstream ${parts.join(', ')}`
  }

  #latestUpstreamEnd(index: number): number | null {
    let latest: number | null = null
    for (const up of this.graph.upstream[index]!) {
      const end = this.tis[up]!.endDate
      if (end !== null && (latest === null || end > latest)) latest = end
    }
    return latest
  }
}

/** The task ids a decided branch excluded. */
export function branchSkips(ti: TiRecord): string[] {
  return ti.branchSkips === null ? [] : (JSON.parse(ti.branchSkips) as string[])
}

/** `branchSkips` column for a task that followed these candidates; `null` for a task without branches. */
export function branchSkipsText(
  graph: DagGraph,
  index: number,
  followed: readonly string[] | undefined,
): string | null {
  const task = graph.tasks[index]!
  if (task.serialized.branches === undefined || task.serialized.branches.length === 0) return null
  return JSON.stringify(excludedByBranches(graph, task, followed ?? []).map((i) => graph.tasks[i]!.taskId))
}

/** Counts, ready flags and the number of open TIs, from the TIs alone; nothing is ready yet. */
export function rebuildCounts(graph: DagGraph, tis: readonly TiRecord[]): Pick<RunMemory, 'counts' | 'ready' | 'open'> {
  const counts = new Int32Array(tis.length * COUNTS)
  let open = 0
  for (let i = 0; i < tis.length; i++) {
    const offset = COUNT_OFFSET.get(tis[i]!.state)
    if (offset === undefined) {
      open++
      continue
    }
    for (const child of graph.downstream[i]!) counts[child * COUNTS + offset]! += 1
  }
  return { counts, ready: new Uint8Array(tis.length), open }
}

function newTi(task: DagGraph['tasks'][number], run: RunRecord, id: number): TiRecord {
  const { startDate, endDate } = task.serialized
  const date = run.logicalDate
  // Tasks outside their own dates take no part in the run (airflow-behaviour 2.7, last line); backfills ignore them.
  const outside =
    date !== null &&
    run.runType !== 'backfill' &&
    ((startDate !== undefined && date < startDate) || (endDate !== undefined && date > endDate))
  return {
    id,
    dagRunId: run.id,
    taskId: task.taskId,
    mapIndex: -1,
    state: outside ? 'removed' : 'none',
    tryNumber: 0,
    maxTries: task.retries + 1,
    failures: 0,
    losses: 0,
    retryAt: null,
    startDate: null,
    endDate: null,
    branchSkips: null,
  }
}
