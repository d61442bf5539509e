/**
 * The session cookie, and the CSRF token that goes with it: derived from the cookie's secret, so it needs no place of its
 * own and dies with the session. Invariant: scripts cannot read the cookie, other sites cannot send it with a change.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import '@fastify/cookie'
import type { FastifyReply, FastifyRequest } from 'fastify'

export const SESSION_COOKIE = 'tradewind_session'

export function sessionCookie(request: FastifyRequest): string | null {
  const header = request.headers.cookie
  if (header === undefined) return null
  const value = request.server.parseCookie(header)[SESSION_COOKIE]
  return value !== undefined && /^[\w-]{43}$/.test(value) ? value : null
}

/** `maxAgeMs` 0 takes it away. */
export function setSessionCookie(reply: FastifyReply, secret: string, isSecure: boolean, maxAgeMs: number): void {
  void reply.setCookie(SESSION_COOKIE, secret, {
    path: '/',
    httpOnly: true,
    sameSite: 'lax',
    secure: isSecure,
    maxAge: Math.floor(maxAgeMs / 1_000),
  })
}

export function csrfToken(secret: string): string {
  return createHash('sha256').update(`csrf:${secret}`).digest('base64url')
}

export function isSameText(one: string, other: string): boolean {
  const a = Buffer.from(one)
  const b = Buffer.from(other)
  return a.length === b.length && timingSafeEqual(a, b)
}
