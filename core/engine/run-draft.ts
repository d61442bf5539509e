/**
 * One run during one tick: its memory with this tick's changes laid over it, in which TIs end, upstream counts move and downstream tasks are
 * evaluated. Nothing here knows about limits or the database; it answers which TIs became ready and whether the run ended.
 */
import type { DagGraph } from '../graph.ts'
import type { CompensationRecord, RunRecord, TiOverrideRecord, TiRecord } from '../records.ts'
import { FINISHED_TI_STATES, type TiState } from '../states.ts'
import { evaluateTriggerRule } from '../trigger-rules.ts'
import { branchSkips } from './branch-skips.ts'
import { COUNTED_STATES, type RunMemory } from './memory.ts'
import { SagaDraft } from './saga-draft.ts'
import { hasSagaMemory, rebuildSaga } from './saga-memory.ts'

/** What is other than it is stored after a run was moved to another version, by the new indexes. */
interface MovedTis {
  readonly changed: ReadonlySet<number>
  readonly inserted: ReadonlySet<number>
  readonly changedVanished: ReadonlyMap<TiRecord, boolean>
}

/** How the draft reports what happened, for the event log. */
export type TiChangeListener = (ti: TiRecord, cause: string | null) => void

const COUNTS = COUNTED_STATES.length
const COUNT_OFFSET = new Map(COUNTED_STATES.map((state, i) => [state, i]))
// For those below, what was undone has failed.
for (const state of ['compensated', 'compensation_failed'] as const)
  COUNT_OFFSET.set(state, COUNT_OFFSET.get('failed')!)

export class RunDraft {
  record: RunRecord
  readonly graph: DagGraph
  /** TIs from this index on have no row yet, nor have `#inserted`. */
  readonly #insertedFrom: number
  #inserted: ReadonlySet<number> = new Set()
  open: number
  recordChanged = false
  /** What operators changed of its TIs; only `changeOverride` sets it. */
  overrides: ReadonlyMap<number, TiOverrideRecord> | undefined
  readonly changedTis = new Set<number>()
  /** TIs of tasks that the run's version does not have: `removed`. */
  readonly vanished: readonly TiRecord[]
  /** Of those, what this tick has to write, and whether there is no row of it yet. */
  changedVanished: ReadonlyMap<TiRecord, boolean> = new Map()
  /** Became ready during this tick, in order. */
  readonly newlyReady: number[] = []
  readonly #toEvaluate: number[] = []
  /** What memory holds, only read; or arrays of this draft's own, written at once. */
  #base: Pick<RunMemory, 'tis' | 'counts' | 'ready'>
  #isOwn: boolean
  #size: number
  // What this tick changes, laid over `#base`: a tick costs what it touches, not the size of the run.
  readonly #tis = new Map<number, TiRecord>()
  /** By place in `counts`. */
  readonly #counts = new Map<number, number>()
  readonly #ready = new Map<number, 0 | 1>()
  /** `null`: nothing of it can be undone and it has no sagas. */
  readonly saga: SagaDraft | null
  /** A task of a Dag that says `failFast` has failed for good in this tick. */
  failedFast: number | null = null

  private constructor(memory: RunMemory, isOwn: boolean) {
    this.#size = memory.tis.length
    this.record = memory.record
    this.graph = memory.graph
    this.open = memory.open
    this.#base = memory
    this.#isOwn = isOwn
    this.#insertedFrom = memory.tis.length
    this.vanished = memory.vanished ?? []
    this.overrides = memory.overrides
    this.saga = memory.saga === null ? null : new SagaDraft(memory.graph, memory.saga)
  }

  /** On another version of its Dag: every array is its own. */
  static moved(memory: RunMemory, changes: MovedTis): RunDraft {
    const run = new RunDraft(memory, true)
    run.recordChanged = true
    run.#inserted = changes.inserted
    run.changedVanished = changes.changedVanished
    for (const index of changes.changed) run.changedTis.add(index)
    return run
  }

  static of(memory: RunMemory): RunDraft {
    return new RunDraft(memory, false)
  }

  /** A queued run as far as it exists: its record. */
  static withoutTis(record: RunRecord, graph: DagGraph): RunDraft {
    const none = { tis: [], counts: new Int32Array(), ready: new Uint8Array(), open: 0 }
    const fresh = { compensations: new Map(), errors: new Map() }
    const saga = hasSagaMemory(graph) ? rebuildSaga(graph, [], fresh) : null
    return new RunDraft({ record, graph, ...none, saga }, true)
  }

  /** Number of TIs; 0 for a queued run that has none yet. */
  get size(): number {
    return this.#size
  }

  /** A large run gets its TIs over several ticks, in the order of its tasks. Until it has all of them it stays queued. */
  get isComplete(): boolean {
    return this.#size === this.graph.tasks.length
  }

  /** Makes at most `count` of the TIs that are missing, with ids from `firstTiId` on. @returns how many. */
  grow(firstTiId: number, count: number): number {
    const from = this.#size
    const to = Math.min(this.graph.tasks.length, from + count)
    for (let index = from; index < to; index++) {
      this.#setTi(index, newTi(this.graph.tasks[index]!, this.record, firstTiId + index - from))
    }
    this.#size = to
    this.open = to
    if (this.isComplete) this.#recount(this.allTis())
    return to - from
  }

  /** As this tick has it; `undefined` only for an index that the run does not have. */
  ti(index: number): TiRecord | undefined {
    return this.#tis.get(index) ?? this.#base.tis[index]
  }

  /** All of them: linear in the size of the run, for commands. */
  allTis(): TiRecord[] {
    const tis = this.#base.tis.slice()
    for (const [index, ti] of this.#tis) tis[index] = ti
    return tis
  }

  /** It has no row yet. */
  isInserted(index: number): boolean {
    return index >= this.#insertedFrom || this.#inserted.has(index)
  }

  isReady(index: number): boolean {
    return (this.#ready.get(index) ?? this.#base.ready[index]) === 1
  }

  /**
   * What memory holds from now on. Only after the commit: it writes this tick's changes into the arrays memory has, so
   * that the cost of a tick does not grow with the run. May be called again.
   */
  committed(): RunMemory {
    const { record, graph, open, overrides } = this
    const vanished = this.vanished.length === 0 ? undefined : this.vanished
    const { counts, ready } = this.#base
    const tis = this.#base.tis as TiRecord[]
    for (const [index, ti] of this.#tis) tis[index] = ti
    for (const [place, count] of this.#counts) counts[place] = count
    for (const [index, flag] of this.#ready) ready[index] = flag
    return { record, graph, tis, counts, ready, open, overrides, vanished, saga: this.saga?.committed() ?? null }
  }

  /** All of them, for commands. */
  compensations(): ReadonlyMap<number, CompensationRecord> {
    return this.saga?.compensations() ?? new Map()
  }

  compensation(index: number): CompensationRecord | undefined {
    return this.saga?.compensation(index)
  }

  setRecord(record: RunRecord): void {
    this.record = record
    this.recordChanged = true
  }

  /** Writes a TI whose state does not end here (queued, running, up_for_retry). */
  update(index: number, ti: TiRecord): void {
    this.#setTi(index, ti)
    this.#setReady(index, 0)
  }

  /** Ends a TI and lets everything below it follow. */
  finish(index: number, ti: TiRecord, cause: string | null, onChange: TiChangeListener): void {
    this.#end(index, ti, cause, onChange)
    this.settle(onChange)
  }

  /** A TI that had ended is to be undone: it is open again, and no longer counts for those below. */
  reopen(index: number, ti: TiRecord): void {
    const offset = COUNT_OFFSET.get(this.ti(index)!.state)
    if (this.saga === null || offset === undefined) throw new Error(`task "${ti.taskId}" cannot be undone`)
    this.#setTi(index, ti)
    this.open++
    this.saga.opened(index)
    for (const child of this.graph.downstream[index]!) {
      const place = child * COUNTS + offset
      this.#setCount(place, this.#count(place) - 1)
    }
  }

  isBeingUndone = (index: number): boolean => this.ti(index)?.state === 'compensating'

  /** A saga has settled: whoever outside waited for it may go on. */
  settleSaga(saga: number, onChange: TiChangeListener): void {
    this.saga!.settle(saga)
    for (const index of this.graph.sagas[saga]!.held) this.#toEvaluate.push(index)
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
    const due = [...this.#base.tis.keys()].filter((i) => this.isReady(i) && this.ti(i)!.state === 'up_for_retry')
    const tis = this.allTis()
    for (const [index, ti] of changes) {
      tis[index] = ti
      this.changedTis.add(index)
    }
    this.#recount(tis)
    if ((this.saga?.undoing ?? 0) > 0) this.saga!.release(this.isBeingUndone)
    if (!evaluate) return
    this.evaluateAll(onChange)
    for (const index of due) if (this.ti(index)!.state === 'up_for_retry') this.markReady(index)
  }

  #recount(tis: TiRecord[]): void {
    const { counts, ready, open } = rebuildCounts(this.graph, tis)
    this.saga?.recount(tis)
    this.#base = { tis, counts, ready }
    this.#isOwn = true
    this.#tis.clear()
    this.#counts.clear()
    this.#ready.clear()
    this.open = open
  }

  /** A TI waits for a limit again (its retry delay has passed). */
  markReady(index: number): void {
    if (this.isReady(index)) return
    this.#setReady(index, 1)
    this.newlyReady.push(index)
  }

  /** It waits for a limit no more: something else comes first. */
  holdBack(index: number): void {
    this.#setReady(index, 0)
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
    const wasUndone = this.saga !== null && this.isBeingUndone(index)
    this.#setTi(index, ti)
    this.#setReady(index, 0)
    this.open--
    this.saga?.closed(index, wasUndone, this.isBeingUndone)
    if (this.graph.failFast && ti.state === 'failed') this.failedFast ??= index
    for (const child of this.graph.downstream[index]!) {
      const place = child * COUNTS + offset
      this.#setCount(place, this.#count(place) + 1)
      this.#toEvaluate.push(child)
    }
    onChange(ti, cause)
  }

  #evaluate(index: number, onChange: TiChangeListener): void {
    const ti = this.ti(index)!
    if (ti.state !== 'none' || this.isReady(index)) return
    const verdict = this.#verdict(index)
    if (verdict === 'wait') return
    if (verdict === 'run') {
      this.markReady(index)
      return
    }
    const at = this.#latestUpstreamEnd(index)
    this.#end(index, { ...ti, state: verdict.state, startDate: at, endDate: at }, verdict.cause, onChange)
  }

  /** Below a saga that may still be undone: nobody builds on it before. */
  #isHeld(index: number): boolean {
    const { heldBy } = this.graph
    return heldBy !== null && heldBy[index]!.some((saga) => !this.saga!.isSettled(saga))
  }

  #verdict(index: number): 'wait' | 'run' | { state: TiState; cause: string } {
    if (this.#isHeld(index)) return 'wait'
    // A branch decides first: whether the other upstreams end before or after it must not change the outcome.
    for (const decider of this.graph.deciders[index]!) {
      const ti = this.ti(decider)!
      if (!FINISHED_TI_STATES.has(ti.state)) return 'wait'
      // Of one that was undone the way counts no more than of one that failed.
      if (ti.state === 'compensated' || ti.state === 'compensation_failed') continue
      if (ti.branchSkips !== null && branchSkips(ti).includes(this.graph.tasks[index]!.taskId)) {
        return { state: 'skipped', cause: `not followed by the branch of ${ti.taskId}` }
      }
    }
    const task = this.graph.tasks[index]!
    const base = index * COUNTS
    const verdict = evaluateTriggerRule(task.triggerRule, {
      success: this.#count(base),
      failed: this.#count(base + 1),
      skipped: this.#count(base + 2),
      upstreamFailed: this.#count(base + 3),
      removed: this.#count(base + 4),
      total: this.graph.upstream[index]!.length,
    })
    if (verdict === 'wait' || verdict === 'run') return verdict
    return { state: verdict, cause: `trigger rule ${task.triggerRule}: ${this.#upstreamSummary(base)}` }
  }

  #setTi(index: number, ti: TiRecord): void {
    if (this.#isOwn) (this.#base.tis as TiRecord[])[index] = ti
    else this.#tis.set(index, ti)
    this.changedTis.add(index)
  }

  #setReady(index: number, flag: 0 | 1): void {
    if (this.#isOwn) this.#base.ready[index] = flag
    else this.#ready.set(index, flag)
  }

  #count(place: number): number {
    return this.#counts.get(place) ?? this.#base.counts[place]!
  }

  #setCount(place: number, count: number): void {
    if (this.#isOwn) this.#base.counts[place] = count
    else this.#counts.set(place, count)
  }

  #upstreamSummary(base: number): string {
    const parts: string[] = []
    for (let i = 0; i < COUNTS; i++) {
      const count = this.#count(base + i)
      if (count > 0) parts.push(`${count} ${COUNTED_STATES[i]}`)
    }
    return parts.length === 0 ? 'no upstream has ended' : `upstream ${parts.join(', ')}`
  }

  #latestUpstreamEnd(index: number): number | null {
    let latest: number | null = null
    for (const up of this.graph.upstream[index]!) {
      const end = this.ti(up)!.endDate
      if (end !== null && (latest === null || end > latest)) latest = end
    }
    return latest
  }
}

/** Counts, ready flags and the number of open TIs, from the TIs alone; nothing is ready yet. */
export function rebuildCounts(graph: DagGraph, tis: readonly TiRecord[]): Pick<RunMemory, 'counts' | 'ready' | 'open'> {
  // Not all of them are made yet: nothing is counted before.
  if (tis.length < graph.tasks.length) return { counts: new Int32Array(), ready: new Uint8Array(), open: tis.length }
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

/** A TI as its run gets it. */
export function newTi(task: DagGraph['tasks'][number], run: RunRecord, id: number): TiRecord {
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
