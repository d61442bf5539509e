/** Health and version: what probes ask, open to all, naming nobody. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { isDraining } from '../../database/queries/inbox.ts'
import type { ApiParts } from '../api-parts.ts'
import { healthReport } from '../health.ts'
import { answers, Closed, MaybeInstant, Nullable } from '../schemas/shapes.ts'

const Status = Type.Union([Type.Literal('healthy'), Type.Literal('unhealthy')])

const Health = Closed({
  metadatabase: Closed({ status: Status }),
  scheduler: Closed({
    status: Status,
    latest_scheduler_heartbeat: MaybeInstant,
    draining: Nullable(Type.Boolean({ description: 'No new tries until it is resumed.' })),
  }),
  dag_processor: Closed({ status: Status, latest_dag_processor_heartbeat: MaybeInstant }),
})

export const monitorRoutes: FastifyPluginAsyncTypebox<ApiParts> = async (app, parts) => {
  app.get(
    '/monitor/health',
    { config: { role: null }, schema: { tags: ['Monitor'], response: answers(Health) } },
    async (_request, reply) => {
      void reply.header('cache-control', 'no-store')
      const reading = await parts.readHealth()
      const draining = reading.databaseAnswers ? await isDraining(parts.pool).catch(() => null) : null
      return healthReport(reading, draining, parts.now())
    },
  )

  app.get(
    '/version',
    { config: { role: null }, schema: { tags: ['Monitor'], response: answers(Closed({ version: Type.String() })) } },
    async () => ({ version: parts.version }),
  )
}
