/** Sends a command to the scheduler's inbox and turns every way it can end into an answer or a failure with its remedy. */
import { userInfo } from 'node:os'
import type { CommandAnswer, CommandRequest } from '../core/records.ts'
import { type SubmitResult, submitCommand } from '../database/commands.ts'
import { CommandFailure } from './command-failure.ts'
import type { Pool } from './database-access.ts'

const PATIENCE_MS = 10_000
/** Taken later than this it would surprise whoever asked. */
const VALID_MS = 5 * 60_000

/** The value of the answer. Throws `CommandFailure` when it was refused, or nobody was there to take it. */
export async function submit(pool: Pool, request: CommandRequest): Promise<unknown> {
  const answer = await submitIfLed(pool, request)
  if (answer === null) {
    throw new CommandFailure('No scheduler is running on this database.', 'Start it with: npm start')
  }
  return acceptedValue(answer)
}

export function acceptedValue(answer: CommandAnswer): unknown {
  if (!answer.ok) throw new CommandFailure(`${answer.message} (${answer.code})`)
  return JSON.parse(answer.value) as unknown
}

/** `null`: no scheduler leads, and nothing was done. */
export async function submitIfLed(pool: Pool, request: CommandRequest): Promise<CommandAnswer | null> {
  const result = await submitAsUser(pool, request)
  switch (result.status) {
    case 'answered':
      return result.answer
    case 'pending':
      throw new CommandFailure(
        `The scheduler has not answered within ${PATIENCE_MS / 1_000} s; the command (number ${result.commandId}) waits.`,
        'It is carried out when the scheduler comes to it, within five minutes. Look again with: tradewind runs list',
      )
    case 'no-leader':
      return null
    case 'full':
      throw new CommandFailure('More than 10,000 commands wait for the scheduler.', 'Try again when it has caught up.')
  }
}

/** Every way it can end. */
export function submitAsUser(pool: Pool, request: CommandRequest): Promise<SubmitResult> {
  return submitCommand(pool, request, {
    actor: `user:${userName()}`,
    notAfter: Date.now() + VALID_MS,
    timeoutMs: PATIENCE_MS,
  })
}

function userName(): string {
  try {
    return userInfo().username
  } catch {
    // A uid without an entry in /etc/passwd, as in many containers.
    return String(process.getuid?.() ?? 'unknown')
  }
}
