/**
 * The web server: for now the health report and the version; the API and the page come beside them. It only reads, and
 * only through what it is given. Errors have Airflow's body, `{ "detail": ... }`, and never show a stack or a statement.
 */
import fastify, { type FastifyInstance } from 'fastify'
import { type HealthReading, healthReport } from './health.ts'

export interface WebServerParts {
  /** Must not reject: a database that does not answer is a reading. */
  readHealth(): Promise<HealthReading>
  now(): number
  readonly version: string
  /** Gets errors of requests, which the client is not shown. */
  log(line: string): void
}

const STATUS = { type: 'string', enum: ['healthy', 'unhealthy'] } as const
const INSTANT = { type: ['string', 'null'] } as const

const HEALTH_SCHEMA = {
  type: 'object',
  properties: {
    metadatabase: { type: 'object', properties: { status: STATUS } },
    scheduler: { type: 'object', properties: { status: STATUS, latest_scheduler_heartbeat: INSTANT } },
    dag_processor: { type: 'object', properties: { status: STATUS, latest_dag_processor_heartbeat: INSTANT } },
  },
} as const

const VERSION_SCHEMA = { type: 'object', properties: { version: { type: 'string' } } } as const

/** Not listening yet: call `listen`, or `inject` in tests. */
export function createWebServer(parts: WebServerParts): FastifyInstance {
  const app = fastify({ logger: false, forceCloseConnections: true, trustProxy: false })

  app.setNotFoundHandler(async (request, reply) => {
    await reply.code(404).send({ detail: `There is no ${request.method} ${request.url.split('?')[0] ?? ''} here.` })
  })

  app.setErrorHandler(async (error, request, reply) => {
    const status = statusOf(error)
    if (status >= 500) {
      parts.log(`${request.method} ${request.url}: ${error instanceof Error ? (error.stack ?? error.message) : error}`)
      await reply.code(status).send({ detail: 'Internal error. The log of the program says more.' })
    } else {
      await reply.code(status).send({ detail: error instanceof Error ? error.message : String(error) })
    }
  })

  app.get('/api/v2/monitor/health', { schema: { response: { 200: HEALTH_SCHEMA } } }, async (_request, reply) => {
    void reply.header('cache-control', 'no-store')
    return healthReport(await parts.readHealth(), parts.now())
  })

  app.get('/api/v2/version', { schema: { response: { 200: VERSION_SCHEMA } } }, async () => ({
    version: parts.version,
  }))

  return app
}

function statusOf(error: unknown): number {
  const status = typeof error === 'object' && error !== null && 'statusCode' in error ? error.statusCode : undefined
  return typeof status === 'number' && status >= 400 ? status : 500
}
