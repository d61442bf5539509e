/**
 * Redriving and discarding dead letters: as many commands as it takes, each of at most `MOST_LETTERS`, and an answer for
 * each letter. Invariant: what was not answered in time is said to be pending, and nothing is sent after it.
 */
import type { FastifyRequest } from 'fastify'
import { type CommandRequest, type LetterName, MOST_LETTERS } from '../core/records.ts'
import { EarlyReply } from './error-replies.ts'
import { sendCommand } from './send-command.ts'
import type { WebServerParts } from './web-server-parts.ts'

/** Of one request. */
export const MOST_OF_REQUEST = 1_000

/** `left`: not sent, because what was sent before it was not answered in time. */
type LetterOutcome = 'done' | 'refused' | 'pending' | 'left'

interface LetterAnswer {
  readonly outcome: LetterOutcome
  readonly message: string | null
}

/** `<ti_id>-<try_number>` */
function letterId({ tiId, tryNumber }: Pick<LetterName, 'tiId' | 'tryNumber'>): string {
  return `${tiId}-${tryNumber}`
}

/** By id of the letter. Refused as a whole where the first command is. */
export async function changeLetters(
  parts: WebServerParts,
  request: FastifyRequest,
  letters: readonly LetterName[],
  command: (letters: readonly LetterName[]) => Extract<CommandRequest, { letters: unknown }>,
): Promise<ReadonlyMap<string, LetterAnswer>> {
  const answers = new Map<string, LetterAnswer>()
  const sayAll = (some: readonly LetterName[], answer: LetterAnswer) => {
    for (const letter of some) answers.set(letterId(letter), answer)
  }
  for (let at = 0; at < letters.length; at += MOST_LETTERS) {
    const some = letters.slice(at, at + MOST_LETTERS)
    try {
      const value = await sendCommand(parts, request, command(some), at / MOST_LETTERS)
      sayAll(some, { outcome: 'done', message: null })
      for (const one of refusals(value.refused)) answers.set(one.id, { outcome: 'refused', message: one.message })
    } catch (error) {
      if (at === 0 || !(error instanceof EarlyReply)) throw error
      sayAll(some, { outcome: error.status === 202 ? 'pending' : 'refused', message: error.message })
      if (error.status < 400 || error.status >= 500) {
        sayAll(letters.slice(at + MOST_LETTERS), { outcome: 'left', message: null })
        return answers
      }
    }
  }
  return answers
}

function refusals(value: unknown): { readonly id: string; readonly message: string }[] {
  if (!Array.isArray(value)) return []
  return (value as { ti_id: number; try_number: number; message: string }[]).map((one) => ({
    id: letterId({ tiId: one.ti_id, tryNumber: one.try_number }),
    message: one.message,
  }))
}
