/**
 * What follows from an event's words alone: how each row it is about looks after it. The engine writes into `data` only what
 * differs from this, and the replay adds it again, so both take every step through these functions and cannot disagree.
 * A change of a step is a change of the meaning of stored events: old ones are read by it too.
 */
import type { DagRecord, EventRecord, RunRecord, TiRecord, TryRecord } from '../records.ts'
import { FINISHED_TI_STATES, RUN_STATES, TI_STATES, type TiState } from '../states.ts'
import { causeFrom, type EventData, type TryFacts } from './event-data.ts'

const TI_KINDS: ReadonlyMap<string, TiState> = new Map(TI_STATES.map((state) => [`ti.${state}`, state]))
const UNDO_KINDS = new Set(['ti.compensation_queued', 'ti.compensation_running', 'ti.compensation_retry'])
/** Each begins a try. */
export const QUEUED_KINDS: ReadonlySet<string> = new Set(['ti.queued', 'ti.compensation_queued'])
const FAILED_KINDS = new Set(['ti.failed', 'ti.up_for_retry', 'ti.compensation_retry', 'ti.compensation_failed'])
const RUN_KINDS = new Map(RUN_STATES.map((state) => [`run.${state}`, state]))

/** A try nobody has heard of: queued by this event, on the leader's host. */
export function newTry(event: EventRecord, host: string | null): TryRecord {
  return {
    tiId: event.tiId ?? 0,
    tryNumber: event.tryNumber ?? 0,
    dagRunId: event.dagRunId ?? 0,
    queuedAt: event.at,
    startDate: null,
    endDate: null,
    state: 'queued',
    host,
    pid: null,
    cause: null,
  }
}

/** The state a try has by what is known of it. */
export function tryState(
  event: Pick<EventRecord, 'kind'>,
  { startDate, endDate }: Pick<TryRecord, 'startDate' | 'endDate'>,
): TiState {
  if (endDate === null) return startDate === null ? 'queued' : 'running'
  const state = TI_KINDS.get(event.kind)
  if (state === 'success' || state === 'compensated') return 'success'
  return state === 'skipped' ? 'skipped' : 'failed'
}

export function stepTry(before: TryRecord, event: EventRecord, facts: TryFacts): TryRecord {
  const [start = null, end = null, pid = null, rest = {}] = facts
  const { cause, ...others } = rest ?? {}
  const dates = { startDate: start === null ? null : event.at + start, endDate: end === null ? null : event.at + end }
  return {
    ...before,
    ...dates,
    pid,
    state: tryState(event, dates),
    ...others,
    cause: cause === undefined ? null : causeFrom(cause, event.cause),
  }
}

/** `row`: its try as the event tells it, if it does. */
export function stepTi(ti: TiRecord, event: EventRecord, row: TryRecord | null): TiRecord {
  const { kind, at } = event
  if (kind === 'ti.cleared') {
    const none = { retryAt: null, startDate: null, endDate: null, branchSkips: null }
    return { ...ti, state: 'none', failures: 0, losses: 0, ...none }
  }
  // A try of a compensation changes no state: its TI is `compensating` from the plan to the end.
  const state = TI_KINDS.get(kind) ?? (UNDO_KINDS.has(kind) ? ti.state : undefined)
  if (state === undefined) return ti
  if (QUEUED_KINDS.has(kind)) {
    const tryNumber = event.tryNumber ?? ti.tryNumber
    return { ...ti, state, tryNumber, retryAt: null, startDate: null, endDate: null }
  }
  if (kind === 'ti.running' || kind === 'ti.compensation_running' || kind === 'ti.compensating') {
    return row === null ? { ...ti, state } : { ...ti, state, startDate: row.startDate, endDate: row.endDate }
  }
  const dates = row ?? { startDate: ti.startDate, endDate: at }
  const failed = row !== null && FAILED_KINDS.has(kind)
  return {
    ...ti,
    state,
    failures: failed ? ti.failures + 1 : ti.failures,
    retryAt: null,
    startDate: dates.startDate,
    endDate: FINISHED_TI_STATES.has(state) || row !== null ? dates.endDate : ti.endDate,
  }
}

/** What the event adds to a TI after its step. */
export function withTiData(ti: TiRecord, event: EventRecord, { span, ti: rest }: EventData): TiRecord {
  if (span === undefined && rest === undefined) return ti
  if (span === undefined) return { ...ti, ...rest }
  const instant = (offset: number | null) => (offset === null ? null : event.at + offset)
  return { ...ti, ...rest, startDate: instant(span[0]), endDate: instant(span[1]) }
}

/** A TI of which only the id is known. */
export function blankTi(id: number, dagRunId: number): TiRecord {
  return {
    id,
    dagRunId,
    taskId: '',
    mapIndex: -1,
    state: 'none',
    tryNumber: 0,
    maxTries: 1,
    failures: 0,
    losses: 0,
    retryAt: null,
    startDate: null,
    endDate: null,
    branchSkips: null,
  }
}

/** A run that this event queues for the first time. */
export function newRun(event: EventRecord): RunRecord {
  return {
    id: event.dagRunId ?? 0,
    dagId: event.dagId ?? '',
    runId: '',
    runType: 'manual',
    state: 'queued',
    versionId: 0,
    logicalDate: null,
    dataIntervalStart: null,
    dataIntervalEnd: null,
    runAfter: event.at,
    queuedAt: event.at,
    startDate: null,
    endDate: null,
    conf: '{}',
    note: null,
    triggeredBy: event.actor,
    correlationId: null,
    triggerKey: null,
  }
}

export function stepRun(run: RunRecord, { kind, at, cause }: EventRecord): RunRecord {
  if (kind === 'run.note') return { ...run, note: cause }
  const state = RUN_KINDS.get(kind)
  switch (state) {
    case undefined:
      return run
    case 'queued':
      return { ...run, state, queuedAt: at, startDate: null, endDate: null }
    case 'running':
      return { ...run, state, startDate: at }
    case 'compensating':
      return { ...run, state, endDate: null }
    case 'success':
    case 'failed':
      return { ...run, state, endDate: at }
  }
}

/** A Dag seen for the first time. */
export function newDag(event: EventRecord): DagRecord {
  return {
    dagId: event.dagId ?? '',
    file: '',
    isPaused: false,
    isActive: true,
    versionId: 0,
    lastLogicalDate: null,
    lastIntervalEnd: null,
    scheduleSince: event.at,
    nextRunAfter: null,
    nextLogicalDate: null,
  }
}

export function stepDag(dag: DagRecord, { kind }: EventRecord): DagRecord {
  switch (kind) {
    case 'dag.paused':
      return { ...dag, isPaused: true }
    case 'dag.unpaused':
      return { ...dag, isPaused: false }
    case 'dag.deactivated':
      return { ...dag, isActive: false }
    case 'dag.activated':
      return { ...dag, isActive: true }
    case 'dag.deleting':
      return { ...dag, isActive: false, isPaused: true }
    default:
      return dag
  }
}
