/**
 * Who asks, and what a route asks of them. Invariant: `request.identity` is set by the sign-in hook (`webserver/auth/`) and
 * by nothing else; without one it is `null`.
 */
import type { FastifyRequest } from 'fastify'
import { EarlyReply } from './error-replies.ts'

/** Each may do what the ones before it may. */
export const ROLES = ['viewer', 'operator', 'admin'] as const
export type Role = (typeof ROLES)[number]

export interface Identity {
  readonly name: string
  readonly role: Role
}

declare module 'fastify' {
  interface FastifyRequest {
    identity: Identity | null
  }
  interface FastifyContextConfig {
    /** Least role that may use the route; `null`: open to all. */
    role?: Role | null
  }
}

/** `user:anna`, for the event log. Refuses with 401 who is not known. */
export function actorOf(request: FastifyRequest): string {
  if (request.identity === null)
    throw new EarlyReply(401, 'Sign in first, or send a token: Authorization: Bearer <token>.')
  return `user:${request.identity.name}`
}
