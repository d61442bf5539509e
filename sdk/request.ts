/**
 * `request`: Node's `fetch` with what a task needs around it. It carries the idempotency key and the correlation id, ends
 * with the try, and an answer that is no success is an error that says what was answered.
 */
import { brand } from './brand.ts'
import { currentScope, type Scope } from './task-context.ts'

export interface RequestOptions extends RequestInit {
  /** Sent as JSON; the method is then POST unless another one is given. */
  readonly json?: unknown
  /**
   * The key of the task instance unless given. Each request of a task that changes something needs one of its own; `null`
   * sends none.
   */
  readonly idempotencyKey?: string | null | undefined
}

/** The answer was no success (2xx), or there was none. */
export class HttpError extends Error {
  override readonly name = 'HttpError'
  /** `null`: no answer came. */
  readonly status: number | null
  /** The first part of what was answered. */
  readonly body: string

  constructor(message: string, status: number | null, body: string, options?: ErrorOptions) {
    super(message, options)
    this.status = status
    this.body = body
    brand(this, 'error', 'http')
  }
}

/** Methods that change nothing: no key is needed to send them twice. */
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE'])
const MOST_BODY = 2_000
const MOST_BODY_IN_MESSAGE = 500

/**
 * Within a task: `fetch` with the headers `Idempotency-Key` (unless the method is safe) and `X-Correlation-Id` (that of the
 * run, else its run id), the signal of the try, and an `HttpError` for any answer that is no success.
 *
 * ```ts
 * const answer = await request('https://pay.example/charges', { json: { amount } })
 * const { id } = (await answer.json()) as { id: string }
 * ```
 */
export async function request(url: string | URL, options: RequestOptions = {}): Promise<Response> {
  const scope = currentScope()
  if (scope === undefined) {
    throw new Error('request() was called outside a running task. Call it inside a handler, or use fetch.')
  }
  const { context } = scope
  const { json, idempotencyKey, ...rest } = options
  const method = (rest.method ?? (json === undefined ? 'GET' : 'POST')).toUpperCase()
  const headers = new Headers(rest.headers)
  const body = json === undefined ? rest.body : JSON.stringify(json)
  if (json !== undefined && !headers.has('content-type')) headers.set('content-type', 'application/json')
  if (!headers.has('x-correlation-id'))
    headers.set('x-correlation-id', sendable(context.correlationId ?? context.runId))
  const key = headers.get('idempotency-key') ?? (idempotencyKey === undefined ? context.idempotencyKey : idempotencyKey)
  if (key !== null && !SAFE.has(method)) {
    claimKey(scope, key, { method, place: String(url), body })
    headers.set('idempotency-key', sendable(key))
  }
  const signal = rest.signal == null ? context.signal : AbortSignal.any([context.signal, rest.signal])
  const what = `${method} ${placeOf(url)}`
  let answer: Response
  try {
    answer = await fetch(url, { ...rest, method, headers, signal, ...(body == null ? {} : { body }) })
  } catch (error) {
    signal.throwIfAborted()
    throw new HttpError(`${what} failed: ${causeOf(error)}`, null, '', { cause: error })
  }
  if (answer.ok) return answer
  const text = await beginningOf(answer)
  const shown = text.length > MOST_BODY_IN_MESSAGE ? `${text.slice(0, MOST_BODY_IN_MESSAGE)}...` : text
  const status = `${answer.status} ${answer.statusText}`.trim()
  throw new HttpError(`${what} was answered ${status}${shown === '' ? '' : `: ${shown}`}`, answer.status, text)
}

interface Sent {
  readonly method: string
  readonly place: string
  readonly body: unknown
}

const sentBy = new WeakMap<Scope, Map<string, Sent>>()

/** The other side takes a second request with a key for the first one sent again, and does nothing. */
function claimKey(scope: Scope, key: string, sent: Sent): void {
  const keys = sentBy.get(scope) ?? new Map<string, Sent>()
  sentBy.set(scope, keys)
  const first = keys.get(key)
  keys.set(key, first ?? sent)
  if (first === undefined) return
  if (first.method === sent.method && first.place === sent.place && first.body === sent.body) return
  throw new Error(
    `This try has sent ${first.method} ${placeOf(first.place)} with the idempotency key "${key}" and would now send another ${sent.method} ${placeOf(sent.place)} with it, which may be taken for the same one. ` +
      `Give it its own, as in { idempotencyKey: \`\${getContext().idempotencyKey}/mail\` }, or null where doing it twice does no harm.`,
  )
}

/** Without what may be secret. */
function placeOf(url: string | URL): string {
  try {
    const { origin, pathname } = new URL(url)
    return `${origin}${pathname}`
  } catch {
    return JSON.stringify(String(url).slice(0, 200))
  }
}

/** Headers carry ASCII. */
function sendable(text: string): string {
  return /^[\x20-\x7e]*$/.test(text) ? text : encodeURIComponent(text)
}

/** `fetch failed` says nothing; what it wraps does. */
function causeOf(error: unknown): string {
  const cause: unknown = error instanceof Error ? (error.cause ?? error) : error
  if (!(cause instanceof Error)) return String(cause)
  if (cause instanceof AggregateError) return cause.errors.map(causeOf).join('; ')
  return cause.message === '' ? cause.name : cause.message
}

async function beginningOf(answer: Response): Promise<string> {
  const reader = answer.body?.getReader()
  if (reader === undefined) return ''
  const decoder = new TextDecoder()
  let text = ''
  try {
    while (text.length < MOST_BODY) {
      const { done, value } = await reader.read()
      if (done) break
      text += decoder.decode(value as Uint8Array, { stream: true })
    }
    await reader.cancel()
  } catch {
    // The answer broke off; its status is what counts.
  }
  return text.slice(0, MOST_BODY)
}
