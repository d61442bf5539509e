/** Makes a committed plan the present: the only code that changes memory. */
import { LEFT_OVER_MS, type Plan } from './decide.ts'
import { runKey } from './limits.ts'
import type { SchedulerMemory } from './memory.ts'
import type { Timer } from './timer-heap.ts'
import type { ReadyTi } from './waiting.ts'

const NONE: ReadonlySet<number> = new Set()

export function apply(memory: SchedulerMemory, plan: Plan): void {
  const { draft, waiting } = plan
  const abandoned = abandonedRuns(memory, plan)
  for (const [id, run] of draft.runs) {
    const { state } = run.record
    if (state === 'running' || state === 'compensating') memory.runs.set(id, run.committed())
    else if (memory.runs.delete(id)) memory.waiting.drop(runKey(id))
    if (state === 'queued' && run.size > 0) memory.parked.set(id, run.committed())
    else memory.parked.delete(id)
  }
  for (const id of [...plan.writes.deletedRuns, ...draft.rare.erasedRuns]) {
    if (memory.runs.delete(id)) memory.waiting.drop(runKey(id))
    memory.parked.delete(id)
  }
  for (const [versionId, graph] of draft.newGraphs) memory.graphs.set(versionId, graph)
  for (const [dagId, dag] of draft.dags) memory.dags.set(dagId, dag)
  for (const dagId of plan.writes.deletedDags) memory.dags.delete(dagId)
  for (const [name, pool] of draft.pools) memory.pools.set(name, pool)
  for (const name of plan.writes.deletedPools) memory.pools.delete(name)
  for (const [text, execution] of draft.startedExecutions) memory.executions.set(text, execution)
  for (const [text, execution] of draft.changedExecutions) memory.executions.set(text, execution)
  for (const text of draft.endedExecutions.keys()) memory.executions.delete(text)
  for (const [key, units] of draft.usage) {
    if (units === 0) memory.usage.delete(key)
    else memory.usage.set(key, units)
  }
  for (const [file, lacking] of draft.lackingPool) {
    if (lacking === null) memory.lackingPool.delete(file)
    else memory.lackingPool.set(file, lacking)
  }
  for (const error of plan.writes.importErrors) memory.importErrors.set(error.file, error)
  for (const file of plan.writes.clearedImportErrors) memory.importErrors.delete(file)
  memory.timers.remove(draft.firedTimers)
  for (const timer of draft.timers) memory.timers.push(timer)
  const lists = new Set([...waiting.taken.keys(), ...waiting.added.keys()])
  for (const key of lists) memory.waiting.change(key, waiting.taken.get(key) ?? 0, waiting.added.get(key) ?? [])
  if (abandoned.size + draft.movedRuns.size > 0) memory.waiting.forget(isOver(memory, abandoned, draft.movedRuns))
  if (memory.timers.isCrowded) memory.timers.keep(stillMeaningful(memory, plan.now))
  memory.candidates = waiting.candidates
  memory.wake = waiting.wake
  memory.pace = draft.pace
  if (draft.newDraining !== null) memory.draining = draft.newDraining
  memory.nextIds = draft.nextIds
  memory.unsettled = NONE
  if (draft.newGraphs.size > 0 || draft.endedRuns.size > 0) dropUnusedGraphs(memory, plan)
}

/** Runs that ended with TIs that were waiting for a limit. */
function abandonedRuns(memory: SchedulerMemory, { draft }: Plan): Set<number> {
  const abandoned = new Set<number>()
  for (const id of draft.endedRuns) if (memory.runs.get(id)?.ready.includes(1) === true) abandoned.add(id)
  return abandoned
}

/** Of runs that have ended, and of moved ones what is of their old version. */
function isOver(memory: SchedulerMemory, abandoned: ReadonlySet<number>, moved: ReadonlySet<number>) {
  return ({ dagRunId, versionId }: ReadyTi) =>
    abandoned.has(dagRunId) || (moved.has(dagRunId) && memory.runs.get(dagRunId)?.graph.versionId !== versionId)
}

/** Which timers can still do something when they are due; of the same one for a Dag, one. */
function stillMeaningful(memory: SchedulerMemory, now: number): (timer: Timer) => boolean {
  const seen = new Set<string>()
  return (timer) => {
    if (timer.kind === 'dag') {
      const text = `${timer.at} ${timer.dagId}`
      if (seen.has(text)) return false
      seen.add(text)
      // Those of now stand for work that a bounded (or draining) tick left over.
      return timer.at <= now + LEFT_OVER_MS || memory.dags.get(timer.dagId)?.next?.runAfter === timer.at
    }
    const run = memory.runs.get(timer.dagRunId)
    if (timer.kind === 'run-timeout') return run?.record.state === 'running'
    const ti = run?.tis[timer.index]
    return (ti?.state === 'up_for_retry' || ti?.state === 'compensating') && ti.tryNumber === timer.tryNumber
  }
}

/** Forgets graphs that are neither current nor used by an unfinished run. */
function dropUnusedGraphs(memory: SchedulerMemory, plan: Plan): void {
  if (memory.graphs.size <= memory.dags.size && plan.draft.newGraphs.size === 0) return
  const used = new Set<number>()
  for (const dag of memory.dags.values()) {
    used.add(dag.record.versionId)
    for (const run of dag.queued) used.add(run.versionId)
  }
  for (const run of memory.runs.values()) used.add(run.record.versionId)
  for (const versionId of memory.graphs.keys()) if (!used.has(versionId)) memory.graphs.delete(versionId)
}
