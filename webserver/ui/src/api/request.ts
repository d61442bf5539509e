/**
 * The one way to the API: JSON there and back, the token against forged requests with every change, and errors as
 * `ApiError` with the words the server found. A lost session is told to whoever listens, so that the page asks to sign in.
 */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

export const API = '/api/v2'
export const SESSION_LOST = 'tradewind:session-lost'
/** A command was not answered at once; whoever sent it goes on waiting. */
export const COMMAND_WAITS = 'tradewind:command-waits'
const ASK_EVERY_MS = 1_000
/** The server gives a command so long to be taken. */
const COMMAND_VALID_MS = 5 * 60_000

let csrfToken: string | null = null

export function setCsrfToken(token: string | null): void {
  csrfToken = token
}

export type Query = Readonly<Record<string, string | number | boolean | readonly string[] | null | undefined>>

export function withQuery(path: string, query: Query = {}): string {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value === null || value === undefined || value === '') continue
    for (const one of Array.isArray(value) ? value : [value]) search.append(name, String(one))
  }
  const text = search.toString()
  return text === '' ? path : `${path}?${text}`
}

export function get<T>(path: string, query?: Query, signal?: AbortSignal): Promise<T> {
  return send<T>('GET', withQuery(path, query), undefined, signal)
}

export function post<T>(path: string, body: unknown = {}): Promise<T> {
  return send<T>('POST', path, body)
}

export function patch<T>(path: string, body: unknown): Promise<T> {
  return send<T>('PATCH', path, body)
}

export function remove(path: string): Promise<unknown> {
  return send('DELETE', path)
}

async function send<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const headers: Record<string, string> = { accept: 'application/json' }
  if (body !== undefined) headers['content-type'] = 'application/json'
  if (method !== 'GET') {
    headers['idempotency-key'] = randomKey()
    if (csrfToken !== null) headers['x-csrf-token'] = csrfToken
  }
  let response: Response
  try {
    response = await fetch(path, {
      method,
      headers,
      credentials: 'same-origin',
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    })
  } catch (error) {
    if (signal?.aborted) throw error
    throw new ApiError(0, 'The server does not answer. Is Tradewind running?')
  }
  const text = await response.text()
  const answer: unknown = text === '' ? null : parse(text)
  if (response.status === 202) return (await outcomeOf(answer)) as T
  if (response.ok) return answer as T
  if (response.status === 401) window.dispatchEvent(new Event(SESSION_LOST))
  throw new ApiError(
    response.status,
    detailOf(answer) ?? `The server answered ${response.status} ${response.statusText}.`,
  )
}

interface Command {
  readonly state: 'pending' | 'done' | 'refused'
  readonly value: unknown
  readonly detail: string | null
}

/** The command waits for the scheduler: followed until it is answered, or too old to be taken. */
async function outcomeOf(pending: unknown): Promise<unknown> {
  const id = (pending as { readonly command_id?: unknown } | null)?.command_id
  if (typeof id !== 'number') return pending
  window.dispatchEvent(new Event(COMMAND_WAITS))
  const until = Date.now() + COMMAND_VALID_MS
  while (Date.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS))
    const command = await send<Command>('GET', `${API}/commands/${id}`)
    if (command.state === 'done') return command.value
    if (command.state === 'refused') throw new ApiError(409, command.detail ?? 'It was refused.')
  }
  throw new ApiError(504, `No scheduler has taken command ${id} for five minutes; it is not taken any more.`)
}

/** The page shows states as they are: what is said to clients made for Airflow in their place goes no further. */
function parse(text: string): unknown {
  try {
    return text.includes('"exact_state"') ? JSON.parse(text, withExactState) : JSON.parse(text)
  } catch {
    return text
  }
}

function withExactState(_name: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('exact_state' in value)) return value
  return { ...value, state: value.exact_state }
}

/** Airflow's error body: a sentence, or a list of what was wrong with each field. */
function detailOf(answer: unknown): string | null {
  if (typeof answer !== 'object' || answer === null || !('detail' in answer)) return null
  const { detail } = answer
  if (typeof detail === 'string') return detail
  if (!Array.isArray(detail)) return JSON.stringify(detail)
  return detail
    .map((one: unknown) => {
      if (typeof one !== 'object' || one === null) return String(one)
      const { msg, loc } = one as { msg?: unknown; loc?: unknown }
      const place = Array.isArray(loc) ? `${loc.join('.')}: ` : ''
      return typeof msg === 'string' ? `${place}${msg}` : JSON.stringify(one)
    })
    .join('\n')
}

/** `crypto.randomUUID` exists only on https and localhost. */
function randomKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
