/**
 * Who asks, and what a route asks of them. Invariant: `request.identity` is set by the sign-in hook (`webserver/auth/`) and
 * by nothing else; without one it is `null`.
 */
import type { FastifyRequest } from 'fastify'
import type { Role } from '../database/users/roles.ts'
import { EarlyReply } from './error-replies.ts'

export type { Role }

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
    /** Connections to it may be upgraded. */
    isSocket?: boolean
  }
}

/** `user:anna`, for the event log. Refuses with 401 who is not known. */
export function actorOf(request: FastifyRequest): string {
  if (request.identity === null)
    throw new EarlyReply(401, 'Sign in first, or send a token: Authorization: Bearer <token>.')
  return `user:${request.identity.name}`
}
