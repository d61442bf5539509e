/** One workflow whose fan-out is steps, eight at a time: what DBOS does fastest. */
import { openDbos } from './dbos-open.js'
import { SLOTS } from './fibo.js'

export const open = (connection) =>
  openDbos(connection, (DBOS) =>
    DBOS.registerWorkflow(
      async (width) => {
        await DBOS.runStep(async () => {}, { name: 'first' })
        for (let n = 0; n < width; n += SLOTS) {
          const steps = Array.from({ length: Math.min(SLOTS, width - n) }, (_, k) =>
            DBOS.runStep(async () => {}, { name: `task_${n + k}` }),
          )
          await Promise.all(steps)
        }
        await DBOS.runStep(async () => {}, { name: 'last' })
      },
      { name: 'fan-out' },
    ),
  )
