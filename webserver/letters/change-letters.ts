/**
 * Redriving and discarding dead letters: those that are chosen become as many commands as it takes, each of at most
 * `MOST_LETTERS`, and every letter gets an answer. Invariant: what was not answered in time is said to be pending, and
 * nothing is sent after it.
 */
import { type CommandRequest, type LetterName, MOST_LETTERS } from '../../core/records.ts'
import { type LetterWithRun, pageLetters } from '../../database/queries/dead-letters.ts'
import { lettersByKey } from '../../database/queries/letter-names.ts'
import type { ReadParts } from '../api-parts.ts'
import { EarlyReply, notFound } from '../error-replies.ts'
import type { LetterQuery } from '../schemas/dead-letter.ts'
import { letterId, readLetterId } from './letter-id.ts'
import { letterFilterOf } from './read-letters.ts'

/** Of one request. What fits beyond them is left for the next. */
export const MOST_OF_REQUEST = 1_000

/** Letters by name, or all open ones that a filter chooses. */
export interface LetterSelection {
  readonly ids?: readonly string[]
  readonly fingerprint?: string
  readonly filter?: LetterQuery
}

export interface LetterChange extends LetterSelection {
  readonly dry_run?: boolean
}

type LetterCommand = Extract<CommandRequest, { letters: unknown }>
/** Gives the value of the answer; `part` counts the commands of one change. Throws `EarlyReply`. */
type Send = (command: LetterCommand, part: number) => Promise<Readonly<Record<string, unknown>>>

/** `left`: not sent, because what was sent before it was not answered in time. */
type Outcome = 'planned' | 'done' | 'refused' | 'pending' | 'left'

interface Chosen {
  readonly letters: readonly LetterWithRun[]
  /** Ids that no letter has. */
  readonly unknown: readonly string[]
  /** There are more. */
  readonly isMore: boolean
}

export async function changeLetters(
  parts: Pick<ReadParts, 'pool'>,
  change: LetterChange,
  command: (letters: readonly LetterName[]) => LetterCommand,
  send: Send,
) {
  const chosen = await choose(parts.pool, change)
  const answers =
    change.dry_run === true
      ? new Map(chosen.letters.map((letter) => [letterId(letter), { outcome: 'planned' as Outcome, message: null }]))
      : await sendAll(chosen.letters, command, send)
  const letters = chosen.letters.map((letter) => ({
    id: letterId(letter),
    dag_id: letter.dagId,
    dag_run_id: letter.runId,
    task_id: letter.taskId,
    map_index: letter.mapIndex,
    kind: letter.kind,
    status: letter.status,
    ...(answers.get(letterId(letter)) ?? { outcome: 'left' as const, message: null }),
  }))
  const count = (outcome: Outcome) => letters.filter((letter) => letter.outcome === outcome).length
  return {
    dry_run: change.dry_run === true,
    letters,
    unknown: [...chosen.unknown],
    done: count('done'),
    refused: count('refused'),
    more: chosen.isMore || letters.some((letter) => letter.outcome === 'left'),
  }
}

async function choose(pool: ReadParts['pool'], { ids, fingerprint, filter }: LetterSelection): Promise<Chosen> {
  const isFiltered = fingerprint !== undefined || filter !== undefined
  if ((ids !== undefined) === isFiltered) {
    throw new EarlyReply(400, 'Say which letters: either ids, or a fingerprint, a filter or both.')
  }
  if (ids !== undefined) {
    const wanted = [...new Set(ids)]
    const letters = await lettersByKey(pool, wanted.map(readLetterId))
    const found = new Set(letters.map(letterId))
    const unknown = wanted.filter((id) => !found.has(id))
    if (letters.length > 0) return { letters, unknown, isMore: false }
    throw notFound(`There is no dead letter ${unknown[0]}. GET /api/v2/deadLetters lists them.`)
  }
  const query = { ...filter, ...(fingerprint === undefined ? {} : { fingerprint }) }
  if (Object.keys(query).length === 0) {
    throw new EarlyReply(400, 'The filter chooses nothing; name a Dag, a task, a fingerprint, a time or the like.')
  }
  const page = await letterFilterOf(pool, query)
  if (page === null) return { letters: [], unknown: [], isMore: false }
  const letters: LetterWithRun[] = []
  for (let cursor: Parameters<typeof pageLetters>[1]['cursor']; ; ) {
    const limit = MOST_OF_REQUEST - letters.length
    const found = await pageLetters(pool, { ...page, limit, ...(cursor === undefined ? {} : { cursor }) })
    letters.push(...found.letters)
    if (found.next === null || letters.length >= MOST_OF_REQUEST) {
      return { letters, unknown: [], isMore: found.next !== null }
    }
    cursor = found.next
  }
}

/** Refused as a whole where the first command is. */
async function sendAll(
  letters: readonly LetterWithRun[],
  command: (letters: readonly LetterName[]) => LetterCommand,
  send: Send,
): Promise<ReadonlyMap<string, { readonly outcome: Outcome; readonly message: string | null }>> {
  const answers = new Map<string, { readonly outcome: Outcome; readonly message: string | null }>()
  for (let at = 0; at < letters.length; at += MOST_LETTERS) {
    const some = letters.slice(at, at + MOST_LETTERS)
    const sayAll = (outcome: Outcome, message: string | null) => {
      for (const letter of some) answers.set(letterId(letter), { outcome, message })
    }
    try {
      const value = await send(command(some.map(named)), at / MOST_LETTERS)
      sayAll('done', null)
      for (const { id, message } of refusals(value.refused)) answers.set(id, { outcome: 'refused', message })
    } catch (error) {
      if (at === 0 || !(error instanceof EarlyReply)) throw error
      const isRefused = error.status >= 400 && error.status < 500
      sayAll(isRefused ? 'refused' : error.status === 202 ? 'pending' : 'left', error.message)
      if (!isRefused) return answers
    }
  }
  return answers
}

function named({ tiId, tryNumber, dagId, runId }: LetterWithRun): LetterName {
  return { tiId, tryNumber, dagId, runId }
}

function refusals(value: unknown): { readonly id: string; readonly message: string }[] {
  if (!Array.isArray(value)) return []
  return (value as { ti_id: number; try_number: number; message: string }[]).map((one) => ({
    id: letterId({ tiId: one.ti_id, tryNumber: one.try_number }),
    message: one.message,
  }))
}
