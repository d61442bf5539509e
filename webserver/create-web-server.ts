/**
 * The web server, put together: checks of messages, error bodies, then a plugin for each resource below `/api/v2`. Every
 * route names the role it needs (`config.role`).
 */
import fastify, { type FastifyInstance } from 'fastify'
import { apiParts } from './api-parts.ts'
import { addSignIn, DEFAULT_ACCESS } from './auth/index.ts'
import { addMessageChecks } from './check-messages.ts'
import { addErrorReplies, replyToUnreadable } from './error-replies.ts'
import { addLive } from './live/index.ts'
import { addMetrics } from './metrics.ts'
import { addOpenApi, addReferencePage } from './openapi.ts'
import './request-identity.ts'
import { apiRoutes } from './routes/index.ts'
import { servePage } from './serve-page.ts'
import type { WebServerParts } from './web-server-parts.ts'

const BODY_LIMIT = 1024 * 1024
/** For a request to be there in full: one that trickles in holds its connection no longer. */
const REQUEST_TIMEOUT_MS = 60_000

/** Not listening yet: call `listen`, or `inject` in tests. */
export function createWebServer(parts: WebServerParts): FastifyInstance {
  const { trustedProxies } = parts.access ?? DEFAULT_ACCESS
  const app = fastify({
    logger: false,
    forceCloseConnections: true,
    // Never `true`: any client could then claim any address.
    trustProxy: trustedProxies.length === 0 ? false : [...trustedProxies],
    bodyLimit: BODY_LIMIT,
    requestTimeout: REQUEST_TIMEOUT_MS,
    // 250 letters, each escaped as up to four bytes; how long an id may be is in the schemas.
    routerOptions: { maxParamLength: 3_000 },
    frameworkErrors: replyToUnreadable,
  })
  addErrorReplies(app, parts.log)
  addMessageChecks(app, parts.checkAnswers === true)
  app.decorateRequest('identity', null)
  addOpenApi(app)

  // Sign-in comes first: its hook stands before every route registered after it.
  addSignIn(app, parts)
  addLive(app, parts)
  addMetrics(app, parts)
  const shared = apiParts(parts)
  for (const plugin of apiRoutes) app.register(plugin, { ...shared, prefix: '/api/v2' })
  addReferencePage(app)
  app.register(servePage, { folder: parts.pageFolder ?? null })
  return app
}
