/** DBOS Transact, on a pool of its own, quiet. */
import { DBOS } from '@dbos-inc/dbos-sdk'
import pg from 'pg'
import { fibo, SLOTS } from './fibo.js'

/** `register` is called before the launch, as DBOS wants it, and gives the fan-out. */
export async function openDbos(connection, register, afterLaunch = async () => {}) {
  DBOS.setConfig({
    name: 'bench',
    applicationVersion: '1',
    systemDatabasePool: new pg.Pool({ ...connection, max: 2 * SLOTS }),
    logLevel: 'error',
    runAdminServer: false,
  })
  const chain = DBOS.registerWorkflow(
    async (tasks) => {
      for (let n = 1; n <= tasks; n += 1) await DBOS.runStep(async () => fibo(10), { name: `task_${n}` })
    },
    { name: 'chain' },
  )
  const fanOut = register(DBOS)
  await DBOS.launch()
  await afterLaunch(DBOS)
  return { chain: (tasks) => chain(tasks), fanOut: (width) => fanOut(width) }
}
