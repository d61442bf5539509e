/** The fan-out is a workflow of its own for each task, through a queue of eight: what DBOS spreads over machines. */
import { openDbos } from './dbos-open.js'
import { SLOTS } from './fibo.js'

const QUEUE = 'bench'
/** Started, and awaited, together. */
const AT_ONCE = 50

export const open = (connection) =>
  openDbos(
    connection,
    (DBOS) => {
      const task = DBOS.registerWorkflow(async () => {}, { name: 'task' })
      return DBOS.registerWorkflow(
        async (width) => {
          await DBOS.runStep(async () => {}, { name: 'first' })
          const handles = []
          for (let n = 0; n < width; n += AT_ONCE) {
            const started = Array.from({ length: Math.min(AT_ONCE, width - n) }, () =>
              DBOS.startWorkflow(task, { queueName: QUEUE })(),
            )
            handles.push(...(await Promise.all(started)))
          }
          for (let n = 0; n < width; n += AT_ONCE) {
            await Promise.all(handles.slice(n, n + AT_ONCE).map((handle) => handle.getResult()))
          }
          await DBOS.runStep(async () => {}, { name: 'last' })
        },
        { name: 'fan-out' },
      )
    },
    (DBOS) => DBOS.registerQueue(QUEUE, { workerConcurrency: SLOTS, minPollingIntervalMs: 10 }),
  )
