/**
 * What executors report: a try started, ended, or was lost. A result counts only if its try is the TI's current one;
 * anything else is recorded as stale and changes nothing (invariants 1 and 5).
 */
import { type CauseOfDeath, PLATFORM_CAUSES } from '../cause-of-death.ts'
import { causeText } from '../event-log/event-data.ts'
import { isRetried } from '../graph.ts'
import { type TryKey, tryKeyText } from '../ids.ts'
import type { TryEnded, TryOutcome, TryStarted } from '../ports/executor.ts'
import type { TiRecord } from '../records.ts'
import { retryDelay } from '../retry-delay.ts'
import { liveTryOf } from '../saga.ts'
import { branchSkipsText } from './branch-skips.ts'
import { endUndo, undoCutOff } from './compensation.ts'
import { writeDeadLetter } from './dead-letters.ts'
import type { Draft } from './draft.ts'
import { nextPace } from './look-ahead.ts'
import type { ExecutionMemory } from './memory.ts'
import type { RunDraft } from './run-draft.ts'
import { tryError } from './saga-memory.ts'

/** Who cancels on the platform's own account; such a try is the platform's loss, not the task's, and is repeated. */
export const SHUTDOWN = 'shutdown'
export const LOST_LEADERSHIP = 'lost leadership'
export const DRAIN = 'drain'
const PLATFORM_CANCELLERS: ReadonlySet<string | undefined> = new Set([SHUTDOWN, LOST_LEADERSHIP, DRAIN])

export function takeStarted(draft: Draft, report: TryStarted): void {
  const execution = draft.execution(report.key)
  if (execution === undefined) return
  const run = draft.run(execution.record.dagRunId)
  const ti = run?.ti(execution.index)
  const tryRecord = {
    ...execution.tryRecord,
    state: 'running' as const,
    startDate: report.at,
    host: report.host,
    pid: report.pid,
  }
  draft.changedExecutions.set(tryKeyText(report.key), { ...execution, tryRecord })
  draft.writeTry(tryRecord, false)
  if (run === undefined || ti === undefined || !isCurrent(ti, report.key)) return
  const isUndo = ti.state === 'compensating' && liveTryOf(ti, run.compensation(execution.index)) !== null
  if (ti.state !== 'queued' && !isUndo) return
  const running: TiRecord = { ...ti, state: isUndo ? ti.state : 'running', startDate: report.at }
  run.update(execution.index, running)
  draft.tiEvent(run, running, `host:${report.host}`, null, isUndo ? 'ti.compensation_running' : 'ti.running')
}

export function takeEnded(draft: Draft, report: TryEnded): void {
  draft.acknowledge(report.key)
  const execution = draft.execution(report.key)
  if (execution === undefined) {
    draft.event({
      kind: 'ti.stale_result',
      actor: `host:${report.host}`,
      tiId: report.key.tiId,
      tryNumber: report.key.tryNumber,
      cause: `a result (${report.outcome.state}) of a try that had ended before was dropped`,
    })
    return
  }
  endTry(draft, execution, report.outcome, {
    startedAt: report.startedAt,
    endedAt: report.endedAt,
    host: report.host,
    pid: report.pid,
  })
}

/** The host that ran it is gone, or never got it. */
export function takeLost(draft: Draft, key: TryKey, cause: CauseOfDeath, at: number): void {
  const execution = draft.execution(key)
  if (execution === undefined) return
  const { startDate, pid } = execution.tryRecord
  endTry(
    draft,
    execution,
    { state: 'failed', cause },
    { startedAt: startDate, endedAt: at, host: execution.record.host, pid },
  )
}

interface TryFacts {
  readonly startedAt: number | null
  readonly endedAt: number
  readonly host: string
  readonly pid: number | null
}

function endTry(draft: Draft, execution: ExecutionMemory, outcome: TryOutcome, facts: TryFacts): void {
  draft.endExecution(execution)
  if (facts.startedAt !== null) draft.pace = nextPace(draft.pace, facts.endedAt - facts.startedAt)
  const run = draft.run(execution.record.dagRunId)
  const ti = run?.ti(execution.index)
  const current = run !== undefined && ti !== undefined && isCurrent(ti, execution.record)
  draft.writeTry(
    {
      ...execution.tryRecord,
      state: outcome.state,
      startDate: facts.startedAt,
      endDate: facts.endedAt,
      host: facts.host,
      pid: facts.pid,
      cause: outcome.state === 'failed' ? outcome.cause : null,
    },
    false,
  )
  if (outcome.state === 'failed' && current && ti.state !== 'compensating') {
    run.saga?.setError(execution.index, tryError(ti.tryNumber, outcome.cause))
  }
  if (!current || liveTryOf(ti, run.compensation(execution.index)) === null) {
    draft.event({
      kind: 'ti.stale_result',
      actor: `host:${facts.host}`,
      dagRunId: execution.record.dagRunId,
      dagId: run?.record.dagId ?? null,
      tiId: execution.record.tiId,
      tryNumber: execution.record.tryNumber,
      cause: `the TI had moved on; its result (${outcome.state}) was not taken`,
    })
    return
  }
  const { index } = execution
  if (outcome.state === 'success') takeSuccess(draft, run, index, outcome, facts)
  else if (outcome.state === 'skipped') takeSkip(draft, run, index, outcome.message, facts)
  else takeFailure(draft, run, index, outcome.cause, facts)
  undoCutOff(draft, run, index)
}

/** A compensation that found nothing to undo has done its work. */
function takeSkip(draft: Draft, run: RunDraft, index: number, message: string, facts: TryFacts): void {
  const ti = run.ti(index)!
  const dates = { startDate: facts.startedAt, endDate: facts.endedAt }
  if (ti.state === 'compensating') endUndo(draft, run, index, { ...ti, ...dates, state: 'compensated' }, message)
  else run.finish(index, { ...ti, ...dates, state: 'skipped' }, message, draft.listener(run))
}

function takeSuccess(
  draft: Draft,
  run: RunDraft,
  index: number,
  outcome: Extract<TryOutcome, { state: 'success' }>,
  facts: TryFacts,
): void {
  const ti = run.ti(index)!
  for (const xcom of outcome.xcoms) {
    if (xcom.stored || xcom.json === null) continue
    draft.writeXCom({ tiId: ti.id, tryNumber: ti.tryNumber, key: xcom.key, dagRunId: run.record.id, json: xcom.json })
  }
  const dates = { startDate: facts.startedAt, endDate: facts.endedAt }
  if (ti.state === 'compensating') {
    endUndo(draft, run, index, { ...ti, ...dates, state: 'compensated' }, null)
    return
  }
  const success: TiRecord = {
    ...ti,
    ...dates,
    state: 'success',
    branchSkips: branchSkipsText(run.graph, index, outcome.followed),
  }
  run.finish(index, success, null, draft.listener(run))
}

function takeFailure(draft: Draft, run: RunDraft, index: number, cause: CauseOfDeath, facts: TryFacts): void {
  const ti = run.ti(index)!
  const task = run.graph.tasks[index]!
  const isUndo = ti.state === 'compensating'
  const isRepeated = isUndo || isRetried(task.errorStrategy)
  const after = afterFailure(ti, cause, draft.memory.defaults.maxPlatformLosses, isRepeated)
  const base: TiRecord = { ...ti, ...after.counters, startDate: facts.startedAt, endDate: facts.endedAt }
  // A run that was ended early repeats nothing.
  const isCutOff = !isUndo && run.record.state === 'compensating'
  if (after.state === 'failed' || isCutOff) {
    writeDeadLetter(draft, run, index, cause, isUndo ? 'compensation' : 'task')
    if (isUndo) endUndo(draft, run, index, { ...base, state: 'compensation_failed' }, causeText(cause))
    else run.finish(index, { ...base, state: 'failed' }, causeText(cause), draft.listener(run))
    return
  }
  const delay = isPlatformLoss(cause)
    ? lossDelay(cause, base.losses)
    : retryDelay(
        (isUndo ? task.compensate : null)?.retryPolicy ?? task.retryPolicy,
        base.failures,
        `${run.record.dagId}#${task.taskId}#${run.record.runId}#${ti.tryNumber}`,
      )
  const retryAt = facts.endedAt + delay
  const retry: TiRecord = { ...base, state: isUndo ? 'compensating' : 'up_for_retry', retryAt }
  run.update(index, retry)
  draft.tiEvent(run, retry, 'scheduler', causeText(cause), isUndo ? 'ti.compensation_retry' : 'ti.up_for_retry')
  if (isUndo) run.saga!.turns.push(index)
  else if (retryAt <= draft.now) run.markReady(index)
  else draft.timer({ at: retryAt, kind: 'retry', dagRunId: run.record.id, index, tryNumber: ti.tryNumber })
}

/**
 * Retry or not. Own failures use up a retry, unless the error strategy has none (`isRepeated`); what the platform lost does not, up to a
 * bound, so that a task that kills its host every time does not run for ever.
 */
export function afterFailure(
  ti: Pick<TiRecord, 'tryNumber' | 'maxTries' | 'failures' | 'losses'>,
  cause: CauseOfDeath,
  maxPlatformLosses: number,
  isRepeated: boolean,
): { state: 'failed' | 'up_for_retry'; counters: Pick<TiRecord, 'maxTries' | 'failures' | 'losses'> } {
  const { maxTries, failures, losses } = ti
  if (isPlatformCancel(cause)) {
    return { state: 'up_for_retry', counters: { maxTries: maxTries + 1, failures, losses } }
  }
  if (PLATFORM_CAUSES.has(cause.kind)) {
    if (losses >= maxPlatformLosses) return { state: 'failed', counters: { maxTries, failures, losses: losses + 1 } }
    return { state: 'up_for_retry', counters: { maxTries: maxTries + 1, failures, losses: losses + 1 } }
  }
  const isFinal = cause.kind === 'fail' || cause.kind === 'cancelled'
  const final = isFinal || !isRepeated || ti.tryNumber >= maxTries
  return { state: final ? 'failed' : 'up_for_retry', counters: { maxTries, failures: failures + 1, losses } }
}

function isPlatformLoss(cause: CauseOfDeath): boolean {
  return PLATFORM_CAUSES.has(cause.kind) || isPlatformCancel(cause)
}

/**
 * What the platform lost is repeated at once; lost again, after a growing pause: what keeps children from starting (no
 * memory, a full disk) may last a minute, and must not use up all repeats within a few milliseconds.
 */
function lossDelay(cause: CauseOfDeath, losses: number): number {
  return losses <= 1 || isPlatformCancel(cause) ? 0 : Math.min(1_000 * 2 ** (losses - 2), 60_000)
}

function isPlatformCancel(cause: CauseOfDeath): boolean {
  return cause.kind === 'cancelled' && PLATFORM_CANCELLERS.has(cause.by)
}

function isCurrent(ti: TiRecord, key: TryKey): boolean {
  return ti.id === key.tiId && ti.tryNumber === key.tryNumber
}
