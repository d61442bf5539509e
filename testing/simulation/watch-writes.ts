/**
 * Follows every commit: compares each row with the one before, and counts what happened for the coverage. It keeps its own
 * picture of the TIs, so that it does not depend on what the tables make of a write.
 */
import { tryKeyText } from '../../core/ids.ts'
import type { TickWrites } from '../../core/ports/store.ts'
import type { EventRecord, RunRecord, TiRecord } from '../../core/records.ts'
import { FINISHED_RUN_STATES, TI_TRANSITIONS, type TiState } from '../../core/states.ts'
import type { MemoryTables } from '../memory-tables.ts'
import type { Counter } from './coverage.ts'
import type { Violation } from './invariants.ts'
import { leafOutcome } from './oracle.ts'
import type { TryTruth } from './simulated-executor.ts'

export interface Watched {
  readonly tables: MemoryTables
  readonly truth: ReadonlyMap<string, TryTruth>
  readonly violation: Violation
  readonly count: (what: Counter) => void
}

export class WriteWatch {
  readonly #o: Watched
  readonly #tis = new Map<number, TiRecord>()
  /** Every run there ever was. */
  readonly runs = new Map<number, RunRecord>()
  /** Tries that ran when their tasks were cancelled, and the cancel was answered with success. */
  readonly cancelled = new Set<string>()

  constructor(watched: Watched) {
    this.#o = watched
  }

  /** Called with the tables as they are after this commit. */
  after(writes: TickWrites): void {
    this.#inserted(writes)
    const cleared = new Set(idsOf(writes.events, 'ti.cleared'))
    const marked = new Set(idsOf(writes.events, 'marked'))
    const moved = movedRuns(writes)
    // A move takes a TI out of its run, or brings it back.
    const isFree = (ti: TiRecord) => marked.has(ti.id) || moved.has(ti.dagRunId)
    for (const ti of writes.updatedTis) this.#updated(ti, cleared.has(ti.id), isFree(ti))
    const inserted = new Set(writes.insertedRuns.map((run) => run.id))
    for (const run of [...writes.insertedRuns, ...writes.updatedRuns]) this.#run(run, inserted.has(run.id), writes)
    for (const row of writes.updatedTries) {
      if (row.cause?.kind === 'host-lost') this.#o.count('lost hosts')
      if (row.cause?.kind === 'timeout') this.#o.count('timeouts')
      if (row.state === 'failed' && (row.cause === null || row.cause.message === '')) {
        this.#o.violation(`invariant 4: try ${row.tiId}.${row.tryNumber} failed and nobody knows why`)
      }
    }
    for (const event of writes.events) this.#countEvent(event)
    for (const { commandId, answer } of writes.answers) if (answer.ok) this.#carriedOut(commandId, writes)
  }

  #carriedOut(commandId: number, writes: TickWrites): void {
    const { tables, count } = this.#o
    const request = tables.commands.get(commandId)?.record.request
    if (request?.kind !== 'cancel' || request.taskIds === undefined) return
    const isNew = new Set(writes.insertedExecutions.map(tryKeyText))
    for (const [text, { tiId, dagRunId }] of tables.executions) {
      const run = tables.runs.get(dagRunId)
      if (run?.dagId !== request.dagId || run.runId !== request.runId || isNew.has(text)) continue
      if (!request.taskIds.includes(tables.tis.get(tiId)?.taskId ?? '')) continue
      this.cancelled.add(text)
      count('running tasks cancelled')
    }
  }

  #inserted(writes: TickWrites): void {
    const { tables, violation, count } = this.#o
    const moved = movedRuns(writes)
    for (const ti of writes.insertedTis) {
      this.#tis.set(ti.id, ti)
      if (moved.has(ti.dagRunId)) count('tasks that came')
      if (ti.state === 'removed') count('tasks outside their dates')
    }
    for (const dagRunId of new Set(writes.insertedTis.map((ti) => ti.dagRunId))) {
      const run = tables.runs.get(dagRunId)
      if (run === undefined) continue
      const tasks = tables.versions.get(run.versionId)?.serialized.tasks ?? []
      const known = new Set(tasks.map((task) => task.taskId))
      // Those of tasks that its version does not have: it came from another.
      const isOf = (ti: TiRecord) => ti.dagRunId === dagRunId && (known.has(ti.taskId) || ti.state !== 'removed')
      const ids = [...tables.tis.values()].filter(isOf).map((ti) => ti.taskId)
      if (ids.length !== tasks.length || new Set(ids).size !== tasks.length) {
        violation(`invariant 5: run ${dagRunId} has ${ids.length} TIs for ${tasks.length} tasks`)
      }
    }
  }

  #updated(ti: TiRecord, isCleared: boolean, isMarked: boolean): void {
    const { violation, truth, count } = this.#o
    const before = this.#tis.get(ti.id)
    this.#tis.set(ti.id, ti)
    if (before === undefined) {
      violation(`invariant 5: TI ${ti.id} changed before it was made`)
      return
    }
    // Several changes of one tick are one write, so a legal path is enough: through `queued` or `up_for_retry`.
    // A clear leads back to `none` from anywhere, and on from there within the same tick; a mark leads anywhere.
    const from = isCleared ? 'none' : before.state
    if (!isMarked && !reachable(from, ti.state)) {
      violation(`invariant 4: TI ${ti.id} went from ${before.state} to ${ti.state}`)
    }
    if (ti.tryNumber < before.tryNumber || ti.tryNumber > before.tryNumber + 1) {
      violation(`invariant 4: TI ${ti.id} went from try ${before.tryNumber} to ${ti.tryNumber}`)
    }
    if (ti.tryNumber > before.tryNumber && before.tryNumber > 0 && ti.state !== 'compensating') count('retries')
    // One whose undoing was called off is what it was before.
    if (ti.state === 'success' && !isMarked && before.state !== 'success' && before.state !== 'compensating') {
      const real = truth.get(`${ti.id}.${ti.tryNumber}`)
      if (real?.state !== 'success') {
        violation(`invariant 1: TI ${ti.id} succeeded by try ${ti.tryNumber}, which ended as ${real?.state}`)
      }
    }
    if (ti.state === 'up_for_retry' && (ti.retryAt ?? 0) > (ti.endDate ?? 0)) count('retry waits')
  }

  #run(run: RunRecord, isInserted: boolean, writes: TickWrites): void {
    const { tables, violation, count } = this.#o
    const before = this.runs.get(run.id)
    this.runs.set(run.id, run)
    if (isInserted && run.runType === 'scheduled') count('scheduled runs')
    if (isInserted && run.triggeredBy.startsWith('task:')) count('triggers by tasks')
    if (before !== undefined && before.versionId !== run.versionId && !movedRuns(writes).has(run.id)) {
      violation(`invariant 5: run ${run.id} went from version ${before.versionId} to ${run.versionId}`)
    }
    if (!FINISHED_RUN_STATES.has(run.state) || before?.state === run.state) return
    const end = writes.events.find((event) => event.dagRunId === run.id && event.kind === `run.${run.state}`)
    if (end === undefined) violation(`invariant 7: run ${run.id} ended and no event says so`)
    // Ended by hand, by its timeout, or set aside: it says why, and need not follow its leaves.
    if (end === undefined || end.cause !== null) return
    const dag = tables.versions.get(run.versionId)!.serialized
    const states = new Map<string, TiState>()
    for (const ti of tables.tis.values()) if (ti.dagRunId === run.id) states.set(ti.taskId, ti.state)
    const want = leafOutcome(dag, states)
    if (run.state !== want) violation(`invariant 7: run ${run.id} ended ${run.state}, its leaves say ${want}`)
  }

  #countEvent({ kind, cause, actor }: EventRecord): void {
    const { count } = this.#o
    const plain = COUNTED_EVENTS[kind]
    if (plain !== undefined) count(plain)
    if (kind === 'ti.removed') count('tasks that went')
    if (kind === 'command.refused' && cause?.includes('later than allowed') === true) count('expired commands')
    if (kind === 'ti.skipped' && cause?.startsWith('not followed') === true) count('branches not followed')
    if (kind === 'run.failed' && cause?.includes('dagrunTimeout') === true) count('run timeouts')
    if (kind === 'run.failed' && actor === 'scheduler' && cause?.startsWith('cancelled by') === true)
      count('run cancels')
  }
}

const COUNTED_EVENTS: Readonly<Record<string, Counter | undefined>> = {
  'ti.stale_result': 'stale results',
  'ti.upstream_failed': 'upstream failures',
  'ti.skipped': 'skips',
  'ti.note': 'notes',
  'run.note': 'notes',
  'run.deleted': 'runs deleted',
  'run.not_created': 'runs not created',
  'run.version': 'runs moved to the newest version',
  'command.refused': 'refused commands',
  'pool.deleted': 'pools deleted',
  'pool.set': 'pools resized',
  'dag.deleted': 'Dags deleted',
  'variable.set': 'variables set',
  'variable.deleted': 'variables deleted',
  'dag.paused': 'pauses',
  'dag.unpaused': 'unpauses',
  'dag.activated': 'files back',
  'dag.deactivated': 'files gone',
  import_error: 'broken files',
  'scheduler.draining': 'drains',
}

/** To another version of their Dag. */
function movedRuns({ events }: TickWrites): Set<number | null> {
  return new Set(events.flatMap((event) => (event.kind === 'run.version' ? [event.dagRunId] : [])))
}

function idsOf(events: readonly EventRecord[], kind: string): (number | null)[] {
  return events
    .filter((event) => event.kind === kind || (kind === 'marked' && event.cause === kind))
    .map((event) => event.tiId)
}

function reachable(from: TiState, to: TiState): boolean {
  if (from === to) return true
  const direct = TI_TRANSITIONS[from]
  if (direct.includes(to)) return true
  // A try that was the last of its run may end and be undone in one tick.
  return direct.some((middle) => (middle !== 'success' || to === 'compensating') && TI_TRANSITIONS[middle].includes(to))
}
