/** As it comes. */
import { openGraphileWorker } from './graphile-worker-open.js'

export const open = (connection) => openGraphileWorker(connection, {})
