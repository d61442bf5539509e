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
import { writeDeadLetter } from './dead-letters.ts'
import type { Draft } from './draft.ts'
import { nextPace } from './look-ahead.ts'
import type { ExecutionMemory } from './memory.ts'
import { branchSkipsText, type RunDraft } from './run-draft.ts'

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
  if (run === undefined || ti === undefined || !isCurrent(ti, report.key) || ti.state !== 'queued') return
  const running: TiRecord = { ...ti, state: 'running', startDate: report.at }
  run.update(execution.index, running)
  draft.tiEvent(run, running, `host:${report.host}`, null)
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
  if (!current || (ti.state !== 'queued' && ti.state !== 'running')) {
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
  if (outcome.state === 'success') takeSuccess(draft, run, execution.index, outcome, facts)
  else if (outcome.state === 'skipped') {
    const skipped: TiRecord = { ...ti, state: 'skipped', startDate: facts.startedAt, endDate: facts.endedAt }
    run.finish(execution.index, skipped, outcome.message, draft.listener(run))
  } else takeFailure(draft, run, execution.index, outcome.cause, facts)
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
  const success: TiRecord = {
    ...ti,
    state: 'success',
    startDate: facts.startedAt,
    endDate: facts.endedAt,
    branchSkips: branchSkipsText(run.graph, index, outcome.followed),
  }
  run.finish(index, success, null, draft.listener(run))
}

function takeFailure(draft: Draft, run: RunDraft, index: number, cause: CauseOfDeath, facts: TryFacts): void {
  const ti = run.ti(index)!
  const task = run.graph.tasks[index]!
  const after = afterFailure(ti, cause, draft.memory.defaults.maxPlatformLosses, isRetried(task.errorStrategy))
  const base: TiRecord = { ...ti, ...after.counters, startDate: facts.startedAt, endDate: facts.endedAt }
  if (after.state === 'failed') {
    writeDeadLetter(draft, run, index, cause)
    run.finish(index, { ...base, state: 'failed' }, causeText(cause), draft.listener(run))
    return
  }
  const delay = isPlatformLoss(cause)
    ? lossDelay(cause, base.losses)
    : retryDelay(
        task.retryPolicy,
        base.failures,
        `${run.record.dagId}#${task.taskId}#${run.record.runId}#${ti.tryNumber}`,
      )
  const retryAt = facts.endedAt + delay
  const retry: TiRecord = { ...base, state: 'up_for_retry', retryAt }
  run.update(index, retry)
  draft.tiEvent(run, retry, 'scheduler', causeText(cause))
  if (retryAt <= draft.now) run.markReady(index)
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
