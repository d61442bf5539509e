/**
 * What must hold after every commit. Numbers are those of the design's list of invariants; the list below says where each
 * is looked at. Written against the tables only, apart from the code they watch.
 *
 * 1. one live execution: `simulated-executor.ts` (at dispatch), `watch-writes.ts` (a success was a success of that try)
 * 2. fenced writes: `world.ts` (the epoch of every commit that took effect)
 * 3. unique runs: here (`checkUnique`), `check-schedule.ts` at the end, `simulated-triggers.ts` (one run for a task)
 * 4. nothing lost: `watch-writes.ts` (a success stays), `check-end.ts` (all has ended, each loss with its cause, each
 *    value kept), `world.ts` (what is dispatched was committed; losses within their limit)
 * 5. retries change nothing: `watch-writes.ts` (TIs of a run), `check-end.ts` (the oracle, and the order of tries)
 * 6. caps: here (`checkCaps`); leaks: `compare-memory.ts`
 * 7. ends of runs: here (`checkEnds`), `watch-writes.ts` (state from the leaves)
 * 8. who waits holds nothing: here (`checkIdle`)
 * 9. compensation: `watch-undo.ts` (order, once, ends, sagas), `check-end.ts` (the oracle)
 * 10. clock jumps and DST: `check-schedule.ts`
 * 11. poison: `check-end.ts` (all else has ended as it should), and that every command is answered
 */
import { tryKeyText } from '../../core/ids.ts'
import type { TickWrites } from '../../core/ports/store.ts'
import type { ExecutionRecord, TiRecord } from '../../core/records.ts'
import type { SerializedDag } from '../../core/serialized-dag.ts'
import { FINISHED_RUN_STATES, FINISHED_TI_STATES } from '../../core/states.ts'
import type { MemoryTables } from '../memory-tables.ts'
import { SIMULATED_DEFAULTS } from './simulated-defaults.ts'
import { MOST_AHEAD } from './simulated-executor.ts'

/** Slots, what may wait on the host for one, and higher priorities that pass it (exactly: `simulated-executor.ts`). */
const MOST_EXECUTIONS = 2 * SIMULATED_DEFAULTS.parallelism + MOST_AHEAD

export type Violation = (message: string) => void

export function checkTables(tables: MemoryTables, writes: TickWrites, violation: Violation): void {
  checkCaps(tables, writes, violation)
  if (writes.insertedRuns.length > 0) checkUnique(tables, violation)
  checkEnds(tables, violation)
  checkIdle(tables, violation)
}

/**
 * A cap may be lowered below what runs already, but nothing may start above it: so only the limits that something started
 * under in this very commit are looked at.
 */
function checkCaps(tables: MemoryTables, writes: TickWrites, violation: Violation): void {
  if (writes.insertedExecutions.length > 0) {
    const use = new Map<string, number>()
    const started = new Set(writes.insertedExecutions.map(tryKeyText))
    for (const [text, execution] of tables.executions) {
      // Its run may have moved to another version since: what it holds is what it was given.
      const held = started.has(text) ? limitsOf(tables, execution) : unitsOf(execution)
      for (const { key, units } of held) use.set(key, (use.get(key) ?? 0) + units)
    }
    const caps = new Map<string, number>()
    for (const execution of writes.insertedExecutions) {
      // Two versions of a task may have two caps: whoever starts last goes by the higher one.
      for (const { key, cap } of limitsOf(tables, execution)) caps.set(key, Math.max(cap, caps.get(key) ?? 0))
      const ti = tables.tis.get(execution.tiId)!
      if (ti.tryNumber !== execution.tryNumber || (ti.state !== 'queued' && ti.state !== 'compensating')) {
        violation(`invariant 1: try ${execution.tryNumber} of TI ${ti.id} starts while the TI is ${ti.state}`)
      }
    }
    for (const [key, cap] of caps) {
      if (use.get(key)! > cap) violation(`invariant 6: ${use.get(key)} units of ${key}, the cap is ${cap}`)
    }
  }
  const active = new Map<string, number>()
  for (const run of tables.runs.values()) {
    if (run.state === 'running' || run.state === 'compensating') active.set(run.dagId, (active.get(run.dagId) ?? 0) + 1)
  }
  // From the queue, not from running to being undone.
  const started = new Set(
    writes.events.flatMap(({ kind, cause, dagRunId }) =>
      kind === 'run.running' || (kind === 'run.compensating' && cause === null) ? [dagRunId] : [],
    ),
  )
  for (const run of [...writes.insertedRuns, ...writes.updatedRuns]) {
    if (FINISHED_RUN_STATES.has(run.state) || !started.has(run.id)) continue
    const cap = currentDag(tables, run.dagId).maxActiveRuns ?? SIMULATED_DEFAULTS.maxActiveRuns
    const count = active.get(run.dagId)!
    if (count > cap) violation(`invariant 6: ${count} running runs of ${run.dagId}, the cap is ${cap}`)
  }
}

function currentDag(tables: MemoryTables, dagId: string): SerializedDag {
  return tables.versions.get(tables.dags.get(dagId)!.versionId)!.serialized
}

function unitsOf({ units }: ExecutionRecord) {
  const held = JSON.parse(units) as [string, number][]
  return held.map(([limit, count]) => ({ key: limit.replace(':', ' '), units: count }))
}

function limitsOf(tables: MemoryTables, execution: ExecutionRecord) {
  const ti = tables.tis.get(execution.tiId)
  const run = tables.runs.get(execution.dagRunId)
  // Its run was deleted while its process was dying: it counts by what it holds.
  if (ti === undefined || run === undefined) return [{ key: 'slots', units: 1, cap: MOST_EXECUTIONS }]
  const task = tables.versions.get(run.versionId)!.serialized.tasks.find((one) => one.taskId === ti.taskId)
  // Its run was moved to a version without the task; so does it.
  if (task === undefined) return [{ key: 'slots', units: 1, cap: MOST_EXECUTIONS }]
  const poolName = task.pool ?? SIMULATED_DEFAULTS.pool
  const slots = tables.pools.get(poolName)?.slots ?? 0
  const units = task.poolSlots ?? 1
  const limits = [
    { key: 'slots', units: 1, cap: MOST_EXECUTIONS },
    {
      key: `run ${run.id}`,
      units: 1,
      cap: withAhead(currentDag(tables, run.dagId).maxActiveTasks ?? SIMULATED_DEFAULTS.maxActiveTasks),
    },
    { key: `ti ${ti.id}`, units: 1, cap: 1 },
    // Who asks for more than the whole pool gets the whole pool; a pool of none gives none.
    {
      key: `pool ${poolName}`,
      units,
      cap: slots < 0 ? Infinity : slots === 0 ? 0 : Math.max(slots, units),
    },
  ]
  const cap = task.maxActiveTisPerDag
  if (cap !== undefined) limits.push({ key: `task ${run.dagId}/${task.taskId}`, units: 1, cap: withAhead(cap) })
  return limits
}

/** What waits on a host does not run: where the host's slots keep a cap by themselves, more may wait there. */
function withAhead(cap: number): number {
  return cap >= SIMULATED_DEFAULTS.parallelism ? cap + MOST_AHEAD : cap
}

function checkUnique(tables: MemoryTables, violation: Violation): void {
  const seen = new Map<string, number>()
  for (const run of tables.runs.values()) {
    for (const key of [`id ${run.runId}`, `date ${run.logicalDate}`]) {
      const text = `${run.dagId} ${key}`
      const other = seen.get(text)
      if (other !== undefined && run.logicalDate !== null) {
        violation(`invariant 3: runs ${other} and ${run.id} of ${text}`)
      }
      seen.set(text, run.id)
    }
  }
}

function checkEnds(tables: MemoryTables, violation: Violation): void {
  const open = new Map<number, number>()
  for (const ti of tables.tis.values()) {
    if (!FINISHED_TI_STATES.has(ti.state)) open.set(ti.dagRunId, (open.get(ti.dagRunId) ?? 0) + 1)
  }
  for (const run of tables.runs.values()) {
    const unfinished = open.get(run.id) ?? 0
    if (FINISHED_RUN_STATES.has(run.state) && unfinished > 0) {
      violation(`invariant 7: run ${run.id} ended with open TIs`)
    }
    if (run.state !== 'running' || unfinished > 0) continue
    // One that is to be undone waits for whatever of it still works.
    const isWaiting = [...tables.executions.values()].some((execution) => execution.dagRunId === run.id)
    const { tasks } = tables.versions.get(run.versionId)!.serialized
    if (!isWaiting || tasks.every((task) => task.compensate === undefined))
      violation(`invariant 7: run ${run.id} has ended and still runs`)
  }
}

/** A TI between two tries, or before its first, has no execution of its current try. */
function checkIdle(tables: MemoryTables, violation: Violation): void {
  for (const { tiId, tryNumber } of tables.executions.values()) {
    const ti = tables.tis.get(tiId)
    const waits = ti?.state === 'up_for_retry' || (ti?.state === 'compensating' && ti.retryAt !== null)
    if (waits && ti.tryNumber === tryNumber) {
      violation(`invariant 8: TI ${tiId} waits for its retry and holds an execution`)
    }
  }
  for (const ti of tables.tis.values()) {
    if (ti.state !== 'queued' && ti.state !== 'running' && !isBeingUndone(tables, ti)) continue
    if (!tables.executions.has(`${ti.id}.${ti.tryNumber}`)) {
      violation(`invariant 4: TI ${ti.id} is ${ti.state} and nothing executes it`)
    }
  }
}

/** By a try that was queued. */
function isBeingUndone(tables: MemoryTables, ti: TiRecord): boolean {
  if (ti.state !== 'compensating' || ti.retryAt !== null) return false
  const rows = [...tables.sagas.compensations.values()]
  return rows.some((row) => row.tiId === ti.id && row.state === 'compensating' && row.lastTry === ti.tryNumber)
}
