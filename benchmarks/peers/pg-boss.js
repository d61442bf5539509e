/**
 * pg-boss resolves dependencies (`flow`) in the background by an interval, far slower than a handler that sends the next
 * job; so here the handler does, and the join of a fan-out is counted in memory. With LISTEN/NOTIFY, since it polls every
 * two seconds without; the fan-out fetches in batches, since a worker that fetches one job waits for its interval after it.
 */
import pg from 'pg'
import { PgBoss } from 'pg-boss'
import { fibo, SLOTS } from './fibo.js'

export async function open(connection) {
  const boss = new PgBoss({ ...connection, max: SLOTS + 2, useListenNotify: true, supervise: false, schedule: false })
  boss.on('error', (error) => process.stderr.write(`${error}\n`))
  await boss.start()
  const polling = { pollingIntervalSeconds: 0.5, notifyPollingIntervalSeconds: 0.5 }
  let ended = () => {}
  let left = 0
  const work = async (queue, options, handle) => {
    await boss.createQueue(queue, { notify: true })
    await boss.work(queue, { ...polling, ...options }, handle)
  }
  await work('hop', {}, async ([{ data }]) => {
    fibo(10)
    if (data.n > 1) await boss.send('hop', { n: data.n - 1 })
    else ended()
  })
  await work('first', {}, async ([{ data }]) => {
    const jobs = Array.from({ length: data.width }, () => ({ data: {} }))
    await boss.insert('task', jobs)
  })
  await work('task', { localConcurrency: SLOTS, batchSize: 100, burstWhenBatchFull: true }, async (jobs) => {
    left -= jobs.length
    if (left === 0) await boss.send('last', {})
  })
  await work('last', {}, async () => ended())
  // The last handler returns before its completion is stored: the end is when no job is left open.
  const pool = new pg.Pool({ ...connection, max: 1 })
  const allStored = async () => {
    while ((await pool.query("select 1 from pgboss.job where state < 'completed' limit 1")).rows.length > 0);
  }
  const untilEnd = async (queue, data) => {
    const end = Promise.withResolvers()
    ended = end.resolve
    await boss.send(queue, data)
    await end.promise
    await allStored()
  }
  return {
    chain: (tasks) => untilEnd('hop', { n: tasks }),
    fanOut: (width) => {
      left = width
      return untilEnd('first', { width })
    },
  }
}
