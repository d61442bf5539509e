/**
 * Which ready TIs get a try now: all limits at once, in strict order of priority, where candidates are chosen and never
 * after a cut (invariant 6). A refused TI waits in the list of the limit that refused it.
 */

import { idempotencyKey } from '../idempotency-key.ts'
import type { TryKey } from '../ids.ts'
import type { Json } from '../json.ts'
import type { CompensationOrder, Dispatch } from '../ports/executor.ts'
import type { CompensationRecord, TiRecord } from '../records.ts'
import { forwardTryOf } from '../saga.ts'
import type { InputBinding } from '../serialized-dag.ts'
import { endUndo, freshCounters, noteUndoTry } from './compensation.ts'
import type { Draft } from './draft.ts'
import { type Demand, demandsOf, isCap, SLOTS } from './limits.ts'
import { type Capacities, capacitiesOf } from './look-ahead.ts'
import type { ExecutionMemory } from './memory.ts'
import type { RunDraft } from './run-draft.ts'
import { abandonRun, byStrategy, endFinishedRuns } from './run-ends.ts'
import { compareReady, type ReadyTi } from './waiting.ts'

/** Most tries queued in one tick; the rest waits for the next. */
const DISPATCH_BUDGET = 1000
/** Most ready TIs looked at in one tick, whether queued or refused. */
const LOOK_BUDGET = 20_000

/** What the dispatch did to the waiting lists, for `apply`. */
export interface WaitingChanges {
  readonly taken: ReadonlyMap<string, number>
  readonly added: ReadonlyMap<string, ReadyTi[]>
  /** Not looked at: the tick was full. */
  readonly candidates: readonly ReadyTi[]
  readonly wake: ReadonlySet<string>
  /** The tick was full: the next one goes on at once. */
  readonly goesOn: boolean
}

/** A sorted stream of ready TIs: the new ones (`key` null) or the waiting list of one limit. */
interface Source {
  readonly key: string | null
  readonly peek: () => ReadyTi | undefined
  readonly take: () => void
}

export function dispatchReady(draft: Draft): WaitingChanges {
  const { memory } = draft
  const capacities = capacitiesNow(draft)
  const taken = new Map<string, number>()
  const added = new Map<string, ReadyTi[]>()
  const newlyReady = draft.newlyReady()
  const fresh = newlyReady.length === 0 ? memory.candidates : [...memory.candidates, ...newlyReady].sort(compareReady)
  let freshHead = 0

  const sources = new Set<Source>()
  sources.add({ key: null, peek: () => fresh[freshHead], take: () => freshHead++ })
  for (const key of new Set([...draft.freed, ...memory.wake])) {
    // Thousands of limits are freed in a large tick; few of them have anybody waiting.
    if (memory.waiting.peek(key, 0) === undefined) continue
    sources.add({
      key,
      peek: () => memory.waiting.peek(key, taken.get(key) ?? 0),
      take: () => taken.set(key, (taken.get(key) ?? 0) + 1),
    })
  }

  let isSetAside = false
  let budget = DISPATCH_BUDGET
  let looks = LOOK_BUDGET
  while (budget > 0 && looks-- > 0) {
    const source = firstOf(sources)
    if (source === null) break
    const entry = source.peek()!
    const run = liveRun(draft, entry)
    if (run === null) {
      source.take()
      continue
    }
    if (isFull(draft, capacities, entry.priority)) {
      // Everybody needs a slot, and who comes later has no better claim to one: nobody else is looked at, and none moves
      // from the limit that was freed to the slots and back.
      if (freshHead < fresh.length) added.set(SLOTS, fresh.slice(freshHead))
      freshHead = fresh.length
      break
    }
    const demands = demandsOf(
      capacities,
      run,
      draft.dag(run.record.dagId),
      run.ti(entry.index)!,
      entry.index,
      draft.draining,
    )
    const refusal = refusedBy(draft, demands, entry, source.key, { taken, added })
    if (refusal === null) {
      source.take()
      if (queueTry(draft, run, entry.index, demands)) budget--
      else isSetAside = true
    } else if (refusal === source.key) {
      sources.delete(source) // its head still does not fit: nobody behind it may pass
    } else {
      source.take()
      const list = added.get(refusal)
      if (list === undefined) added.set(refusal, [entry])
      else list.push(entry)
    }
  }
  // Freed, and not given to anybody yet.
  const wake = new Set<string>()
  for (const { key, peek } of sources) if (key !== null && peek() !== undefined) wake.add(key)
  const candidates = fresh.slice(freshHead)
  if (isSetAside) {
    // What those runs did may have to be undone: that is offered to the limits in the next tick.
    endFinishedRuns(draft)
    candidates.push(...draft.newlyReady())
    candidates.sort(compareReady)
    budget = 0
  }
  const goesOn = (budget === 0 || looks < 0) && (wake.size > 0 || candidates.length > 0)
  return { taken, added, candidates, wake, goesOn }
}

/** No slot for a TI of this priority. */
function isFull(draft: Draft, { slots, ahead }: Capacities, priority: number): boolean {
  return draft.usageOf(SLOTS) >= slots + ahead && !isNextOnHost(draft, priority)
}

function firstOf(sources: ReadonlySet<Source>): Source | null {
  let best: Source | null = null
  let bestEntry: ReadyTi | undefined
  for (const source of sources) {
    const entry = source.peek()
    if (entry !== undefined && (bestEntry === undefined || compareReady(entry, bestEntry) < 0)) {
      best = source
      bestEntry = entry
    }
  }
  return best
}

/** Slots and pools as this tick sees them. Where caps have more to give than before, whoever waits for one is looked at. */
function capacitiesNow(draft: Draft): Capacities {
  const { memory } = draft
  const pools =
    draft.pools.size + draft.deletedPools.size > 0
      ? new Map([...memory.pools, ...draft.pools].filter(([name]) => draft.pool(name) !== undefined))
      : memory.pools
  const { slots, mostAhead, host } = memory
  const now = capacitiesOf({ slots, mostAhead, host, pools, pace: draft.pace }, liveExecutions(draft))
  if (now.aheadOfCaps > capacitiesOf(memory, memory.executions.values()).aheadOfCaps) {
    for (const key of memory.waiting.keys()) if (isCap(key)) draft.freed.add(key)
  }
  return now
}

function* liveExecutions(draft: Draft): IterableIterator<ExecutionMemory> {
  for (const [key, execution] of draft.memory.executions) if (!draft.endedExecutions.has(key)) yield execution
}

/** The run of an entry that still means something, else `null`. */
function liveRun(draft: Draft, entry: ReadyTi): RunDraft | null {
  if (draft.endedRuns.has(entry.dagRunId)) return null
  const run = draft.run(entry.dagRunId)
  if (run === undefined || (run.record.state !== 'running' && run.record.state !== 'compensating')) return null
  if (run.graph.versionId !== entry.versionId) return null
  const ti = run.ti(entry.index)!
  return run.isReady(entry.index) && ti.tryNumber === entry.tryNumber ? run : null
}

function refusedBy(
  draft: Draft,
  demands: readonly Demand[],
  entry: ReadyTi,
  from: string | null,
  lists: Pick<WaitingChanges, 'taken' | 'added'>,
): string | null {
  for (const demand of demands) {
    // Asked before all others (`isFull`).
    if (demand.key === SLOTS) continue
    if (draft.usageOf(demand.key) + demand.units > demand.capacity) return demand.key
    if (demand.strict && demand.key !== from) {
      // Whoever this tick has refused here came before us: candidates are taken in order.
      if (lists.added.has(demand.key)) return demand.key
      const head = draft.memory.waiting.peek(demand.key, lists.taken.get(demand.key) ?? 0)
      if (head !== undefined && compareReady(head, entry) < 0 && liveRun(draft, head) !== null) return demand.key
    }
  }
  return null
}

/**
 * What waits on the host may be slower than the tries before it were, and keep its place for long. Whom the host takes before
 * all of it need not wait until it is gone: a TI of this priority passes although more is queued than slots.
 */
function isNextOnHost(draft: Draft, priority: number): boolean {
  const { memory } = draft
  if (memory.mostAhead === 0 || draft.usageOf(SLOTS) <= memory.slots) return false
  let before = 0
  for (const executions of [memory.executions, draft.startedExecutions]) {
    for (const [key, execution] of executions) {
      if (draft.endedExecutions.has(key)) continue
      const { record, index } = draft.changedExecutions.get(key) ?? execution
      const run = draft.runs.get(record.dagRunId) ?? memory.runs.get(record.dagRunId)
      const other = run?.graph.tasks[index]?.priority
      // Of another host, or of a run that is over: it may be running.
      if (record.host !== memory.host || other === undefined || other >= priority) before++
      if (before >= memory.slots) return false
    }
  }
  return true
}

/** @returns false for one that cannot be dispatched: its run is set aside, all else goes on (invariant 11). */
function queueTry(draft: Draft, run: RunDraft, index: number, demands: readonly Demand[]): boolean {
  const before = run.ti(index)!
  const isUndo = before.state === 'compensating'
  const isFirstUndo = isUndo && run.compensation(index)!.firstTry === null
  const ti: TiRecord = {
    ...before,
    ...(isFirstUndo ? freshCounters(run, index, before) : {}),
    state: isUndo ? 'compensating' : 'queued',
    tryNumber: before.tryNumber + 1,
    retryAt: null,
    startDate: null,
    endDate: null,
  }
  let dispatch: Dispatch
  try {
    dispatch = dispatchOf(draft, run, index, ti)
  } catch (error) {
    const why = `task "${ti.taskId}" cannot be dispatched: ${error instanceof Error ? error.message : String(error)}`
    if (isUndo)
      endUndo(draft, run, index, { ...before, retryAt: null, endDate: draft.now, state: 'compensation_failed' }, why)
    else abandonRun(draft, run, 'scheduler', why, byStrategy(run))
    return false
  }
  if (isUndo) noteUndoTry(draft, run, index, ti.tryNumber)
  run.update(index, ti)
  const { host, epoch } = draft.memory
  const units = demands.filter((demand) => demand.units > 0).map((demand) => [demand.key, demand.units] as const)
  const tryRecord = {
    tiId: ti.id,
    tryNumber: ti.tryNumber,
    dagRunId: run.record.id,
    queuedAt: draft.now,
    startDate: null,
    endDate: null,
    state: 'queued' as const,
    host,
    pid: null,
    cause: null,
  }
  draft.writeTry(tryRecord, true)
  draft.startExecution({
    record: {
      tiId: ti.id,
      tryNumber: ti.tryNumber,
      dagRunId: run.record.id,
      host,
      epoch,
      units: JSON.stringify(units),
    },
    tryRecord,
    index,
    units,
  })
  draft.tiEvent(run, ti, 'scheduler', null, isUndo ? 'ti.compensation_queued' : 'ti.queued')
  draft.dispatches.push(dispatch)
  return true
}

function dispatchOf(draft: Draft, run: RunDraft, index: number, ti: TiRecord): Dispatch {
  const { record, graph } = run
  const task = graph.tasks[index]!
  const { serialized } = task
  const named = { dagId: record.dagId, runId: record.runId }
  const override = run.overrides?.get(ti.id)
  const undo = ti.state === 'compensating' ? run.compensation(index)! : null
  return {
    key: { tiId: ti.id, tryNumber: ti.tryNumber },
    epoch: draft.memory.epoch,
    ...named,
    dagRunId: record.id,
    taskId: task.taskId,
    mapIndex: ti.mapIndex,
    ...(undo === null ? { kind: serialized.kind } : { kind: 'compensation' as const, compensation: orderOf(ti, undo) }),
    bundleHash: graph.bundleHash,
    inputs: serialized.inputs,
    ...(override?.inputs == null ? {} : { inputOverrides: override.inputs }),
    upstreamTries: upstreamTries(run, index),
    ...(serialized.branches === undefined ? {} : { branches: serialized.branches }),
    ...(serialized.trigger === undefined ? {} : { trigger: serialized.trigger }),
    context: {
      runType: record.runType,
      logicalDate: record.logicalDate,
      dataIntervalStart: record.dataIntervalStart,
      dataIntervalEnd: record.dataIntervalEnd,
      runAfter: record.runAfter,
      timezone: graph.serialized.timezone,
      params: JSON.parse(record.conf) as Json,
      maxTries: ti.maxTries,
      idempotencyKey: idempotencyKey(
        { ...ti, ...named, life: override?.life ?? 0 },
        undo === null ? 'task' : 'compensation',
      ),
      correlationId: record.correlationId,
    },
    timeoutMs: undo === null ? task.timeoutMs : (task.compensate?.timeoutMs ?? null),
    memoryLimitMb: task.memoryLimitMb,
    isolation: serialized.isolation ?? draft.memory.defaults.isolation ?? 'warm',
    doXcomPush: serialized.doXcomPush ?? true,
    priority: task.priority,
  }
}

function orderOf(ti: TiRecord, { forwardTry, failedTask, error }: CompensationRecord): CompensationOrder {
  return {
    forwardTry: { tiId: ti.id, tryNumber: forwardTry },
    error: failedTask === null ? null : { taskId: failedTask, message: error ?? '' },
  }
}

/** Of every upstream whose value an argument needs the last try that was not a compensation. */
function upstreamTries(run: RunDraft, index: number): Record<string, TryKey> {
  const { serialized } = run.graph.tasks[index]!
  const ids = new Set<string>()
  for (const binding of Object.values(serialized.inputs)) collectXComs(binding, ids)
  if (serialized.trigger?.conf !== undefined) collectXComs(serialized.trigger.conf, ids)
  const tries: Record<string, TryKey> = {}
  for (const id of ids) {
    const at = run.graph.indexOf.get(id) ?? -1
    const upstream = run.ti(at)
    if (upstream === undefined)
      throw new Error(`an argument is the result of task "${id}", which the Dag does not have`)
    tries[id] = { tiId: upstream.id, tryNumber: forwardTryOf(upstream, run.compensation(at)) }
  }
  return tries
}

function collectXComs(binding: InputBinding, ids: Set<string>): void {
  if (binding.kind === 'xcom') ids.add(binding.taskId)
  else if (binding.kind === 'list') for (const item of binding.items) collectXComs(item, ids)
  else if (binding.kind === 'object') for (const field of Object.values(binding.fields)) collectXComs(field, ids)
}
