/** Sign-in as the web server adds it: headers, the check of every request, and the routes below `/auth`. */
import cookie from '@fastify/cookie'
import type { FastifyInstance } from 'fastify'
import type { SessionLimits } from '../../database/users/sessions.ts'
import type { Pool } from '../pool.ts'
import { addAccess } from './access.ts'
import { type Authenticator, sessionAuthenticator, tokenAuthenticator } from './authenticator.ts'
import { addSecurityHeaders } from './security-headers.ts'
import { signInRoutes } from './sign-in-routes.ts'

/** How people reach the server and how they sign in. */
export interface AccessOptions {
  /** `https://tradewind.example.org`, where people use another address than the one it listens on. */
  readonly baseUrl: string | null
  /** Addresses of proxies whose `X-Forwarded-For` is believed. */
  readonly trustedProxies: readonly string[]
  readonly sessions: SessionLimits
  /** Default: session cookie and bearer token. */
  readonly authenticators?: readonly Authenticator[]
}

const HOUR = 60 * 60 * 1_000

export const DEFAULT_ACCESS: AccessOptions = {
  baseUrl: null,
  trustedProxies: [],
  sessions: { idleMs: 12 * HOUR, longestMs: 7 * 24 * HOUR },
}

/** First of all plugins: its hook stands before every route registered after it. */
export function addSignIn(
  app: FastifyInstance,
  parts: { readonly pool: Pool; readonly access?: AccessOptions; log(line: string): void },
): void {
  const { pool, log, access = DEFAULT_ACCESS } = parts
  const { baseUrl, sessions } = access
  const authenticators = access.authenticators ?? [sessionAuthenticator(pool, sessions), tokenAuthenticator(pool)]
  void app.register(cookie)
  addAccess(app, { authenticators, baseUrl })
  addSecurityHeaders(app, baseUrl)
  app.register(signInRoutes, { prefix: '/auth', pool, baseUrl, sessions, log })
}
