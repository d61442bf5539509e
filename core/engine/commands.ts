/**
 * What operators and tasks ask for. Each command is answered in the tick that takes it, with its effect or with an error
 * that names value, cause and remedy; each leaves an event with its actor.
 */
import { commandText } from '../event-log/command-text.ts'
import type { CommandAnswer, CommandRecord, CommandRequest, RunRecord } from '../records.ts'
import { canBeUndone } from '../saga.ts'
import { FINISHED_RUN_STATES, FINISHED_TI_STATES } from '../states.ts'
import { isStorable, storable } from '../storable-text.ts'
import { accept, refuse, unknownDag } from './answers.ts'
import { takeDagFile } from './dag-files.ts'
import { deleteDag } from './delete-dag.ts'
import type { Draft } from './draft.ts'
import { DRAINING, poolKey } from './limits.ts'
import type { DagMemory } from './memory.ts'
import { takeValueCommand, withoutValues } from './named-values.ts'
import { discardLetters, redrive } from './redrive.ts'
import { DRAIN } from './results.ts'
import { takeRunCommand } from './run-commands.ts'
import { plan } from './runs.ts'
import { trigger } from './trigger.ts'

export function takeCommand(draft: Draft, command: CommandRecord): void {
  draft.history.beginCommand(command.id)
  const expired = command.notAfter !== null && command.notAfter < draft.now
  const answer = expired
    ? refuse('command-expired', `the command was taken later than allowed; send it again`)
    : carryOut(draft, command, command.request)
  if (answer === null) {
    draft.commandsGoOn = true
    draft.history.endCommand()
    return
  }
  draft.answer(command.id, answer, withoutValues(command.request))
  if (answer.ok) noteAnswer(draft, command, 'command.accepted', commandText(command.request))
  else noteRefusal(draft, command, answer.message)
}

/** Answers a command that cannot be taken at all. `isDuplicate`: what it makes was there already. */
export function refuseCommand(draft: Draft, command: CommandRecord, message: string, isDuplicate: boolean): void {
  draft.history.beginCommand(command.id)
  if (isDuplicate && command.request.kind === 'trigger') {
    const { dagId, runId } = command.request
    const what = `Dag "${dagId}" has a run of this logical date${runId === undefined ? '' : ' or id'} already`
    draft.answer(command.id, refuse('run-exists', `${what}; choose another`))
    noteRefusal(draft, command, what)
    return
  }
  draft.answer(command.id, refuse('command-failed', message), withoutValues(command.request))
  noteRefusal(draft, command, message)
}

function noteRefusal(draft: Draft, command: CommandRecord, message: string): void {
  noteAnswer(draft, command, 'command.refused', `${command.request.kind}: ${message}`)
}

function noteAnswer(draft: Draft, { actor, request }: CommandRecord, kind: string, cause: string): void {
  const dagId = 'dagId' in request ? request.dagId : null
  draft.rows++
  draft.history.endCommand({
    kind,
    actor,
    // Words of a request, which names what it likes: no name of a Dag that was never there.
    dagId: dagId !== null && draft.dag(dagId) !== undefined ? dagId : null,
    cause: storable(cause),
  })
}

/** `null`: not done yet. */
function carryOut(draft: Draft, command: CommandRecord, request: CommandRequest): CommandAnswer | null {
  switch (request.kind) {
    case 'trigger':
      return trigger(draft, command, request)
    case 'pause':
    case 'unpause':
      return setPaused(draft, command, request.dagId, request.kind === 'pause')
    case 'set-pool':
      return setPool(draft, command, request)
    case 'delete-pool':
      return deletePool(draft, command, request.name)
    case 'drain':
    case 'resume':
      return setDraining(draft, command, request.kind === 'drain')
    case 'clear':
    case 'mark':
    case 'mark-run':
    case 'cancel':
    case 'compensate':
    case 'note':
    case 'delete-run':
      return takeRunCommand(draft, command, request)
    case 'redrive':
      return redrive(draft, command, request)
    case 'discard-letters':
      return discardLetters(draft, command, request)
    case 'delete-dag':
      return deleteDag(draft, command, request.dagId)
    case 'set-variable':
    case 'delete-variable':
    case 'set-connection':
    case 'delete-connection':
      return takeValueCommand(draft, command, request)
    default:
      // A newer program may have put it there.
      return refuse(
        'unknown-command',
        `this scheduler does not know the command "${(request as CommandRequest).kind}"; upgrade it`,
      )
  }
}

function setPaused(draft: Draft, command: CommandRecord, dagId: string, isPaused: boolean): CommandAnswer {
  const dag = draft.dag(dagId)
  if (dag === undefined) return unknownDag(draft, dagId)
  if (dag.record.isPaused !== isPaused) {
    const catchup = dag.graph.schedule.catchup
    // Without catchup an unpaused Dag fires at its next tick, never at once for one it missed (airflow-behaviour 4.6).
    const scheduleSince = isPaused || catchup ? dag.record.scheduleSince : draft.now
    pauseDag(draft, { ...dag, record: { ...dag.record, isPaused, scheduleSince } })
    draft.event({ kind: isPaused ? 'dag.paused' : 'dag.unpaused', actor: command.actor, dagId })
  }
  return accept({ dag_id: dagId, is_paused: isPaused })
}

function pauseDag(draft: Draft, dag: DagMemory): void {
  plan(draft, dag)
  if (!dag.record.isPaused) {
    draft.freed.add(`paused:${dag.record.dagId}`)
    draft.dagsToAdvance.add(dag.record.dagId)
  }
}

function setPool(
  draft: Draft,
  command: CommandRecord,
  request: Extract<CommandRequest, { kind: 'set-pool' }>,
): CommandAnswer {
  const { name, slots } = request
  if (!/^[\w.-]{1,250}$/.test(name))
    return refuse('bad-pool', `"${name}" is no pool name: use letters, digits, _ - and .`)
  if (!Number.isInteger(slots) || slots < -1 || slots > 1_000_000) {
    return refuse('bad-pool', `${slots} slots: give a whole number from 0, or -1 for unlimited`)
  }
  if (request.description !== undefined && !isStorable(request.description)) {
    return refuse('bad-pool', 'the description holds a NUL or half of a character; leave it out')
  }
  const before = draft.pool(name)
  draft.setPool({ name, slots, description: request.description ?? before?.description ?? null })
  draft.freed.add(poolKey(name))
  draft.event({ kind: 'pool.set', actor: command.actor, cause: `${name}: ${slots} slots` })
  for (const [file, lacking] of new Map([...draft.memory.lackingPool, ...draft.lackingPool])) {
    if (lacking === null) continue
    takeDagFile(draft, { type: 'parsed', file, ...lacking, warnings: [], at: draft.now })
  }
  return accept({ name, slots })
}

function deletePool(draft: Draft, command: CommandRecord, name: string): CommandAnswer {
  if (draft.pool(name) === undefined) return refuse('pool-not-found', `there is no pool "${name}"`)
  if (name === draft.memory.defaults.pool)
    return refuse('bad-pool', `"${name}" is the pool of every task that names none; it stays`)
  for (const dag of draft.allDags()) {
    const user = dag.record.isActive ? dag.graph.tasks.find((task) => task.pool === name) : undefined
    if (user !== undefined) {
      return refuse(
        'pool-in-use',
        `task "${user.taskId}" of Dag "${dag.record.dagId}" uses the pool "${name}"; give it another first`,
      )
    }
  }
  const held = draft.usageOf(poolKey(name))
  if (held > 0) {
    return refuse(
      'pool-in-use',
      `${held} slots of the pool "${name}" are in use; try again when those tries have ended`,
    )
  }
  const waiting = unfinishedUser(draft, name)
  if (waiting !== null) {
    return refuse(
      'pool-in-use',
      `task "${waiting.taskId}" of run "${waiting.run.runId}" of Dag "${waiting.run.dagId}" uses the pool "${name}" and has not ended, or may have to be undone; ` +
        'wait for the run, or cancel it',
    )
  }
  draft.deletePool(name)
  draft.event({ kind: 'pool.deleted', actor: command.actor, cause: name })
  return accept({ name })
}

/** A task of an unfinished run that needs the pool, or may to be undone, whatever version the run is pinned to, also of a Dag that is gone. */
function unfinishedUser(draft: Draft, pool: string): { run: RunRecord; taskId: string } | null {
  for (const id of new Set([...draft.memory.runs.keys(), ...draft.memory.parked.keys(), ...draft.runs.keys()])) {
    const run = draft.run(id)
    if (run === undefined || draft.endedRuns.has(id) || FINISHED_RUN_STATES.has(run.record.state)) continue
    const user = run.graph.tasks.find(
      ({ pool: own, index }) =>
        own === pool && (!FINISHED_TI_STATES.has(run.ti(index)?.state ?? 'none') || canBeUndone(run, index, false)),
    )
    if (user !== undefined) return { run: run.record, taskId: user.taskId }
  }
  for (const dag of draft.allDags()) {
    for (const record of dag.queued) {
      const user = draft.graph(record.versionId).tasks.find((task) => task.pool === pool)
      if (user !== undefined && draft.run(record.id) === undefined) return { run: record, taskId: user.taskId }
    }
  }
  return null
}

function setDraining(draft: Draft, command: CommandRecord, draining: boolean): CommandAnswer {
  if ((draft.newDraining ?? draft.memory.draining) !== draining) {
    draft.newDraining = draining
    draft.event({ kind: draining ? 'scheduler.draining' : 'scheduler.resumed', actor: command.actor })
    if (draining) recallWaiting(draft)
    else {
      draft.freed.add(DRAINING)
      for (const dag of draft.allDags()) draft.dagsToAdvance.add(dag.record.dagId)
    }
  }
  return accept({ draining, running: draft.memory.executions.size })
}

/** What was queued ahead of slots has not begun: it comes back, and is queued anew after the drain. */
function recallWaiting({ memory, cancels }: Draft): void {
  const keys = [...memory.executions.values()]
    .filter(({ tryRecord }) => tryRecord.startDate === null)
    .map(({ record: { tiId, tryNumber } }) => ({ tiId, tryNumber }))
  if (keys.length > 0) cancels.push({ keys, reason: { by: DRAIN, ifWaiting: true } })
}
