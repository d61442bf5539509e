/**
 * Follows what the scheduler commits: keeps the record that the panel draws, and tells people in lines what they would
 * want to know at once (a Dag is live, an import error, a failure). A flood of failures is cut to a few lines a second;
 * the count of the rest is told.
 */
import type { SchedulerMemory } from '../../core/engine/memory.ts'
import type { TickWrites } from '../../core/ports/store.ts'
import type { EventRecord, ImportErrorRecord } from '../../core/records.ts'
import { FINISHED_TI_STATES, type RunState, type TiState } from '../../core/states.ts'
import type { Activity, ActivityError } from './activity.ts'
import { safeText } from './safe-text.ts'

export interface CommitWatcher {
  /** After each commit. */
  onCommit(writes: TickWrites): void
  /** States of unfinished runs and TIs are those of `memory`; finished ones are counted since the start. */
  read(memory: SchedulerMemory | null): Activity
}

const KEPT_ERRORS = 5
const FAILURE_LINES_PER_SECOND = 10
const FINISHED_RUN_EVENT = /^run\.(success|failed)$/

export function createCommitWatcher(log: (line: string) => void, now: () => number): CommitWatcher {
  const endedRuns: Partial<Record<RunState, number>> = {}
  const endedTis: Partial<Record<TiState, number>> = {}
  const errors: ActivityError[] = []
  let ended = 0
  let rateFrom = now()
  let rate = 0
  let second = 0
  let linesInSecond = 0
  let unsaid = 0

  const failure = (text: string) => {
    errors.push({ at: now(), text })
    if (errors.length > KEPT_ERRORS) errors.shift()
    const current = Math.floor(now() / 1_000)
    if (current !== second) {
      if (unsaid > 0) log(`... and ${unsaid} more failures`)
      second = current
      linesInSecond = 0
      unsaid = 0
    }
    if (linesInSecond++ < FAILURE_LINES_PER_SECOND) log(text)
    else unsaid++
  }

  const take = (event: EventRecord, writes: TickWrites) => {
    const dagId = event.dagId ?? '?'
    const because = event.cause === null ? '' : `: ${safeText(event.cause)}`
    if (event.kind === 'dag.added' || event.kind === 'dag.activated') log(`Dag ${dagId} is live${because}`)
    else if (event.kind === 'dag.changed') log(`Dag ${dagId} has changed${because}`)
    else if (event.kind === 'dag.deactivated') log(`Dag ${dagId} is inactive${because}`)
    else if (event.kind.startsWith('ti.')) {
      const state = event.kind.slice(3) as TiState
      if (!FINISHED_TI_STATES.has(state)) return
      ended++
      endedTis[state] = (endedTis[state] ?? 0) + 1
      if (state === 'failed') failure(`Task ${dagId}.${taskOf(event, writes)} failed${because}`)
    } else if (FINISHED_RUN_EVENT.test(event.kind)) {
      const state = event.kind.slice(4) as RunState
      endedRuns[state] = (endedRuns[state] ?? 0) + 1
      if (state === 'failed') failure(`Run ${dagId} ${runOf(event, writes)} failed${because}`)
    }
  }

  return {
    onCommit: (writes) => {
      for (const event of writes.events) take(event, writes)
      for (const error of writes.importErrors) failure(importErrorText(error))
    },
    read: (memory) => {
      const passed = now() - rateFrom
      if (passed >= 1_000) {
        rate = (ended * 1_000) / passed
        ended = 0
        rateFrom = now()
      }
      const draining = memory?.draining ?? false
      return { ...readMemory(memory, endedRuns, endedTis), endedPerSecond: rate, draining, errors: [...errors] }
    },
  }
}

function readMemory(
  memory: SchedulerMemory | null,
  endedRuns: Partial<Record<RunState, number>>,
  endedTis: Partial<Record<TiState, number>>,
): Pick<Activity, 'dags' | 'runs' | 'tis'> {
  const dags = { active: 0, paused: 0, broken: memory?.importErrors.size ?? 0 }
  const runs: Partial<Record<RunState, number>> = { ...endedRuns }
  const tis: Partial<Record<TiState, number>> = { ...endedTis }
  for (const { record, queued } of memory?.dags.values() ?? []) {
    if (record.isActive) dags[record.isPaused ? 'paused' : 'active']++
    if (queued.length > 0) runs.queued = (runs.queued ?? 0) + queued.length
  }
  for (const run of memory?.runs.values() ?? []) {
    runs.running = (runs.running ?? 0) + 1
    for (const ti of run.tis) if (!FINISHED_TI_STATES.has(ti.state)) tis[ti.state] = (tis[ti.state] ?? 0) + 1
  }
  return { dags, runs, tis }
}

/** `sales.ts:12: unknown zone "Europe/Berln". Did you mean ...` */
function importErrorText(error: ImportErrorRecord): string {
  const [first, ...rest] = error.problems
  if (first === undefined) return `${error.file} has a problem`
  const place = first.line === undefined ? first.file : `${first.file}:${first.line}`
  const more = rest.length === 0 ? '' : ` (and ${rest.length} more: tradewind dags errors)`
  return safeText(`${place}: ${first.message}; ${first.remedy}${more}`)
}

function taskOf(event: EventRecord, writes: TickWrites): string {
  const ti = [...writes.updatedTis, ...writes.insertedTis].find((record) => record.id === event.tiId)
  return ti?.taskId ?? `TI ${event.tiId}`
}

function runOf(event: EventRecord, writes: TickWrites): string {
  const run = [...writes.updatedRuns, ...writes.insertedRuns].find((record) => record.id === event.dagRunId)
  return run?.runId ?? `${event.dagRunId}`
}
