/** Fetches jobs ahead into memory and completes them in batches: a crash repeats what was in either. */
import { openGraphileWorker } from './graphile-worker-open.js'

export const open = (connection) =>
  openGraphileWorker(connection, { localQueue: { size: 500 }, completeJobBatchDelay: 0, failJobBatchDelay: 0 })
