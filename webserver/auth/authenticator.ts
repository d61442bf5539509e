/**
 * The seam for ways to sign in: each looks at a request and says who sends it. Single sign-on later is one more of
 * these (or a route that, having checked what the provider says, starts a session as `POST /auth/login` does).
 */
import type { FastifyRequest } from 'fastify'
import { secretHash } from '../../database/users/passwords.ts'
import { readSession, type SessionLimits } from '../../database/users/sessions.ts'
import { readToken } from '../../database/users/tokens.ts'
import type { Pool } from '../pool.ts'
import type { Identity } from '../request-identity.ts'
import { csrfToken, sessionCookie } from './cookies.ts'

export interface Authenticated {
  readonly identity: Identity
  /** What the browser sends by itself could be sent by any page: then changes need this in `X-CSRF-Token`. */
  readonly csrfToken: string | null
  /** `false` once it is over: asked now and then by connections that last. */
  isStillValid(): Promise<boolean>
}

export interface Authenticator {
  readonly name: string
  /** `null`: the request carries nothing that this one accepts. */
  authenticate(request: FastifyRequest): Promise<Authenticated | null>
}

export function sessionAuthenticator(pool: Pool, limits: SessionLimits): Authenticator {
  return {
    name: 'session',
    authenticate: async (request) => {
      const secret = sessionCookie(request)
      if (secret === null) return null
      const idHash = secretHash(secret)
      const session = await readSession(pool, idHash, limits)
      if (session === null) return null
      return {
        identity: { name: session.name, role: session.role },
        csrfToken: csrfToken(secret),
        // A socket of a page that nobody looks at is no use of the session.
        isStillValid: async () => (await readSession(pool, idHash, limits, false))?.role === session.role,
      }
    },
  }
}

export function tokenAuthenticator(pool: Pool): Authenticator {
  return {
    name: 'token',
    authenticate: async (request) => {
      const token = /^Bearer ([\w.~+/=-]+)$/i.exec(request.headers.authorization ?? '')?.[1]
      if (token === undefined) return null
      const found = await readToken(pool, token)
      if (found === null) return null
      return {
        identity: { name: found.name, role: found.role },
        csrfToken: null,
        isStillValid: async () => (await readToken(pool, token))?.role === found.role,
      }
    },
  }
}
