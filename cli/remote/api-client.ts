/**
 * Requests to the REST API of a server elsewhere. Invariants: the token goes to that server only (no redirect is
 * followed); every answer that is not what was asked for becomes a `CommandFailure` with its remedy.
 */
import { CommandFailure, EXIT_USAGE } from '../command-failure.ts'
import { safeText } from '../terminal/safe-text.ts'

export interface Server {
  readonly url: string
  readonly token: string | null
}

type Query = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>
type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE'

export interface ApiClient {
  /** `path` below `/api/v2`, from `apiPath`. */
  get<T>(path: string, query?: Query): Promise<T>
  /** `null` where it answers 404. */
  find<T>(path: string, query?: Query): Promise<T | null>
  send<T>(method: Exclude<Method, 'GET'>, path: string, body?: unknown): Promise<T>
}

const PATIENCE_MS = 30_000

/** `apiPath('dags', dagId)` is `/dags/<encoded>`. */
export function apiPath(...parts: readonly (string | number)[]): string {
  return parts.map((part) => `/${encodeURIComponent(part)}`).join('')
}

/** Throws when the address is none. */
export function apiClient(server: Server): ApiClient {
  const base = baseOf(server.url)

  async function ask(method: Method, path: string, query: Query, body: unknown): Promise<Answer> {
    const url = new URL(`${base}/api/v2${path}`)
    for (const [name, value] of Object.entries(query)) {
      if (value === undefined) continue
      for (const one of Array.isArray(value) ? (value as readonly string[]) : [value]) {
        url.searchParams.append(name, String(one))
      }
    }
    const init: RequestInit = { method, redirect: 'manual', signal: AbortSignal.timeout(PATIENCE_MS) }
    const headers = new Headers({ accept: 'application/json' })
    if (server.token !== null) headers.set('authorization', `Bearer ${server.token}`)
    if (body !== undefined) {
      headers.set('content-type', 'application/json')
      init.body = JSON.stringify(body)
    }
    try {
      const response = await fetch(url, { ...init, headers })
      return { status: response.status, text: await response.text(), location: response.headers.get('location') }
    } catch (error) {
      throw new CommandFailure(
        `${base} did not answer: ${reasonOf(error)}`,
        'Check --url (TRADEWIND_URL), and that the program runs there.',
      )
    }
  }

  function valueIn<T>(answer: Answer): T {
    if (answer.status === 204) return null as T
    if (answer.status === 200 || answer.status === 201) {
      const value = parse(answer.text)
      if (value !== undefined) return value as T
    }
    throw failureOf(base, answer, server.token !== null)
  }

  return {
    get: async (path, query = {}) => valueIn(await ask('GET', path, query, undefined)),
    find: async (path, query = {}) => {
      const answer = await ask('GET', path, query, undefined)
      return answer.status === 404 && detailOf(answer.text) !== null ? null : valueIn(answer)
    },
    send: async (method, path, body) => valueIn(await ask(method, path, {}, body)),
  }
}

interface Answer {
  readonly status: number
  readonly text: string
  readonly location: string | null
}

function failureOf(base: string, { status, text, location }: Answer, hasToken: boolean): CommandFailure {
  const detail = detailOf(text)
  if (location !== null && status >= 300 && status < 400) {
    return new CommandFailure(`${base} sends on to ${safeText(location)}.`, 'Give that address with --url.')
  }
  if (detail === null) {
    return new CommandFailure(
      `${base} answered ${status}, and not as Tradewind does.`,
      'Check --url (TRADEWIND_URL): it is the address of the page, without a path.',
    )
  }
  switch (status) {
    case 202:
      return new CommandFailure(detail, 'It is carried out when the scheduler comes to it, within five minutes.')
    case 401:
      return new CommandFailure(
        `${base} does not know who you are: ${detail}`,
        hasToken
          ? 'The token is wrong, revoked or over. Make one there with: tradewind tokens create <name> --role operator'
          : 'Set TRADEWIND_TOKEN to a token, made there with: tradewind tokens create <name> --role operator',
      )
    case 403:
      return new CommandFailure(detail, 'The token has too small a role for this; make another with --role.')
    default:
      return new CommandFailure(detail)
  }
}

/** The text of an error body, or `null` where it is none of ours. */
function detailOf(text: string): string | null {
  const body = parse(text)
  if (typeof body !== 'object' || body === null || !('detail' in body)) return null
  const { detail } = body
  if (typeof detail === 'string') return safeText(detail).replace(/ (GET|PATCH) \/api\/v2\/.*$/, '')
  if (!Array.isArray(detail)) return null
  return detail
    .map((one: { loc?: unknown; msg?: unknown }) => safeText(`${String(one.loc)}: ${String(one.msg)}`))
    .join('\n')
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error.name === 'TimeoutError') return `nothing came within ${PATIENCE_MS / 1_000} s`
  if (error.cause instanceof AggregateError) return error.cause.errors.map(reasonOf).join('; ')
  return error.cause instanceof Error ? error.cause.message : error.message
}

function baseOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null
  const isPlain = url !== null && url.search === '' && url.hash === '' && url.username === '' && url.password === ''
  if (isPlain && /^https?:$/.test(url.protocol)) return url.href.replace(/\/+$/, '')
  throw new CommandFailure(
    `"${safeText(text)}" is no address of a server.`,
    'Give one such as https://tradewind.example.org with --url or TRADEWIND_URL.',
    EXIT_USAGE,
  )
}
