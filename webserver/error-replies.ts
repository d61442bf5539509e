/**
 * Every answer that is not what was asked for, in Airflow's form, `{ "detail": ... }`. Invariant: no stack, statement or
 * secret reaches the client; what is our fault is logged and answered with 500.
 */
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

/** Ends a request early with this status and `{ detail }`; `extra` fields come beside it. */
export class EarlyReply extends Error {
  override readonly name = 'EarlyReply'
  readonly status: number
  readonly extra: Readonly<Record<string, unknown>>

  constructor(status: number, detail: string, extra: Readonly<Record<string, unknown>> = {}) {
    super(detail)
    this.status = status
    this.extra = extra
  }
}

/** SQLSTATE class 22: a value of the request that PostgreSQL cannot take (a NUL, a date out of range). */
const UNSTORABLE = /^22[0-9A-Z]{3}$/

/** SQLSTATE classes 08, 53, 57: no connection, no resources, cancelled (by the statement timeout) or shutting down. */
const UNANSWERED = /^(08|53|57)[0-9A-Z]{3}$/

/** What `pg` says without a code. */
const DISCONNECTED =
  /^(timeout exceeded when trying to connect|Connection terminated|Client has encountered a connection)/

const CANCELLED = '57014'

function isUnanswered(error: FastifyError & { readonly syscall?: string }): boolean {
  return UNANSWERED.test(error.code ?? '') || error.syscall === 'connect' || DISCONNECTED.test(error.message ?? '')
}

export function notFound(detail: string): EarlyReply {
  return new EarlyReply(404, detail)
}

/** Requests that never reach a route: an address that cannot be read, a part of it that is too long. */
export function replyToUnreadable(error: FastifyError, _request: FastifyRequest, reply: FastifyReply): void {
  void reply.code(error.statusCode ?? 400).send({ detail: error.message })
}

export function addErrorReplies(app: FastifyInstance, log: (line: string) => void): void {
  app.setNotFoundHandler(async (request, reply) => {
    await reply.code(404).send({ detail: `There is no ${request.method} ${request.url.split('?')[0] ?? ''} here.` })
  })

  app.setErrorHandler<FastifyError>(async (error, request, reply) => {
    if (error instanceof EarlyReply) {
      const retry = error.status === 503 ? { 'retry-after': '5' } : {}
      return reply
        .code(error.status)
        .headers(retry)
        .send({ detail: error.message, ...error.extra })
    }
    if (error.validation !== undefined) {
      const place = error.validationContext === 'querystring' ? 'query' : (error.validationContext ?? 'body')
      const detail = error.validation.map(({ keyword, instancePath, message }) => ({
        type: keyword,
        loc: [place === 'params' ? 'path' : place, ...instancePath.split('/').slice(1)],
        msg: message ?? 'not allowed',
      }))
      return reply.code(422).send({ detail })
    }
    if (UNSTORABLE.test(error.code ?? '')) {
      return reply
        .code(400)
        .send({ detail: 'The request holds a value that cannot be stored or looked for, such as a NUL.' })
    }
    if (isUnanswered(error)) {
      log(`${request.method} ${request.url}: ${error.message}`)
      const detail =
        error.code === CANCELLED
          ? 'The database took too long. Ask for less: a smaller limit, fewer filters, order_by id.'
          : 'The database does not answer. Try again in a moment.'
      return reply.code(503).header('retry-after', '5').send({ detail })
    }
    const status = typeof error.statusCode === 'number' && error.statusCode >= 400 ? error.statusCode : 500
    if (status < 500) return reply.code(status).send({ detail: error.message })
    log(`${request.method} ${request.url}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
    return reply.code(status).send({ detail: 'Internal error. The log of the program says more.' })
  })
}
