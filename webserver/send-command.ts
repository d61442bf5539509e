/**
 * Commands of the API: put into the inbox as the user's, waited for, and turned into an answer. Invariants: nothing here
 * changes a run by itself; a refusal has the HTTP status of its code; who sends the same request with the same
 * `Idempotency-Key` again gets the first answer, and nobody ever gets the answer to another request.
 */
import type { FastifyRequest } from 'fastify'
import { ERROR_CODES } from '../core/error-codes.ts'
import type { CommandRequest } from '../core/records.ts'
import { submitCommand } from '../database/commands.ts'
import { EarlyReply } from './error-replies.ts'
import { actorOf } from './request-identity.ts'
import type { WebServerParts } from './web-server-parts.ts'

const PATIENCE_MS = 5_000
/** Taken later than this it would surprise whoever asked. */
const VALID_MS = 5 * 60_000
const LONGEST_KEY = 200

const STATUS = new Map(ERROR_CODES.map((entry) => [entry.code, entry.status ?? 500]))

/** The value of the answer. Every other end is an `EarlyReply`: 202, 4xx, 503. */
export async function sendCommand(
  parts: WebServerParts,
  request: FastifyRequest,
  command: CommandRequest,
  /** Of a request that sends several of one kind: which of them this is. */
  part = 0,
): Promise<Readonly<Record<string, unknown>>> {
  const actor = actorOf(request)
  const key = idempotencyKey(request)
  const result = await submitCommand(parts.pool, command, {
    actor,
    ...(key === undefined ? {} : { idempotencyKey: nameOf(parts, request, actor, key, command.kind, part) }),
    notAfter: parts.now() + VALID_MS,
    timeoutMs: parts.commandPatienceMs ?? PATIENCE_MS,
  })
  switch (result.status) {
    case 'answered': {
      if (result.answer.ok) return JSON.parse(result.answer.value) as Record<string, unknown>
      const { code, message } = result.answer
      throw new EarlyReply(STATUS.get(code) ?? 500, sentence(message), { code, command_id: result.commandId })
    }
    case 'pending':
      throw new EarlyReply(
        202,
        `The scheduler has not answered yet; ask GET /api/v2/commands/${result.commandId} for the outcome.`,
        { command_id: result.commandId },
      )
    case 'no-leader':
      throw new EarlyReply(503, 'No scheduler is leading, so nothing was changed. Start one: npm start')
    case 'full':
      throw new EarlyReply(429, 'More than 10,000 commands wait for the scheduler. Try again when it has caught up.')
  }
}

function idempotencyKey(request: FastifyRequest): string | undefined {
  const key = request.headers['idempotency-key']
  if (key === undefined) return undefined
  if (typeof key !== 'string' || key === '' || key.length > LONGEST_KEY) {
    throw new EarlyReply(400, `The header Idempotency-Key must hold 1 to ${LONGEST_KEY} characters, once.`)
  }
  return key
}

/**
 * One key may name several commands of one request, two users may choose the same, and a client may by mistake use one for
 * two requests: then both are carried out. Keyed: the body may hold a secret, and a bare hash in the inbox would let who
 * reads the table try guesses.
 */
function nameOf(
  { secrets }: WebServerParts,
  request: FastifyRequest,
  actor: string,
  key: string,
  kind: string,
  part: number,
): string {
  const whole = JSON.stringify([actor, key, kind, request.method, request.url, request.body ?? null, part])
  return secrets.fingerprint(whole)
}

function sentence(text: string): string {
  const whole = /[.!?]$/.test(text) ? text : `${text}.`
  return `${whole.charAt(0).toUpperCase()}${whole.slice(1)}`
}
