/**
 * graphile-worker has no dependencies between jobs: a chain adds the next job in the handler, and the join of a fan-out is
 * counted in memory, which is the cheapest it could be and would not survive a crash.
 */
import { Logger, run } from 'graphile-worker'
import pg from 'pg'
import { fibo, SLOTS } from './fibo.js'

export async function openGraphileWorker(connection, worker) {
  const pgPool = new pg.Pool({ ...connection, max: SLOTS + 2 })
  pgPool.on('error', () => {})
  pgPool.on('connect', (client) => client.on('error', () => {}))
  let ended = () => {}
  let left = 0
  const runner = await run({
    pgPool,
    concurrency: SLOTS,
    noHandleSignals: true,
    logger: new Logger(() => () => {}),
    preset: { worker },
    taskList: {
      hop: async ({ n }, { addJob }) => {
        fibo(10)
        if (n > 1) await addJob('hop', { n: n - 1 })
      },
      first: async ({ width }, { addJobs }) => {
        await addJobs(Array.from({ length: width }, () => ({ identifier: 'task', payload: {} })))
      },
      task: async () => {},
      last: async () => {},
    },
  })
  runner.events.on('job:complete', ({ job }) => {
    if (job.task_identifier === 'last' || (job.task_identifier === 'hop' && job.payload.n === 1)) ended()
    if (job.task_identifier === 'task') {
      left -= 1
      if (left === 0) void runner.addJob('last', {})
    }
  })
  // `job:complete` comes before the completion is stored: the end is when no job is left.
  const allStored = async () => {
    while ((await pgPool.query('select 1 from graphile_worker._private_jobs limit 1')).rows.length > 0);
  }
  const untilEnd = async (start) => {
    const end = Promise.withResolvers()
    ended = end.resolve
    await start()
    await end.promise
    await allStored()
  }
  return {
    chain: (tasks) => untilEnd(() => runner.addJob('hop', { n: tasks })),
    fanOut: (width) => {
      left = width
      return untilEnd(() => runner.addJob('first', { width }))
    },
  }
}
