/**
 * `/auth`: sign in and out, who am I, and short-lived tokens in Airflow's form. Invariants: what a name or a password is
 * wrong in is not told; attempts are limited by address and by name; each sign-in is a new session.
 */
import rateLimit from '@fastify/rate-limit'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { LONGEST_PASSWORD, secretHash } from '../../database/users/passwords.ts'
import { endSession, type SessionLimits, startSession } from '../../database/users/sessions.ts'
import { createToken } from '../../database/users/tokens.ts'
import { BusyError, checkSignIn, SIGN_IN_TOKEN } from '../../database/users/users.ts'
import { EarlyReply } from '../error-replies.ts'
import type { Pool } from '../pool.ts'
import { answers, Closed, ErrorBody, Nullable } from '../schemas/shapes.ts'
import { csrfToken, sessionCookie, setSessionCookie } from './cookies.ts'
import { isOwnOrigin } from './origin.ts'

export interface SignInOptions {
  readonly pool: Pool
  readonly baseUrl: string | null
  readonly sessions: SessionLimits
  readonly log: (line: string) => void
}

const TOKEN_LIFE_MS = 24 * 60 * 60 * 1_000
const MINUTE = 60_000
/**
 * By address: a person mistypes a few times. By name: guessing from many addresses stays slow; more than one address may
 * try in that time, so that nobody alone can keep somebody else out.
 */
const PER_ADDRESS = { max: 10, timeWindow: MINUTE }
const PER_NAME = { max: 60, timeWindow: 5 * MINUTE }

const Name = Type.String({ minLength: 1, maxLength: 100 })
const Password = Type.String({ minLength: 1, maxLength: LONGEST_PASSWORD })
const RoleName = Type.Union([Type.Literal('viewer'), Type.Literal('operator'), Type.Literal('admin')])
const Me = Closed({ name: Type.String(), role: RoleName, csrf_token: Nullable(Type.String()) })

export const signInRoutes: FastifyPluginAsyncTypebox<SignInOptions> = async (app, options) => {
  const { pool, baseUrl, sessions, log } = options
  const isSecure = baseUrl?.startsWith('https:') ?? false
  await app.register(rateLimit, { global: false })
  const byAddress = app.createRateLimit({ ...PER_ADDRESS, keyGenerator: (request) => `address:${request.ip}` })
  const byName = app.createRateLimit({
    ...PER_NAME,
    keyGenerator: (request) => `name:${nameIn(request.body)}`,
  })

  async function signIn(request: FastifyRequest, name: string, password: string) {
    for (const limit of [byAddress, byName]) {
      const state = await limit(request)
      if (!state.isAllowed && state.isExceeded) {
        log(`Sign-in of ${JSON.stringify(name)} from ${request.ip} refused: too many attempts`)
        throw new EarlyReply(429, `Too many attempts; try again in ${Math.ceil(state.ttl / 1_000)} s.`)
      }
    }
    let user: Awaited<ReturnType<typeof checkSignIn>>
    try {
      user = await checkSignIn(pool, name, password)
    } catch (error) {
      if (error instanceof BusyError) throw new EarlyReply(503, error.message)
      throw error
    }
    if (user !== null) return user
    log(`Sign-in of ${JSON.stringify(name)} from ${request.ip} failed`)
    throw new EarlyReply(401, 'Name or password is wrong, or the user is disabled.')
  }

  app.post(
    '/login',
    {
      config: { role: null },
      schema: { tags: ['Sign-in'], body: Closed({ name: Name, password: Password }), response: answers(Me) },
    },
    async (request, reply) => {
      if (!isOwnOrigin(request, baseUrl)) throw new EarlyReply(403, 'This request comes from another site.')
      const user = await signIn(request, request.body.name, request.body.password)
      const earlier = sessionCookie(request)
      if (earlier !== null) await endSession(pool, secretHash(earlier))
      const secret = await startSession(pool, user.name, sessions)
      setSessionCookie(reply, secret, isSecure, sessions.longestMs)
      void reply.header('cache-control', 'no-store')
      return { name: user.name, role: user.role, csrf_token: csrfToken(secret) }
    },
  )

  app.post(
    '/logout',
    {
      config: { role: 'viewer' },
      schema: { tags: ['Sign-in'], response: { 204: Type.Null(), '4xx': ErrorBody, '5xx': ErrorBody } },
    },
    async (request, reply) => {
      const secret = sessionCookie(request)
      if (secret !== null) await endSession(pool, secretHash(secret))
      setSessionCookie(reply, '', isSecure, 0)
      return reply.code(204).send(null)
    },
  )

  app.get(
    '/me',
    { config: { role: 'viewer' }, schema: { tags: ['Sign-in'], response: answers(Me) } },
    async (request, reply) => {
      void reply.header('cache-control', 'no-store')
      const { identity, csrfToken: token } = request.authenticated!
      return { name: identity.name, role: identity.role, csrf_token: token }
    },
  )

  app.post(
    '/token',
    {
      config: { role: null },
      schema: {
        tags: ['Sign-in'],
        body: Closed({ username: Name, password: Password }),
        response: { 201: Closed({ access_token: Type.String() }), '4xx': ErrorBody, '5xx': ErrorBody },
      },
    },
    async (request, reply) => {
      const user = await signIn(request, request.body.username, request.body.password)
      const made = await createToken(pool, {
        name: SIGN_IN_TOKEN,
        role: user.role,
        owner: user.name,
        lifeMs: TOKEN_LIFE_MS,
      })
      return reply.code(201).header('cache-control', 'no-store').send({ access_token: made.token })
    },
  )
}

function nameIn(body: unknown): string {
  if (typeof body !== 'object' || body === null) return ''
  const { name, username } = body as { name?: unknown; username?: unknown }
  const given = name ?? username
  return typeof given === 'string' ? given.slice(0, 100) : ''
}
