/** All resources of the API, in the order in which the reference shows them. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { WebServerParts } from '../web-server-parts.ts'
import { monitorRoutes } from './monitor.ts'

export const apiRoutes: readonly FastifyPluginAsyncTypebox<WebServerParts>[] = [monitorRoutes]
