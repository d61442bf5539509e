/** All resources of the API, in the order in which the reference shows them. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { ApiParts } from '../api-parts.ts'
import { changeRunRoutes } from './change-runs.ts'
import { clearTaskInstancesRoutes } from './clear-task-instances.ts'
import { compensationRoutes } from './compensations.ts'
import { connectionRoutes } from './connections.ts'
import { dagRunRoutes } from './dag-runs.ts'
import { dagVersionRoutes } from './dag-versions.ts'
import { dagRoutes } from './dags.ts'
import { deadLetterRoutes } from './dead-letters.ts'
import { eventLogRoutes } from './event-logs.ts'
import { gridRoutes } from './grid.ts'
import { importErrorRoutes } from './import-errors.ts'
import { logRoutes } from './logs.ts'
import { markTaskInstancesRoutes } from './mark-task-instances.ts'
import { monitorRoutes } from './monitor.ts'
import { platformRoutes } from './platform.ts'
import { poolRoutes } from './pools.ts'
import { runPreviewRoutes } from './run-previews.ts'
import { searchRoutes } from './search.ts'
import { taskInputRoutes } from './task-inputs.ts'
import { taskInstanceRoutes } from './task-instances.ts'
import { variableRoutes } from './variables.ts'
import { xcomRoutes } from './xcom-entries.ts'

export const apiRoutes: readonly FastifyPluginAsyncTypebox<ApiParts>[] = [
  dagRoutes,
  dagVersionRoutes,
  gridRoutes,
  dagRunRoutes,
  changeRunRoutes,
  runPreviewRoutes,
  compensationRoutes,
  taskInstanceRoutes,
  taskInputRoutes,
  clearTaskInstancesRoutes,
  markTaskInstancesRoutes,
  logRoutes,
  deadLetterRoutes,
  xcomRoutes,
  variableRoutes,
  connectionRoutes,
  poolRoutes,
  importErrorRoutes,
  eventLogRoutes,
  searchRoutes,
  platformRoutes,
  monitorRoutes,
]
