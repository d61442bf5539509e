/** What must be true when all trouble is over and everything had time to end (invariants 4, 5, 7 and 11). */
import type { CompensationRecord, RunRecord, TiRecord } from '../../core/records.ts'
import type { SerializedDag, TriggerRule } from '../../core/serialized-dag.ts'
import { FINISHED_TI_STATES } from '../../core/states.ts'
import type { MemoryTables } from '../memory-tables.ts'
import type { Violation } from './invariants.ts'
import { expectedStates, leafOutcome, type Observed } from './oracle.ts'
import { SIMULATED_DEFAULTS } from './simulated-defaults.ts'
import type { TryTruth } from './simulated-executor.ts'

export interface EndOfHistory {
  readonly seed: number
  readonly tables: MemoryTables
  readonly truth: ReadonlyMap<string, TryTruth>
  /** Runs whose TIs somebody ended by hand: the oracle knows nothing of them. */
  readonly touched: ReadonlySet<number>
  /** Runs of which a part was cleared that is not closed downwards: states are as ever, the order of tries is not. */
  readonly partlyCleared: ReadonlySet<number>
  readonly violation: Violation
}

export function checkEnd(end: EndOfHistory): void {
  const { tables, violation } = end
  const tisByRun = Map.groupBy(tables.tis.values(), (ti) => ti.dagRunId)
  for (const run of tables.runs.values()) {
    const dag = tables.versions.get(run.versionId)!.serialized
    const tis = new Map((tisByRun.get(run.id) ?? []).map((ti) => [ti.taskId, ti]))
    for (const ti of tis.values()) checkTries(end, ti, dag)
    if (dag.dagrunTimeoutMs !== undefined || dag.failFast === true || end.touched.has(run.id)) continue
    checkOutcome(end, run, dag, tis)
    if (!end.partlyCleared.has(run.id)) checkOrder(end, run, dag, tis)
  }
  for (const [key, row] of tables.tries) {
    if (!FINISHED_TI_STATES.has(row.state)) violation(`invariant 4: try ${key} stayed ${row.state}`)
  }
}

/** The state of every TI and of the run against the oracle. */
function checkOutcome(
  { seed, tables, violation }: EndOfHistory,
  run: RunRecord,
  dag: SerializedDag,
  tis: ReadonlyMap<string, TiRecord>,
): void {
  const rows = newestCompensations(tables)
  const observed = new Map([...tis].map(([taskId, ti]) => [taskId, observedOf(ti, rows.get(ti.id))]))
  const expected = expectedStates(seed, run, dag, SIMULATED_DEFAULTS.retries, observed)
  for (const [taskId, want] of expected) {
    const state = observed.get(taskId)?.state
    if (state !== want) {
      violation(`invariant 5: ${dag.dagId}/${run.runId}/${taskId} ended ${state}, expected ${want}`)
    }
  }
  const want = leafOutcome(dag, expected)
  if (run.state !== want)
    violation(`invariant 7: run ${run.runId} of ${dag.dagId} ended ${run.state}, expected ${want}`)
  for (const task of dag.tasks) {
    const ti = tis.get(task.taskId)
    if (ti?.state !== 'success' || task.kind === 'trigger' || task.doXcomPush === false) continue
    if (!tables.xcoms.has(`${ti.id}.${ti.tryNumber}.return_value`)) {
      violation(`invariant 4: the value of ${dag.dagId}/${run.runId}/${task.taskId} is gone`)
    }
  }
}

/** By TI. */
function newestCompensations(tables: MemoryTables): Map<number, CompensationRecord> {
  const newest = new Map<number, CompensationRecord>()
  for (const row of tables.sagas.compensations.values()) {
    if ((newest.get(row.tiId)?.forwardTry ?? 0) < row.forwardTry) newest.set(row.tiId, row)
  }
  return newest
}

function observedOf({ state }: TiRecord, row: CompensationRecord | undefined): Observed {
  const isUndone = state === 'compensated' || state === 'compensation_failed'
  return { state, forward: isUndone && row !== undefined ? row.forwardState : state }
}

function checkTries({ tables, truth, violation }: EndOfHistory, ti: TiRecord, dag: SerializedDag): void {
  for (let number = 1; number <= ti.tryNumber; number++) {
    const key = `${ti.id}.${number}`
    if (!tables.tries.has(key)) violation(`invariant 4: try ${key} of ${dag.dagId} left no row`)
  }
  const last = truth.get(`${ti.id}.${ti.tryNumber}`)
  if (last !== undefined && last.endedAt === null) violation(`invariant 1: TI ${ti.id} still runs`)
}

/** Rules under which a task runs before all of its upstreams have ended. */
const EAGER: ReadonlySet<TriggerRule> = new Set(['one_success', 'one_failed', 'one_done', 'always'])

/** A task's last try began after the last tries of its upstreams had ended, and a clear left nothing above it older. */
function checkOrder(
  { tables, truth, violation }: EndOfHistory,
  run: RunRecord,
  dag: SerializedDag,
  tis: ReadonlyMap<string, TiRecord>,
): void {
  const rows = newestCompensations(tables)
  const lastTry = (taskId: string) => {
    const ti = tis.get(taskId)
    if (ti === undefined || ti.tryNumber === 0) return undefined
    const row = rows.get(ti.id)
    return truth.get(`${ti.id}.${row?.lastTry === ti.tryNumber ? row.forwardTry : ti.tryNumber}`)
  }
  for (const task of dag.tasks) {
    const state = tis.get(task.taskId)?.state
    if (EAGER.has(task.triggerRule ?? 'all_success') || (state !== 'success' && state !== 'failed')) continue
    const began = lastTry(task.taskId)?.startedAt
    for (const id of task.upstream) {
      const ended = lastTry(id)?.endedAt ?? null
      if (began !== undefined && ended !== null && began < ended) {
        violation(`invariant 5: ${dag.dagId}/${run.runId}/${task.taskId} ran before the last try of ${id} had ended`)
      }
    }
  }
}
