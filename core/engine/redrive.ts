/**
 * Dead letters, dealt with: redriven (the task instance runs again, with all below it; a failed compensation is tried again)
 * or discarded. Each letter is answered by itself: one that somebody dealt with before is refused, the others go on.
 * Invariant: of several letters of one run the effect is that of one clear, so none of them undoes another.
 */
import { planClear } from '../clear.ts'
import { tryKeyText } from '../ids.ts'
import type { Json } from '../json.ts'
import {
  type CommandAnswer,
  type CommandRecord,
  type CommandRequest,
  type DeadLetterRecord,
  type LetterName,
  MOST_LETTERS,
} from '../records.ts'
import { forwardTryOf } from '../saga.ts'
import { FINISHED_RUN_STATES } from '../states.ts'
import { isStorable } from '../storable-text.ts'
import { accept, refuse } from './answers.ts'
import { compensate, isBeingUndone } from './compensate-command.ts'
import { LEFT_BY_A_FAILURE } from './dead-letters.ts'
import type { Draft } from './draft.ts'
import { completeTis } from './make-tis.ts'
import { moveRun, type PlannedMove, planMove } from './newest-version.ts'
import { type ClearHow, clearIndexes } from './run-commands.ts'
import type { RunDraft } from './run-draft.ts'
import { changeOverride, inputsProblem } from './ti-overrides.ts'

type Redrive = Extract<CommandRequest, { kind: 'redrive' }>
type Discard = Extract<CommandRequest, { kind: 'discard-letters' }>

/** A tick that has become larger than this takes no further run: the rest is asked for again. */
const MOST_ROWS = 20_000
const LONGEST_REASON = 500

export function redrive(draft: Draft, { actor }: CommandRecord, request: Redrive): CommandAnswer {
  const { letters, inputs } = request
  const problem = lettersProblem(letters)
  if (problem !== null) return problem
  if (inputs !== undefined && letters.length > 1) {
    return refuse(
      'bad-letters',
      `changed arguments go with one letter, not with ${letters.length}; redrive it by itself`,
    )
  }
  const answer = new LetterAnswers(draft)
  for (const own of Map.groupBy(letters, ({ dagId, runId }) => JSON.stringify([dagId, runId])).values()) {
    const open = answer.openOf(own)
    const [first] = open
    if (first === undefined) continue
    const run = draft.findRun(first.dagId, first.runId)
    if (run === undefined) {
      answer.refuseAll(open, `there is no run "${first.runId}" of Dag "${first.dagId}"`)
      continue
    }
    if (draft.rows > MOST_ROWS) {
      answer.refuseAll(open, 'too much was asked for at once; redrive it again')
      continue
    }
    completeTis(draft, run)
    const refusal = redriveOf(draft, run, actor, request, open, answer)
    if (refusal !== null) return refusal
  }
  return accept({ redriven: answer.done, refused: answer.refused })
}

/** Letters of one run, all of them open. @returns a refusal of the whole command: it has one letter then. */
function redriveOf(
  draft: Draft,
  run: RunDraft,
  actor: string,
  { inputs, newKeys, newest }: Redrive,
  open: readonly LetterName[],
  answer: LetterAnswers,
): CommandAnswer | null {
  const named = answer.asTheyWereLeft(open, run)
  const isUndone = named.length > 0 && named.every(({ kind }) => kind === 'compensation')
  if (isBeingUndone(run)) {
    answer.refuseAll(
      named,
      `something that run "${run.record.runId}" did is being undone; redrive it when that has ended`,
    )
    return null
  }
  // Before anything of the run is changed.
  if (isUndone && !FINISHED_RUN_STATES.has(run.record.state)) {
    answer.refuseAll(
      named,
      `run "${run.record.runId}" is ${run.record.state}; what failed to be undone is tried again when it has ended`,
    )
    return null
  }
  const planned: PlannedMove = newest === true ? planMove(draft, run, !isUndone) : { ok: true, move: null }
  if (!planned.ok) {
    answer.refuseAll(named, planned.refusal.ok ? '' : planned.refusal.message)
    return null
  }
  const { move } = planned
  const graph = move?.graph ?? run.graph
  const letters = named.filter((letter) => {
    if (graph.indexOf.has(letter.taskId)) return true
    answer.refuse(
      letter,
      `the newest version of Dag "${letter.dagId}" has no task "${letter.taskId}"; redrive it without`,
    )
    return false
  })
  const [first] = letters
  if (first === undefined) return null
  const index = graph.indexOf.get(first.taskId)!
  const problem = inputs === undefined ? null : inputsProblem(graph.tasks[index]!, inputs)
  if (problem !== null) return refuse('bad-task-inputs', problem)
  const target = () => (move === null ? run : moveRun(draft, run, move, actor))
  const change = { newKeys: newKeys === true, ...(inputs === undefined ? {} : { inputs: new Map([[index, inputs]]) }) }
  if (isUndone) undoAgain(draft, target(), actor, letters, change, answer)
  else {
    const taskIds = letters.map(({ taskId }) => taskId)
    const plan = planClear(graph, move?.tis ?? run.allTis(), { ...BELOW, taskIds })
    if (!plan.ok) return refuse('task-not-found', plan.message)
    clearIndexes(draft, target(), actor, plan.indexes, { cause: 'redriven', ...change })
    answer.doneAll(letters)
  }
  return null
}

const BELOW = { upstream: false, downstream: true, onlyFailed: false, onlyRunning: false }

/** Compensations that failed: they are tried again, the tasks are not. */
function undoAgain(
  draft: Draft,
  run: RunDraft,
  actor: string,
  letters: readonly NamedTask[],
  { newKeys, inputs }: Pick<ClearHow, 'newKeys' | 'inputs'>,
  answer: LetterAnswers,
): void {
  const taskIds = [...new Set(letters.map(({ taskId }) => taskId))]
  const outcome = compensate(draft, run, actor, taskIds)
  if (!outcome.ok) {
    answer.refuseAll(letters, outcome.message)
    return
  }
  for (const taskId of taskIds) {
    const index = run.graph.indexOf.get(taskId)!
    const ownInputs = inputs?.get(index)
    changeOverride(draft, run, run.ti(index)!, {
      newLife: newKeys === true,
      ...(ownInputs === undefined ? {} : { inputs: ownInputs }),
    })
  }
  answer.doneAll(letters)
}

export function discardLetters(draft: Draft, { actor }: CommandRecord, { letters, reason }: Discard): CommandAnswer {
  const problem = lettersProblem(letters)
  if (problem !== null) return problem
  if (reason.trim() === '' || reason.length > LONGEST_REASON || !isStorable(reason)) {
    return refuse('bad-letters', `say why they are discarded, in 1 to ${LONGEST_REASON} characters without NUL`)
  }
  const answer = new LetterAnswers(draft)
  for (const { tiId, tryNumber, runId } of answer.openOf(letters)) {
    const { letter } = draft.rare.found.letters.get(tryKeyText({ tiId, tryNumber }))!
    draft.rare.settleLetter({ tiId, tryNumber, status: 'discarded', reason, actor, at: draft.now }, letter.dagRunId)
    draft.rows++
    const { dagRunId, dagId } = letter
    draft.event({ kind: 'letter.discarded', actor, dagRunId, dagId, tiId, tryNumber, cause: reason })
    answer.done.push({ ti_id: tiId, try_number: tryNumber, dag_run_id: runId })
  }
  return accept({ discarded: answer.done, refused: answer.refused })
}

function lettersProblem(letters: readonly LetterName[]): CommandAnswer | null {
  if (letters.length > 0 && letters.length <= MOST_LETTERS) return null
  return refuse('bad-letters', `${letters.length} letters in one command; name 1 to ${MOST_LETTERS}`)
}

/** A letter with what it names. */
interface NamedTask extends LetterName {
  readonly taskId: string
  readonly kind: DeadLetterRecord['kind']
}

/** What is said of each letter of a command. */
class LetterAnswers {
  readonly done: Json[] = []
  readonly refused: Json[] = []
  readonly #draft: Draft
  readonly #seen = new Set<string>()

  constructor(draft: Draft) {
    this.#draft = draft
  }

  refuse({ tiId, tryNumber }: LetterName, message: string): void {
    this.refused.push({ ti_id: tiId, try_number: tryNumber, message })
  }

  refuseAll(letters: readonly LetterName[], message: string): void {
    for (const letter of letters) this.refuse(letter, message)
  }

  /** Those that nobody has dealt with; the others are refused. */
  openOf(letters: readonly LetterName[]): LetterName[] {
    return letters.filter((name) => {
      const problem = this.#problemOf(name)
      this.#seen.add(JSON.stringify(name))
      if (problem !== null) this.refuse(name, problem)
      return problem === null
    })
  }

  #problemOf(name: LetterName): string | null {
    const { rare } = this.#draft
    if (this.#seen.has(JSON.stringify(name))) return 'the letter is named twice'
    const found = rare.found.letters.get(tryKeyText(name))
    if (found === undefined || found.letter.dagId !== name.dagId || this.#draft.isDeleted(found.letter.dagRunId)) {
      return `there is no dead letter of try ${name.tryNumber} of task instance ${name.tiId} of Dag "${name.dagId}"`
    }
    const outcome = found.outcome ?? rare.settled(name)
    if (outcome == null) return null
    const why = outcome.reason === null ? '' : ` (${outcome.reason})`
    return `the letter was ${outcome.status} by ${outcome.actor} at ${new Date(outcome.at).toISOString()}${why}`
  }

  /** Of open letters of a run those whose task instance is still as its try left it. */
  asTheyWereLeft(letters: readonly LetterName[], run: RunDraft): NamedTask[] {
    return letters.flatMap((name) => {
      const { taskId, kind } = this.#draft.rare.found.letters.get(tryKeyText(name))!.letter
      const index = run.graph.indexOf.get(taskId) ?? -1
      const ti = run.ti(index)
      if (ti?.id !== name.tiId) {
        this.refuse(name, `run "${name.runId}" has no task "${taskId}" any more; discard the letter`)
        return []
      }
      const forwardTry = forwardTryOf(ti, run.compensation(index))
      const isLeft =
        kind === 'compensation'
          ? ti.state === 'compensation_failed' && ti.tryNumber === name.tryNumber
          : LEFT_BY_A_FAILURE.has(ti.state) && forwardTry === name.tryNumber
      if (isLeft) return [{ ...name, taskId, kind }]
      this.refuse(name, `task "${taskId}" has moved on: it is ${ti.state} at try ${ti.tryNumber}; discard the letter`)
      return []
    })
  }

  doneAll(letters: readonly LetterName[]): void {
    for (const { tiId, tryNumber, runId } of letters) {
      this.done.push({ ti_id: tiId, try_number: tryNumber, dag_run_id: runId })
    }
  }
}
