/**
 * Nothing waits for a wake-up that never comes: every ready TI stands in a list whose limit refuses it now, every retry,
 * timeout and schedule has its timer, and a Dag that could start a run is about to be looked at.
 */
import { LEFT_OVER_MS } from '../../core/engine/decide.ts'
import { DRAINING, demandsOf } from '../../core/engine/limits.ts'
import { capacitiesOf } from '../../core/engine/look-ahead.ts'
import type { RunMemory, SchedulerMemory } from '../../core/engine/memory.ts'
import type { Timer } from '../../core/engine/timer-heap.ts'
import type { ReadyTi } from '../../core/engine/waiting.ts'
import { isUndoneNow } from '../../core/saga.ts'
import type { Comparison } from './comparison.ts'

export function checkWaiting(comparison: Comparison): string[] {
  const problems: string[] = []
  const timers = timersOf(comparison.actual)
  checkReady(comparison, timers, problems)
  checkHeads(comparison, problems)
  checkTimers(comparison, timers, problems)
  return problems
}

interface Timers {
  readonly dags: ReadonlyMap<string, readonly number[]>
  readonly retries: ReadonlyMap<string, readonly number[]>
  readonly timeouts: ReadonlyMap<number, readonly number[]>
}

function timersOf(memory: SchedulerMemory): Timers {
  const all = memory.timers.due(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY)
  const at = (timers: readonly Timer[]) => timers.map((timer) => timer.at)
  const group = <K>(key: (timer: Timer) => K | null) => {
    const groups = new Map<K, number[]>()
    for (const [name, timers] of Map.groupBy(all, key)) if (name !== null) groups.set(name, at(timers))
    return groups
  }
  return {
    dags: group((timer) => (timer.kind === 'dag' ? timer.dagId : null)),
    retries: group((timer) =>
      timer.kind === 'retry' ? retryName(timer.dagRunId, timer.index, timer.tryNumber) : null,
    ),
    timeouts: group((timer) => (timer.kind === 'run-timeout' ? timer.dagRunId : null)),
  }
}

const retryName = (dagRunId: number, index: number, tryNumber: number) => `${dagRunId}/${index}/${tryNumber}`

/** Every ready TI is offered to the limits or waits for one; every retry is ready or has its timer. */
function checkReady({ actual }: Comparison, timers: Timers, problems: string[]): void {
  const listed = new Set<string>()
  const list = (entry: ReadyTi) => {
    if (actual.runs.get(entry.dagRunId)?.graph.versionId !== entry.versionId) return
    listed.add(retryName(entry.dagRunId, entry.index, entry.tryNumber))
  }
  actual.candidates.forEach(list)
  for (const [, entry] of actual.waiting.all()) list(entry)
  for (const [id, run] of actual.runs) {
    run.tis.forEach((ti, index) => {
      const name = retryName(id, index, ti.tryNumber)
      if (run.ready[index] === 1) {
        if (!listed.has(name)) problems.push(`lost wake-up: TI ${ti.id} (${ti.taskId}) is ready and waits nowhere`)
      } else if (waitsForTime(run, index) && timers.retries.get(name)?.includes(ti.retryAt ?? Number.NaN) !== true) {
        problems.push(`lost timer: nothing wakes TI ${ti.id} (${ti.taskId}) for its retry`)
      }
    })
  }
}

/** For its retry, or to be undone again: its turn has come, and its time has not. */
function waitsForTime({ tis, saga }: RunMemory, index: number): boolean {
  const ti = tis[index]!
  if (ti.state === 'up_for_retry') return true
  if (ti.state !== 'compensating' || saga === null || saga.held || saga.below[index] !== 0) return false
  return !isUndoneNow(ti, saga.compensations.get(index))
}

/** The first of each list is refused by its limit as things are: otherwise nobody would ever look at it again. */
function checkHeads({ actual, stopping }: Comparison, problems: string[]): void {
  const capacities = capacitiesOf(actual, actual.executions.values())
  for (const key of actual.waiting.keys()) {
    if (actual.wake.has(key) || (key === DRAINING && stopping)) continue
    for (let offset = 0; ; offset++) {
      const entry = actual.waiting.peek(key, offset)
      if (entry === undefined) break
      const run = liveRun(actual, entry)
      if (run === undefined) continue
      const dag = actual.dags.get(run.record.dagId)
      const ti = run.tis[entry.index]!
      const demand = demandsOf(capacities, run, dag, ti, entry.index, actual.draining).find((one) => one.key === key)
      const used = actual.usage.get(key) ?? 0
      if (demand === undefined || used + demand.units <= demand.capacity) {
        const place = `${used} of ${demand?.capacity} used`
        problems.push(`lost wake-up: TI ${ti.id} waits for ${key}, which has room (${place})`)
      }
      break
    }
  }
}

function liveRun(memory: SchedulerMemory, entry: ReadyTi): RunMemory | undefined {
  const run = memory.runs.get(entry.dagRunId)
  if (run?.graph.versionId !== entry.versionId) return undefined
  return run.ready[entry.index] === 1 && run.tis[entry.index]?.tryNumber === entry.tryNumber ? run : undefined
}

function checkTimers({ actual, now, stopping, wentBack }: Comparison, timers: Timers, problems: string[]): void {
  for (const [id, { record, graph }] of actual.runs) {
    if (graph.dagrunTimeoutMs === null || record.startDate === null || record.state !== 'running') continue
    const at = record.startDate + graph.dagrunTimeoutMs
    if (timers.timeouts.get(id)?.includes(at) !== true)
      problems.push(`lost timer: nothing ends run ${id} by its timeout`)
  }
  for (const [dagId, dag] of actual.dags) {
    const { next, record, running, queued, graph } = dag
    const at = timers.dags.get(dagId) ?? []
    if (!wentBack && next !== null && next.runAfter > now && !at.includes(next.runAfter)) {
      problems.push(`lost timer: nothing starts the next run of ${dagId}`)
    }
    if (record.isPaused || stopping || wentBack || actual.draining) continue
    const hasRoom = running < graph.maxActiveRuns && queued.length > 0
    const isDue = next !== null && next.runAfter <= now && running + queued.length < graph.maxActiveRuns
    if ((hasRoom || isDue) && !at.some((time) => time <= now + LEFT_OVER_MS)) {
      problems.push(`lost wake-up: ${dagId} could start a run and nobody will look`)
    }
  }
}
