/**
 * BullMQ on PostgreSQL. Its flows are trees whose children run first: a chain is one flow of one child each, and of a
 * fan-out the first job adds the flow of all others.
 */
import { createPostgresBackend, FlowProducer, Worker } from 'bullmq'
import { fibo, SLOTS } from './fibo.js'

const QUEUE = 'bench'

export async function open(connection) {
  const options = { connection: { ...connection, max: SLOTS + 2, migrate: true } }
  const flows = new FlowProducer(options, createPostgresBackend)
  let ended = () => {}
  const handle = async (job) => {
    if (job.name === 'hop') fibo(10)
    if (job.name === 'first') {
      const children = Array.from({ length: job.data.width }, () => ({ name: 'task', queueName: QUEUE, data: {} }))
      await flows.add({ name: 'last', queueName: QUEUE, data: { isLast: true }, children })
    }
  }
  const worker = new Worker(QUEUE, handle, { ...options, concurrency: SLOTS }, createPostgresBackend)
  worker.on('error', (error) => process.stderr.write(`${error}\n`))
  worker.on('completed', (job) => {
    if (job.data.isLast) ended()
  })
  await worker.waitUntilReady()
  const untilEnd = (flow) =>
    new Promise((resolve, reject) => {
      ended = resolve
      flows.add(flow).catch(reject)
    })
  return {
    chain: (tasks) => {
      let flow = { name: 'hop', queueName: QUEUE, data: { isLast: tasks === 1 } }
      for (let n = 2; n <= tasks; n += 1) {
        flow = { name: 'hop', queueName: QUEUE, data: { isLast: n === tasks }, children: [flow] }
      }
      return untilEnd(flow)
    },
    fanOut: (width) => untilEnd({ name: 'first', queueName: QUEUE, data: { width } }),
  }
}
