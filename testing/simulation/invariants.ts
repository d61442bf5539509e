/**
 * What must hold after every commit, and at the end of a history. Numbers are those of the design's list of invariants.
 * Written against the tables only, apart from the code they watch.
 */

import type { TickWrites } from '../../core/ports/store.ts'
import type { RunRecord, TiRecord } from '../../core/records.ts'
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

export interface Caps {
  readonly slots: number
  readonly dags: ReadonlyMap<string, SerializedDag>
}

/** Invariants 6 and 7 on the tables as they are. */
export function checkTables(tables: MemoryTables, caps: Caps, violation: Violation): void {
  const use = new Map<string, number>()
  const add = (key: string, units: number) => use.set(key, (use.get(key) ?? 0) + units)
  for (const execution of tables.executions.values()) {
    const ti = tables.tis.get(execution.tiId)!
    const run = tables.runs.get(execution.dagRunId)!
    const task = caps.dags.get(run.dagId)!.tasks.find((one) => one.taskId === ti.taskId)!
    add('slots', 1)
    add(`run ${run.id}`, 1)
    add(`ti ${ti.id}`, 1)
    if (task.maxActiveTisPerDag !== undefined) add(`task ${run.dagId}/${task.taskId}`, 1)
    add(`pool ${task.pool ?? 'default_pool'}`, task.poolSlots ?? 1)
  }
  for (const [key, units] of use) {
    const [kind, name = ''] = key.split(' ')
    let cap = 1
    if (kind === 'slots') cap = caps.slots
    else if (kind === 'run') cap = caps.dags.get(tables.runs.get(Number(name))!.dagId)!.maxActiveTasks!
    else if (kind === 'pool') cap = tables.pools.get(name)!.slots
    if (units > cap) violation(`invariant 6: ${units} units of ${key}, the cap is ${cap}`)
  }
  const active = new Map<string, number>()
  for (const run of tables.runs.values()) {
    if (run.state === 'running') active.set(run.dagId, (active.get(run.dagId) ?? 0) + 1)
  }
  for (const [dagId, count] of active) {
    const cap = caps.dags.get(dagId)!.maxActiveRuns!
    if (count > cap) violation(`invariant 6: ${count} running runs of ${dagId}, the cap is ${cap}`)
  }
  checkEnds(tables, violation)
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
