/** The database taken away: stopped and killed under load, and its connection lost in the middle of a commit. */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { startEmbeddedServer } from '../../database/embedded/server.ts'
import { migrate } from '../../database/migrations/migrate.ts'
import { createTestDatabase } from '../support/test-database.ts'
import { checkAfterCrash, checkNothingLeft } from './check-after-crash.ts'
import { CrashPlace } from './crash-place.ts'
import { type Cut, DatabaseProxy } from './database-proxy.ts'

const chain = (ms: number) => `
const dag = new Dag('crash', {})
const first = dag.task('first', () => work(${ms}), inPool)
const middle = dag.task('middle', async ({ n }: { n: number }) => {
  await work(${ms} * n)
  return 'MIDDLE-RESULT-' + getContext().runId
})
const last = dag.task('last', ({ text }: { text: string }) => work(text.length))
last({ text: middle({ n: first() }) })
`

describe.concurrent('PostgreSQL', () => {
  test('stopped, and killed, under load: everything is brought to its end when it is back', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'tradewind-crash-server-'))
    const start = () => startEmbeddedServer({ dataDir, log: () => {} })
    let server = await start()
    await migrate(server.connection)
    const place = await CrashPlace.make({ database: server.connection })
    await place.put('crash', chain(100))
    await place.use(async () => {
      const program = await place.start('data')
      await place.untilLive('crash')
      const runIds = Array.from({ length: 24 }, (_, i) => `run-${i}`)
      await place.trigger('crash', runIds)
      const ended = (n: number) =>
        place.until<{ n: number }>(
          `select count(*)::int as n from task_instance where state = 'success'`,
          ([row]) => row!.n >= n,
        )
      await ended(10)
      await server.stop()
      await program.line(/starting over|no longer leading/)
      server = await start()
      await ended(30)
      process.kill(Number((await readFile(join(dataDir, 'cluster/postmaster.pid'), 'utf8')).split('\n')[0]), 'SIGKILL')
      await server.died
      await server.stop()
      server = await start()
      await place.untilRunsEnded('crash', runIds.length)
      const causes = ['host-lost', 'cancelled', 'not-started']
      await checkAfterCrash(place, { dagId: 'crash', runs: runIds.length, tasks: 3, causes, folders: ['data'] })
      await program.stop()
      await checkNothingLeft(place)
    })
    await server.stop()
    await rm(dataDir, { recursive: true, force: true })
  })

  test.each<Cut>(['before the server has it', 'before its answer'])(
    'loses the connection of a commit %s: the result is offered again, and taken once',
    async (cut) => {
      const database = await createTestDatabase()
      const proxy = await DatabaseProxy.start(database.connection)
      const place = await CrashPlace.make({ database: database.connection, programDatabase: proxy.connection })
      await place.put('crash', chain(20))
      await place.use(async () => {
        const program = await place.start('data')
        await place.untilLive('crash')
        proxy.arm('MIDDLE-RESULT-run-1', cut)
        await place.trigger('crash', ['run-0', 'run-1', 'run-2'])
        await place.untilRunsEnded('crash', 3)
        expect(proxy.cuts).toEqual(['MIDDLE-RESULT-run-1'])
        expect(program.lines.filter((line) => /starting over/.test(line))).toHaveLength(1)
        await checkAfterCrash(place, { dagId: 'crash', runs: 3, tasks: 3, folders: ['data'] })
        const [middle] = await place.query<{ n: number }>(
          `select t.try_number as n from task_instance t join dag_run r on r.id = t.dag_run_id
         where t.task_id = 'middle' and r.run_id = 'run-1'`,
        )
        expect(middle?.n).toBe(1)
        await program.stop()
        await checkNothingLeft(place)
      })
      await proxy.close()
      await database.drop()
    },
  )
})
