/**
 * What must hold after every commit, and at the end of a history. Numbers are those of the design's list of invariants.
 * Written against the tables only, apart from the code they watch.
 */

import type { TickWrites } from '../../core/ports/store.ts'
import type { ExecutionRecord, RunRecord, TiRecord } from '../../core/records.ts'
import type { SerializedDag } from '../../core/serialized-dag.ts'
import type { TiState } from '../../core/states.ts'
import { FINISHED_RUN_STATES, FINISHED_TI_STATES, TI_TRANSITIONS } from '../../core/states.ts'
import { evaluateTriggerRule } from '../../core/trigger-rules.ts'
import type { MemoryTables } from '../memory-tables.ts'
import { excludes } from './oracle.ts'
import { fateOf } from './random-dag.ts'

export type Violation = (message: string) => void

/** Called with the tables as they were before this commit's writes were put in: compares each row with its successor. */
export class TransitionWatch {
  readonly #tis = new Map<number, TiRecord>()

  after(writes: TickWrites, violation: Violation): void {
    for (const ti of writes.insertedTis) this.#tis.set(ti.id, ti)
    const cleared = new Set(writes.events.filter((event) => event.kind === 'ti.cleared').map((event) => event.tiId))
    for (const ti of writes.updatedTis) {
      const before = this.#tis.get(ti.id)
      if (before === undefined) {
        violation(`TI ${ti.id} changed before it was made`)
        continue
      }
      // Several changes of one tick are one write, so a legal path is enough: through `queued` or `up_for_retry`.
      // A clear leads back to `none` from anywhere, and on from there within the same tick.
      const from = cleared.has(ti.id) ? 'none' : before.state
      if (!reachable(from, ti.state)) violation(`TI ${ti.id} went from ${before.state} to ${ti.state}`)
      if (ti.tryNumber < before.tryNumber || ti.tryNumber > before.tryNumber + 1) {
        violation(`TI ${ti.id} went from try ${before.tryNumber} to ${ti.tryNumber}`)
      }
      this.#tis.set(ti.id, ti)
    }
  }
}

function reachable(from: TiState, to: TiState): boolean {
  if (from === to) return true
  const direct = TI_TRANSITIONS[from]
  if (direct.includes(to)) return true
  return direct.some((middle) => middle !== 'success' && TI_TRANSITIONS[middle].includes(to))
}

/**
 * Invariants 6 and 7 on the tables as they are. A cap may be lowered below what runs already, but nothing may start above
 * it: so only the limits that something started under in this very commit are looked at.
 */
export function checkTables(tables: MemoryTables, writes: TickWrites, slots: number, violation: Violation): void {
  const use = new Map<string, number>()
  for (const execution of tables.executions.values()) {
    for (const { key, units } of limitsOf(tables, execution)) use.set(key, (use.get(key) ?? 0) + units)
  }
  for (const execution of writes.insertedExecutions) {
    for (const { key, cap } of limitsOf(tables, execution, slots)) {
      if (use.get(key)! > cap) violation(`invariant 6: ${use.get(key)} units of ${key}, the cap is ${cap}`)
    }
  }
  const active = new Map<string, number>()
  for (const run of tables.runs.values()) {
    if (run.state === 'running') active.set(run.dagId, (active.get(run.dagId) ?? 0) + 1)
  }
  for (const run of [...writes.insertedRuns, ...writes.updatedRuns]) {
    if (run.state !== 'running') continue
    const cap = currentDag(tables, run.dagId).maxActiveRuns!
    const count = active.get(run.dagId)!
    if (count > cap) violation(`invariant 6: ${count} running runs of ${run.dagId}, the cap is ${cap}`)
  }
  checkEnds(tables, violation)
}

function currentDag(tables: MemoryTables, dagId: string): SerializedDag {
  return tables.versions.get(tables.dags.get(dagId)!.versionId)!.serialized
}

function limitsOf(tables: MemoryTables, execution: ExecutionRecord, slots = 0) {
  const ti = tables.tis.get(execution.tiId)!
  const run = tables.runs.get(execution.dagRunId)!
  const task = tables.versions.get(run.versionId)!.serialized.tasks.find((one) => one.taskId === ti.taskId)!
  const pool = tables.pools.get(task.pool ?? 'default_pool')!
  const units = task.poolSlots ?? 1
  const limits = [
    { key: 'slots', units: 1, cap: slots },
    { key: `run ${run.id}`, units: 1, cap: currentDag(tables, run.dagId).maxActiveTasks! },
    { key: `ti ${ti.id}`, units: 1, cap: 1 },
    // Who asks for more than the whole pool gets the whole pool; a pool of none gives none.
    {
      key: `pool ${pool.name}`,
      units,
      cap: pool.slots < 0 ? Infinity : pool.slots === 0 ? 0 : Math.max(pool.slots, units),
    },
  ]
  const cap = task.maxActiveTisPerDag
  if (cap !== undefined) limits.push({ key: `task ${run.dagId}/${task.taskId}`, units: 1, cap })
  return limits
}

/** With catchup every tick of the schedule has exactly one run, whatever happened to the programs and their clocks. */
export function checkSchedule(tables: MemoryTables, dag: SerializedDag, violation: Violation): void {
  const { schedule, startDate, endDate } = dag
  if (schedule.kind !== 'interval' || dag.catchup !== true || startDate === undefined || endDate === undefined) return
  const dates = [...tables.runs.values()].filter((run) => run.dagId === dag.dagId).map((run) => run.logicalDate)
  for (let tick = startDate; tick <= endDate; tick += schedule.everyMs) {
    const count = dates.filter((date) => date === tick).length
    if (count !== 1) violation(`the tick at ${tick} of ${dag.dagId} has ${count} runs`)
  }
}

function checkEnds(tables: MemoryTables, violation: Violation): void {
  const open = new Map<number, number>()
  for (const ti of tables.tis.values()) {
    if (!FINISHED_TI_STATES.has(ti.state)) open.set(ti.dagRunId, (open.get(ti.dagRunId) ?? 0) + 1)
  }
  for (const run of tables.runs.values()) {
    const unfinished = open.get(run.id) ?? 0
    if (FINISHED_RUN_STATES.has(run.state) && unfinished > 0)
      violation(`invariant 7: run ${run.id} ended with open TIs`)
    if (run.state === 'running' && unfinished === 0) violation(`invariant 7: run ${run.id} has ended and still runs`)
  }
}

/** The final state of every TI of an ended run against the oracle (invariants 4, 5, 7). */
export function checkOutcome(
  seed: number,
  tables: MemoryTables,
  run: RunRecord,
  dag: SerializedDag,
  violation: Violation,
): void {
  const tis = new Map([...tables.tis.values()].filter((ti) => ti.dagRunId === run.id).map((ti) => [ti.taskId, ti]))
  const expected = expectedStates(seed, run, dag)
  for (const task of dag.tasks) {
    const ti = tis.get(task.taskId)
    const want = expected.get(task.taskId)!
    if (ti?.state !== want) violation(`${dag.dagId}/${run.runId}/${task.taskId} ended ${ti?.state}, expected ${want}`)
  }
  const leaves = dag.tasks.filter((task) => !dag.tasks.some((other) => other.upstream.includes(task.taskId)))
  const failed = leaves.some((task) => ['failed', 'upstream_failed'].includes(expected.get(task.taskId)!))
  const want = failed ? 'failed' : 'success'
  if (run.state !== want) violation(`run ${run.runId} of ${dag.dagId} ended ${run.state}, expected ${want}`)
}

function expectedStates(seed: number, run: RunRecord, dag: SerializedDag): Map<string, TiState> {
  const states = new Map<string, TiState>()
  for (const task of dag.tasks) {
    const counts = { success: 0, failed: 0, skipped: 0, upstreamFailed: 0, removed: 0, total: task.upstream.length }
    for (const id of task.upstream) {
      const state = states.get(id)
      if (state === 'success') counts.success++
      else if (state === 'failed') counts.failed++
      else if (state === 'skipped') counts.skipped++
      else if (state === 'upstream_failed') counts.upstreamFailed++
    }
    const excluded = dag.tasks.some((decider) => {
      if (states.get(decider.taskId) !== 'success') return false
      return excludes(dag, decider, fateOf(seed, dag.dagId, run.runId, decider.taskId).followsThen).has(task.taskId)
    })
    const verdict = excluded ? 'skipped' : evaluateTriggerRule(task.triggerRule ?? 'all_success', counts)
    if (verdict === 'wait') throw new Error(`${task.triggerRule} waits although every upstream has ended`)
    if (verdict !== 'run') {
      states.set(task.taskId, verdict)
      continue
    }
    const fate = fateOf(seed, dag.dagId, run.runId, task.taskId)
    const retries = task.retries ?? 0
    if (fate.failures > retries) states.set(task.taskId, 'failed')
    else states.set(task.taskId, fate.then === 'fail-now' ? 'failed' : fate.then)
  }
  return states
}
