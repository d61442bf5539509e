/**
 * What operators do to runs and TIs that exist: clear, mark, cancel, note, delete. Works alike on running runs, on queued
 * ones, and on finished ones that the loop has loaded for the command. Each effect is the plan of `core/clear.ts`.
 */
import { planCancel, planClear, planMark, planMarkRun } from '../clear.ts'
import { tryKeyText } from '../ids.ts'
import type {
  ClearOptions,
  CommandAnswer,
  CommandRecord,
  CommandRequest,
  CompensationRecord,
  MarkOptions,
  TiRecord,
} from '../records.ts'
import { runOutcome } from '../run-state.ts'
import { calledOff, forwardTryOf } from '../saga.ts'
import { FINISHED_RUN_STATES, type TiState } from '../states.ts'
import { isStorable } from '../storable-text.ts'
import { accept, effect, refuse } from './answers.ts'
import { compensate, isBeingUndone, refuseUndoing } from './compensate-command.ts'
import { callOff } from './compensation.ts'
import { settleLetters, writeDeadLetter } from './dead-letters.ts'
import type { Draft } from './draft.ts'
import { completeTis } from './make-tis.ts'
import type { ExecutionMemory } from './memory.ts'
import { moveBareRun, moveRun, type PlannedMove, planMove, settleMoved } from './newest-version.ts'
import type { RunDraft } from './run-draft.ts'
import { abandonRun, byStrategy, dequeue, endRun, leafStates, leavePoolQueues } from './run-ends.ts'
import { requeue } from './runs.ts'
import { changeOverride } from './ti-overrides.ts'

type Of<Kind extends CommandRequest['kind']> = Extract<CommandRequest, { kind: Kind }>
export type RunCommand = Of<'clear' | 'mark' | 'mark-run' | 'cancel' | 'compensate' | 'note' | 'delete-run'>

export function takeRunCommand(draft: Draft, command: CommandRecord, request: RunCommand): CommandAnswer {
  const run = draft.findRun(request.dagId, request.runId)
  if (run === undefined) return unknownRun(draft, request)
  // A run that is moved gets the TIs of its new version instead of those it lacks.
  if (request.kind !== 'clear' || request.newest !== true) completeTis(draft, run)
  switch (request.kind) {
    case 'clear':
      return clear(draft, run, command.actor, request)
    case 'mark':
      return mark(draft, run, command.actor, request)
    case 'mark-run':
      return markRun(draft, run, command.actor, request.state)
    case 'cancel':
      return cancel(draft, run, command.actor, request)
    case 'compensate':
      return compensate(draft, run, command.actor, request.taskIds)
    case 'note':
      return note(draft, run, command.actor, request)
    case 'delete-run':
      return deleteRun(draft, run, command.actor)
  }
}

function clear(draft: Draft, run: RunDraft, actor: string, options: ClearOptions): CommandAnswer {
  if (run.size === 0) {
    if (options.newest === true) moveBareRun(draft, run, actor)
    return effect(run, [])
  }
  if (isBeingUndone(run)) return refuseUndoing(run)
  const planned: PlannedMove = options.newest === true ? planMove(draft, run) : { ok: true, move: null }
  if (!planned.ok) return planned.refusal
  const { move } = planned
  const plan = planClear(move?.graph ?? run.graph, move?.tis ?? run.allTis(), options)
  if (!plan.ok) return refuse('task-not-found', plan.message)
  const target = move === null ? run : moveRun(draft, run, move, actor)
  clearIndexes(draft, target, actor, plan.indexes, { newKeys: options.newKeys === true })
  if (move !== null && plan.indexes.length === 0) settleMoved(draft, target, actor)
  return effect(target, plan.indexes)
}

export interface ClearHow {
  /** In events. */
  readonly cause?: string
  readonly newKeys?: boolean
  /** JSON object text by task index: arguments that replace the bound ones. */
  readonly inputs?: ReadonlyMap<number, string>
}

/**
 * Running tries are cancelled; their TIs start again once those executions have ended. Dead letters of what is cleared are
 * dealt with. What was undone gets a new idempotency key unasked: with the old one its doing would count as done.
 */
export function clearIndexes(
  draft: Draft,
  run: RunDraft,
  actor: string,
  indexes: readonly number[],
  { cause = 'cleared', newKeys = false, inputs }: ClearHow = {},
): void {
  if (indexes.length === 0) return
  stopExecutions(draft, run, new Set(indexes), `clear by ${actor}`)
  leavePoolQueues(draft, run)
  const cleared = new Map<number, TiRecord>()
  for (const index of indexes) {
    const ti = run.ti(index)!
    settleLetters(draft, ti, { status: 'redriven', reason: null, actor }, forwardTryOf(ti, run.compensation(index)))
    const ownInputs = inputs?.get(index)
    changeOverride(draft, run, ti, {
      newLife: newKeys || wasUndone(ti, run.compensation(index)),
      ...(ownInputs === undefined ? {} : { inputs: ownInputs }),
    })
    cleared.set(index, {
      ...ti,
      state: 'none',
      maxTries: ti.tryNumber + run.graph.tasks[index]!.retries + 1,
      failures: 0,
      losses: 0,
      retryAt: null,
      startDate: null,
      endDate: null,
      branchSkips: null,
    })
  }
  for (const ti of cleared.values()) draft.tiEvent(run, ti, actor, cause, 'ti.cleared')
  draft.rows += cleared.size
  if (FINISHED_RUN_STATES.has(run.record.state)) requeue(draft, run, actor)
  run.rewrite(cleared, run.record.state === 'running', draft.listener(run))
}

/** What its last try did has been undone, whatever it was marked since. */
function wasUndone(ti: TiRecord, compensation: CompensationRecord | undefined): boolean {
  return ti.state === 'compensated' || (compensation?.state === 'compensated' && compensation.lastTry === ti.tryNumber)
}

function mark(draft: Draft, run: RunDraft, actor: string, options: MarkOptions): CommandAnswer {
  if (run.size === 0)
    return refuse('run-not-started', 'the run is queued and has no task instances yet; mark the run, or wait')
  if (isBeingUndone(run)) return refuseUndoing(run)
  const plan = planMark(run.graph, run.allTis(), options)
  if (!plan.ok) return refuse('task-not-found', plan.message)
  setStates(draft, run, actor, new Map(plan.indexes.map((index) => [index, options.state])))
  clearIndexes(draft, run, actor, plan.cleared)
  if (plan.cleared.length === 0) settleFinished(draft, run, actor)
  return effect(run, plan.indexes, plan.cleared)
}

/** A finished run follows what its leaves say now. */
function settleFinished(draft: Draft, run: RunDraft, actor: string): void {
  const { state } = run.record
  if (!FINISHED_RUN_STATES.has(state)) return
  const outcome = runOutcome(leafStates(run))
  if (outcome === state) return
  run.setRecord({ ...run.record, state: outcome })
  draft.event({
    kind: `run.${outcome}`,
    actor,
    dagRunId: run.record.id,
    dagId: run.record.dagId,
    cause: 'its task instances were marked',
  })
}

function markRun(draft: Draft, run: RunDraft, actor: string, state: 'success' | 'failed'): CommandAnswer {
  const states = planMarkRun(run.allTis(), state, run.compensations())
  const before = run.record.state
  const called = callOffAll(draft, run, actor, [...states.keys()], `the run was marked ${state}`)
  setStates(draft, run, actor, new Map([...states].filter(([index]) => !called.has(index))), false)
  if (before === 'queued') dequeue(draft, run)
  const cause = `marked ${state} by ${actor}`
  if (FINISHED_RUN_STATES.has(before)) {
    run.setRecord({ ...run.record, state })
    draft.event({ kind: `run.${state}`, actor, dagRunId: run.record.id, dagId: run.record.dagId, cause })
  } else endRun(draft, run, state, cause, before !== 'queued')
  return effect(run, [...states.keys()])
}

/** Those of these that were being undone are not any further. */
function callOffAll(draft: Draft, run: RunDraft, actor: string, indexes: readonly number[], why: string): Set<number> {
  const called = new Set(indexes.filter((index) => run.isBeingUndone(index)))
  if (called.size === 0) return called
  stopExecutions(draft, run, called, actor)
  leavePoolQueues(draft, run)
  for (const index of called) callOff(draft, run, index, actor, why)
  return called
}

/** Ends TIs by hand. Their live tries are stopped; a running run goes on from there. */
function setStates(
  draft: Draft,
  run: RunDraft,
  actor: string,
  states: ReadonlyMap<number, TiState>,
  evaluate = run.record.state === 'running',
): void {
  stopExecutions(draft, run, new Set(states.keys()), actor)
  leavePoolQueues(draft, run)
  const changed = new Map<number, TiRecord>()
  for (const [index, state] of states) {
    const ti = run.ti(index)!
    const forwardTry = forwardTryOf(ti, run.compensation(index))
    settleLetters(draft, ti, { status: 'discarded', reason: `marked ${state}`, actor }, forwardTry)
    changed.set(index, { ...ti, state, retryAt: null, endDate: draft.now })
  }
  for (const ti of changed.values()) draft.tiEvent(run, ti, actor, 'marked')
  draft.rows += changed.size
  if (changed.size > 0) run.rewrite(changed, evaluate, draft.listener(run))
}

function cancel(draft: Draft, run: RunDraft, actor: string, request: Of<'cancel'>): CommandAnswer {
  const { taskIds, withoutCompensation } = request
  if (FINISHED_RUN_STATES.has(run.record.state)) {
    return refuse('run-finished', `run ${run.record.runId} has ended (${run.record.state}); there is nothing to cancel`)
  }
  if (taskIds === undefined && run.record.state === 'queued') return markRun(draft, run, actor, 'failed')
  const plan = planCancel(run.graph, run.allTis(), taskIds, run.compensations())
  if (!plan.ok) return refuse('task-not-found', plan.message)
  const indexes = [...plan.states.keys()]
  if (taskIds === undefined) {
    abandonRun(draft, run, actor, `cancelled by ${actor}`, withoutCompensation === true ? 'no' : byStrategy(run))
    return effect(run, indexes)
  }
  const kept = indexes.find((index) => staysPlanned(run, index))
  if (kept !== undefined) return refuseOne(run, kept)
  const live = stopExecutions(draft, run, new Set(indexes), actor)
  for (const execution of draft.executionsOf(run.record.id)) {
    if (live.has(execution.index)) keepCancel(draft, execution, actor)
  }
  // A live try fails, without a retry, when its process has ended; what has none fails here and now.
  const atOnce = indexes.filter((index) => !live.has(index))
  for (const index of atOnce) {
    if (run.ti(index)!.state !== 'up_for_retry') continue
    writeDeadLetter(draft, run, index, { kind: 'cancelled', by: actor, message: `cancelled by ${actor}` })
  }
  const called = callOffAll(draft, run, actor, atOnce, `cancelled by ${actor}`)
  setStates(draft, run, actor, new Map([...plan.states].filter(([index]) => !live.has(index) && !called.has(index))))
  return effect(run, indexes)
}

/** Undone with its saga, and not begun: called off it would be what it was, and its saga had to undo it again. */
function staysPlanned(run: RunDraft, index: number): boolean {
  if (run.record.state !== 'running' || !run.isBeingUndone(index)) return false
  const compensation = run.compensation(index)!
  return calledOff(compensation) !== 'compensation_failed'
}

function refuseOne(run: RunDraft, index: number): CommandAnswer {
  const { taskId } = run.graph.tasks[index]!
  return refuse(
    'run-compensating',
    `task "${taskId}" is to be undone with its saga, and that has not begun; cancel the whole run to call it off`,
  )
}

/** Their TIs stay as they are until the processes have ended: only the try tells a next leader that somebody asked for it. */
function keepCancel(draft: Draft, execution: ExecutionMemory, by: string): void {
  const cause = { kind: 'cancelled' as const, by, message: `${by} asked for its end.` }
  const tryRecord = { ...execution.tryRecord, cause }
  draft.changedExecutions.set(tryKeyText(execution.record), { ...execution, tryRecord })
  draft.writeTry(tryRecord, false)
}

function stopExecutions(draft: Draft, run: RunDraft, indexes: ReadonlySet<number>, by: string): Set<number> {
  const live = new Set<number>()
  for (const execution of draft.executionsOf(run.record.id)) {
    if (!indexes.has(execution.index)) continue
    draft.cancel(execution, by)
    live.add(execution.index)
  }
  return live
}

export const UNSTORABLE_NOTE = 'the note holds a NUL or half of a character; leave it out'

function note(draft: Draft, run: RunDraft, actor: string, request: Of<'note'>): CommandAnswer {
  if (request.note !== null && request.note.length > 1000) {
    return refuse('bad-note', `the note has ${request.note.length} characters; at most 1,000 are kept`)
  }
  if (request.note !== null && !isStorable(request.note)) return refuse('bad-note', UNSTORABLE_NOTE)
  const { id, dagId, runId } = run.record
  if (request.taskId === undefined) {
    run.setRecord({ ...run.record, note: request.note })
    if (run.record.state === 'queued') draft.replaceQueued(run.record)
    draft.event({ kind: 'run.note', actor, dagRunId: id, dagId, cause: request.note })
  } else {
    const ti = run.ti(run.graph.indexOf.get(request.taskId) ?? -1)
    if (ti === undefined) return refuse('task-not-found', `the run has no task "${request.taskId}"`)
    draft.setTiNote(ti.id, request.note)
    draft.event({ kind: 'ti.note', actor, dagRunId: id, dagId, tiId: ti.id, cause: request.note })
  }
  return accept({ dag_id: dagId, dag_run_id: runId, note: request.note })
}

function deleteRun(draft: Draft, run: RunDraft, actor: string): CommandAnswer {
  const { id, dagId, runId, state } = run.record
  if (!FINISHED_RUN_STATES.has(state)) {
    return refuse('run-not-finished', `run ${runId} is ${state}; cancel it first: only finished runs can be deleted`)
  }
  for (const { record } of draft.executionsOf(id)) {
    return refuse(
      'run-not-finished',
      `try ${record.tryNumber} of a task of run ${runId} was asked to end and has not ended yet; delete the run when it has`,
    )
  }
  draft.deleteRun(id)
  draft.event({ kind: 'run.deleted', actor, dagRunId: id, dagId, cause: runId })
  return accept({ dag_id: dagId, dag_run_id: runId })
}

function unknownRun(draft: Draft, { dagId, runId }: RunCommand): CommandAnswer {
  if (draft.dag(dagId) === undefined)
    return refuse('dag-not-found', `there is no Dag "${dagId}"; see \`tradewind dags list\``)
  return refuse('run-not-found', `Dag "${dagId}" has no run "${runId}"; see \`tradewind runs list ${dagId}\``)
}
