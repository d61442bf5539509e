/**
 * The heart: what to write and do, given memory, what happened, and the time. Pure: no I/O, no clock, no randomness, and
 * memory is not touched (`apply` does that once the writes are durable). The order within a tick is fixed: files,
 * results, timers, commands by id, then runs, then limits.
 */
import type { TryKey } from '../ids.ts'
import type { CancelReason, Dispatch } from '../ports/executor.ts'
import type { Found, TickWrites } from '../ports/store.ts'
import { FINISHED_RUN_STATES } from '../states.ts'
import { refuseCommand, takeCommand } from './commands.ts'
import { takeDagFile } from './dag-files.ts'
import { dispatchReady, type WaitingChanges } from './dispatch.ts'
import { Draft } from './draft.ts'
import type { SchedulerEvent } from './events.ts'
import type { RunMemory, SchedulerMemory } from './memory.ts'
import { takeEnded, takeLost, takeStarted } from './results.ts'
import { abandonRun, endFinishedRuns, timeOutRun } from './run-ends.ts'
import { advanceDag, mostRows, skipStep } from './runs.ts'
import type { Timer } from './timer-heap.ts'

export interface Plan {
  readonly now: number
  readonly writes: TickWrites
  /** Nothing to commit and nothing to do. */
  readonly empty: boolean
  /** Work was left for the next tick to keep this one short. */
  readonly more: boolean
  /** A command of this tick has no answer yet: it is to be taken again in the next. */
  readonly commandsGoOn: boolean
  /** After the commit: */
  readonly dispatches: readonly Dispatch[]
  readonly cancels: readonly { readonly keys: readonly TryKey[]; readonly reason: CancelReason }[]
  readonly acknowledgements: readonly TryKey[]
  /** For `apply`. */
  readonly draft: Draft
  readonly waiting: WaitingChanges
}

const TIMER_BUDGET = 2000
/** What a tick may not start now (it drains) is looked at again this much later. */
export const LEFT_OVER_MS = 1_000

export interface DecideOptions {
  /** Start nothing new: the program is stopping. */
  readonly draining?: boolean
  /** Instead of every due timer, only these: how a tick that fails is taken apart. */
  readonly timers?: readonly Timer[]
  /** False: runs that could be created or promoted wait for the next tick. */
  readonly advance?: boolean
  /** True: every Dag creates or promotes one run at most, so that a failing one is known. */
  readonly oneStep?: boolean
  /** Finished runs that a command of this tick names, by id. */
  readonly loaded?: ReadonlyMap<number, RunMemory>
  /** What else its commands name. */
  readonly found?: Found
}

export function decide(
  memory: SchedulerMemory,
  events: readonly SchedulerEvent[],
  now: number,
  options: DecideOptions = {},
): Plan {
  const draft = new Draft(memory, now, options.draining ?? false, options.loaded, options.found)
  for (const id of memory.unsettled) {
    const run = draft.run(id)
    if (run?.record.state === 'running') run.evaluateAll(draft.listener(run))
  }
  for (const event of events) if (event.type === 'dag-file') takeDagFile(draft, event.report)
  for (const event of events) takeResult(draft, event)
  const due = options.timers ?? memory.timers.due(now, TIMER_BUDGET)
  for (const timer of due) fireTimer(draft, timer)
  const commands = events.filter((event) => event.type === 'command').sort((a, b) => a.command.id - b.command.id)
  for (const event of commands) takeCommand(draft, event.command)
  for (const event of events) takeRepair(draft, event)

  endFinishedRuns(draft)
  let more = due.length === TIMER_BUDGET || draft.commandsGoOn
  // Promoting a run whose every task is skipped ends it at once and frees its place, so this runs to a fixed point.
  const mayAdvance = options.advance !== false && !draft.draining
  const advance = { oneStep: options.oneStep === true, mostRows: mostRows(draft) }
  while (draft.dagsToAdvance.size > 0 && mayAdvance) {
    const dagIds = [...draft.dagsToAdvance]
    draft.dagsToAdvance.clear()
    let stuck = 0
    for (const dagId of dagIds) {
      const advanced = advanceDag(draft, dagId, advance)
      if (advanced === 'done') continue
      stuck++
      // Who had no turn is due before those who had one, so that large runs of some keep nobody waiting.
      draft.timer({ at: advanced === 'no turn' ? now - 1 : now, kind: 'dag', dagId })
    }
    endFinishedRuns(draft)
    if (stuck > 0) {
      more = true
      // What is left goes on in the next tick, each Dag in turn.
      for (const dagId of draft.dagsToAdvance) draft.timer({ at: now, kind: 'dag', dagId })
      draft.dagsToAdvance.clear()
    }
  }
  if (!mayAdvance && draft.dagsToAdvance.size > 0) {
    more = !draft.draining
    for (const dagId of draft.dagsToAdvance)
      draft.timer({ at: draft.draining ? now + LEFT_OVER_MS : now, kind: 'dag', dagId })
  }
  draft.dagsToAdvance.clear()
  const waiting = dispatchReady(draft)
  // A run that could not be dispatched was set aside, which makes room for another.
  for (const dagId of draft.dagsToAdvance) {
    draft.timer({ at: now, kind: 'dag', dagId })
    more = true
  }
  if (waiting.goesOn) more = true
  const writes = draft.writes()
  return {
    now,
    writes,
    empty: isEmpty(writes),
    more,
    commandsGoOn: draft.commandsGoOn,
    dispatches: draft.dispatches,
    cancels: draft.cancels,
    acknowledgements: draft.acknowledgements,
    draft,
    waiting,
  }
}

function takeResult(draft: Draft, event: SchedulerEvent): void {
  switch (event.type) {
    case 'leading': {
      const { host, epoch, defaults } = draft.memory
      const { retries, errorStrategy } = defaults
      draft.history.lead({
        host,
        epoch,
        defaults: { retries, ...(errorStrategy === undefined ? {} : { errorStrategy }) },
      })
      return
    }
    case 'report':
      if (event.report.type === 'started') takeStarted(draft, event.report)
      else takeEnded(draft, event.report)
      return
    case 'lost':
      takeLost(draft, event.key, event.cause, event.at)
      return
    case 'poison-report':
      // A start that cannot be noted is of no importance, and its try goes on.
      if (event.report.type === 'started') return
      draft.acknowledge(event.report.key)
      takeLost(draft, event.report.key, { kind: 'error', message: event.message }, draft.now)
      return
  }
}

function takeRepair(draft: Draft, event: SchedulerEvent): void {
  switch (event.type) {
    case 'refuse-command':
      refuseCommand(draft, event.command, event.message, event.isDuplicate)
      return
    case 'skip-step':
      skipStep(draft, event.dagId, event.message)
      return
    case 'set-aside-run': {
      const run = draft.run(event.dagRunId)
      if (run !== undefined && !FINISHED_RUN_STATES.has(run.record.state) && run.record.state !== 'queued')
        abandonRun(draft, run, 'scheduler', event.message)
      return
    }
  }
}

function fireTimer(draft: Draft, timer: Timer): void {
  draft.firedTimers.push(timer)
  switch (timer.kind) {
    case 'dag':
      draft.dagsToAdvance.add(timer.dagId)
      return
    case 'retry': {
      const run = draft.run(timer.dagRunId)
      const ti = run?.ti(timer.index)
      // One that was set before its run was moved to another version may name another task.
      if (run === undefined || ti?.tryNumber !== timer.tryNumber || (ti.retryAt ?? 0) > draft.now) return
      if (ti.state === 'up_for_retry') run.markReady(timer.index)
      else if (ti.state === 'compensating') run.saga?.turns.push(timer.index)
      return
    }
    case 'run-timeout':
      timeOutRun(draft, timer.dagRunId)
      return
  }
}

function isEmpty(writes: TickWrites): boolean {
  return Object.values(writes).every((rows: readonly unknown[] | boolean | null) =>
    Array.isArray(rows) ? rows.length === 0 : rows === null,
  )
}
