/**
 * Who may use which route. Invariants: a route that does not name its role keeps the server from starting; every request to
 * a route that is not open has an identity with at least that role before its body is read; a change asked for with a
 * cookie has the CSRF token and comes from our own page.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { includesRole } from '../../database/users/roles.ts'
import { EarlyReply } from '../error-replies.ts'
import type { Role } from '../request-identity.ts'
import type { Authenticated, Authenticator } from './authenticator.ts'
import { isSameText } from './cookies.ts'
import { isOwnHost } from './host.ts'
import { isOwnOrigin } from './origin.ts'

export interface RouteRole {
  readonly method: string
  readonly url: string
  readonly role: Role | null
}

declare module 'fastify' {
  interface FastifyRequest {
    /** How the request was authenticated; `null` on open routes. */
    authenticated: Authenticated | null
  }
  interface FastifyInstance {
    /** Every route with its role; complete when the server is ready. */
    routeRoles(): readonly RouteRole[]
  }
}

const CHANGES_NOTHING = new Set(['GET', 'HEAD', 'OPTIONS'])

/** Before any route is registered. */
export function addAccess(
  app: FastifyInstance,
  options: { readonly authenticators: readonly Authenticator[]; readonly baseUrl: string | null },
): void {
  const routes: {
    readonly method: string | string[]
    readonly url: string
    readonly config?: { role?: Role | null }
  }[] = []
  app.decorateRequest('authenticated', null)
  app.addHook('onRoute', (route) => {
    routes.push(route)
  })
  app.decorate('routeRoles', () =>
    routes.flatMap((route) =>
      [route.method].flat().map((method) => ({ method, url: route.url, role: route.config?.role ?? null })),
    ),
  )
  app.addHook('onReady', async () => {
    const silent = routes.filter((route) => route.config?.role === undefined)
    if (silent.length === 0) return
    const names = silent.map((route) => `${[route.method].flat().join(',')} ${route.url}`)
    throw new Error(`Routes without a role (config.role): ${names.join('; ')}`)
  })
  app.addHook('onResponse', async (request, reply) => {
    // An upgrade that was refused: nobody else closes its connection.
    if (request.headers.upgrade !== undefined && reply.statusCode >= 400) request.raw.socket.destroy()
  })
  app.addHook('onRequest', async (request, reply) => {
    if (!isOwnHost(request, options.baseUrl)) {
      throw new EarlyReply(421, `This server is not ${request.headers.host}. Behind a proxy set server.base_url.`)
    }
    if (request.headers.upgrade !== undefined && !request.is404 && request.routeOptions.config.isSocket !== true) {
      throw new EarlyReply(400, 'There is no WebSocket at this address; it is at /api/v2/ws.')
    }
    // What one person is shown is for no cache on the way, and for nobody who uses the browser later.
    if (/^\/(api|auth)\//.test(request.url)) void reply.header('cache-control', 'no-store')
    const { role } = request.routeOptions.config
    if (request.is404 || role === null) return
    const authenticated = await authenticate(request, options.authenticators)
    if (authenticated === null) {
      throw new EarlyReply(401, 'Sign in first, or send a token: Authorization: Bearer <token>.')
    }
    refuseForgery(request, authenticated, options.baseUrl)
    const { identity } = authenticated
    if (role === undefined || !includesRole(identity.role, role)) {
      throw new EarlyReply(403, `This needs the role ${role}; ${identity.name} is ${identity.role}.`)
    }
    request.authenticated = authenticated
    request.identity = identity
  })
}

/** For plugins whose routes cannot name a role themselves (static files): call it inside the plugin's own scope. */
export function setRoleOfRoutes(app: FastifyInstance, role: Role | null): void {
  app.addHook('onRoute', (route) => {
    if (route.config?.role === undefined) route.config = { ...route.config, role }
  })
}

async function authenticate(
  request: FastifyRequest,
  authenticators: readonly Authenticator[],
): Promise<Authenticated | null> {
  for (const authenticator of authenticators) {
    const found = await authenticator.authenticate(request)
    if (found !== null) return found
  }
  return null
}

function refuseForgery(request: FastifyRequest, { csrfToken }: Authenticated, baseUrl: string | null): void {
  if (csrfToken === null) return
  const isSocket = request.method === 'GET' && request.headers.upgrade !== undefined
  if (CHANGES_NOTHING.has(request.method) && !isSocket) return
  if (!isOwnOrigin(request, baseUrl) || (isSocket && request.headers.origin === undefined)) {
    throw new EarlyReply(403, 'This request comes from another site. Behind a proxy set server.base_url.')
  }
  if (isSocket) return
  const sent = request.headers['x-csrf-token']
  if (typeof sent !== 'string' || !isSameText(sent, csrfToken)) {
    throw new EarlyReply(403, 'The header X-CSRF-Token is missing or wrong; GET /auth/me has it.')
  }
}
