/**
 * OpenAPI 3.1, written from the schemas of the routes, and its reference page, which loads nothing from elsewhere.
 * `webserver/openapi.json` is the checked-in document; a test writes it anew and compares.
 */
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance } from 'fastify'
import { setRoleOfRoutes } from './auth/access.ts'

const DESCRIPTION =
  "Tradewind's REST API. Paths, fields and error bodies are those of Airflow's stable REST API v2; what Tradewind adds are " +
  'further fields. Changes are commands to the scheduler: the answer is their effect, 202 with a command id where it takes ' +
  'longer than five seconds, and 503 when no scheduler leads.'

/** Before any route: it collects those registered after it. */
export function addOpenApi(app: FastifyInstance): void {
  void app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      // Of the API, not of the program: the document changes only when the API does.
      info: { title: 'Tradewind', version: '2', description: DESCRIPTION },
      components: {
        securitySchemes: {
          bearer: { type: 'http', scheme: 'bearer' },
          session: { type: 'apiKey', in: 'cookie', name: 'tradewind_session' },
        },
      },
      security: [{ bearer: [] }, { session: [] }],
    },
  })
}

/** `/api/v2/docs`, and the document as `/api/v2/docs/json`. After the routes. */
export function addReferencePage(app: FastifyInstance): void {
  app.register(async (scope) => {
    setRoleOfRoutes(scope, 'viewer')
    await scope.register(swaggerUi, {
      routePrefix: '/api/v2/docs',
      uiConfig: { docExpansion: 'none', validatorUrl: null, tryItOutEnabled: false },
    })
  })
}
