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
  type LetterName,
  MOST_LETTERS,
} from '../records.ts'
import { isStorable } from '../storable-text.ts'
import { accept, refuse } from './answers.ts'
import { isBeingUndone } from './compensate-command.ts'
import type { Draft } from './draft.ts'
import { completeTis } from './make-tis.ts'
import { clearIndexes } from './run-commands.ts'
import type { RunDraft } from './run-draft.ts'
import { inputsProblem } from './ti-overrides.ts'

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
    if (isBeingUndone(run)) {
      answer.refuseAll(open, `something that run "${first.runId}" did is being undone; redrive it when that has ended`)
      continue
    }
    if (draft.rows > MOST_ROWS) {
      answer.refuseAll(open, 'too much was asked for at once; redrive it again')
      continue
    }
    completeTis(draft, run)
    const refusal = redriveOf(draft, run, actor, request, answer.ofRun(open, run))
    if (refusal !== null) return refusal
  }
  return accept({ redriven: answer.done, refused: answer.refused })
}

/** Letters of one run, all of them open. @returns a refusal of the whole command. */
function redriveOf(
  draft: Draft,
  run: RunDraft,
  actor: string,
  { inputs, newKeys }: Redrive,
  letters: readonly TaskOfLetter[],
): CommandAnswer | null {
  const [first] = letters
  if (first === undefined) return null
  if (inputs !== undefined) {
    const problem = inputsProblem(run.graph.tasks[first.index]!, inputs)
    if (problem !== null) return refuse('bad-task-inputs', problem)
  }
  const taskIds = letters.map(({ index }) => run.graph.tasks[index]!.taskId)
  const plan = planClear(run.graph, run.allTis(), {
    taskIds,
    upstream: false,
    downstream: true,
    onlyFailed: false,
    onlyRunning: false,
  })
  if (!plan.ok) return refuse('task-not-found', plan.message)
  clearIndexes(draft, run, actor, plan.indexes, {
    cause: 'redriven',
    newKeys: newKeys === true,
    ...(inputs === undefined ? {} : { inputs: new Map([[first.index, inputs]]) }),
  })
  return null
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

interface TaskOfLetter {
  readonly letter: LetterName
  readonly index: number
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

  /** Of open letters of a run those whose task instance is still as its try left it; those are answered as done. */
  ofRun(letters: readonly LetterName[], run: RunDraft): TaskOfLetter[] {
    const indexes = new Map(run.allTis().map((ti, index) => [ti.id, index]))
    return letters.flatMap((letter) => {
      const index = indexes.get(letter.tiId)
      const ti = index === undefined ? undefined : run.ti(index)
      if (index === undefined || ti === undefined) {
        this.refuse(letter, `run "${letter.runId}" has no task instance ${letter.tiId} any more`)
        return []
      }
      if (ti.state !== 'failed' || ti.tryNumber !== letter.tryNumber) {
        this.refuse(
          letter,
          `task "${ti.taskId}" has moved on: it is ${ti.state} at try ${ti.tryNumber}; discard the letter`,
        )
        return []
      }
      this.done.push({ ti_id: letter.tiId, try_number: letter.tryNumber, dag_run_id: letter.runId })
      return [{ letter, index }]
    })
  }
}
