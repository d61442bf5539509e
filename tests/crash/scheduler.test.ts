/** The scheduler killed at each named point around its commits; another takes over and brings everything to its end. */
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { createTestDatabase } from '../support/test-database.ts'
import { checkAfterCrash, checkNothingLeft, committedSuccesses } from './check-after-crash.ts'
import { CrashPlace } from './crash-place.ts'
import { type FaultPoint, SCHEDULER_FAULTS } from './fault-points.ts'

const FAULTY = fileURLToPath(new URL('./faulty-program.ts', import.meta.url))
const DAG = `
const dag = new Dag('crash', {})
const first = dag.task('first', () => work(1), inPool)
const middle = dag.task('middle', async ({ n }: { n: number }) => work(100 * n), inPool)
const beside = dag.task('beside', () => work(150), inPool)
const last = dag.task('last', ({ n, m }: { n: number; m: number }) => work(1), inPool)
last({ n: middle({ n: first() }), m: beside() })
`
const faulty = (point: FaultPoint) => ({ args: [FAULTY, point], ready: /Ready$/ })

/** Before these nothing of a run has begun; the command is put there by hand, for no leader lives to take it. */
const AT_THE_START: ReadonlySet<FaultPoint> = new Set(['after the lease is taken', 'after loading'])
/** What was committed at the time stands. */
const RESULT_STANDS: ReadonlySet<FaultPoint> = new Set([
  'after the commit of a result, before it is applied',
  'before the acknowledgement',
  'after the acknowledgement',
])

describe.concurrent('a scheduler killed', () => {
  test.each(SCHEDULER_FAULTS)('%s', async (point) => {
    const database = await createTestDatabase()
    const place = await CrashPlace.make({ database: database.connection })
    await place.put('crash', DAG)
    await place.use(async () => {
      const victim = place.launch('data', {}, faulty(point))
      const victimEnd = once(victim.process, 'exit')
      if (!AT_THE_START.has(point)) {
        await place.untilLive('crash')
        // No answer may ever come: the leader dies of it.
        void place.trigger('crash', ['run']).catch(() => {})
      }
      expect(await victimEnd).toEqual([null, 'SIGKILL'])
      const before = await committedSuccesses(place, 'crash')
      const stands = before.some((one) => one.task === 'middle')
      if (point !== 'while a result is committed') expect(stands).toBe(RESULT_STANDS.has(point))

      const next = await place.start('data')
      if (AT_THE_START.has(point)) {
        await place.untilLive('crash')
        await place.trigger('crash', ['run'])
      }
      await place.untilRunsEnded('crash', 1)
      await checkAfterCrash(place, { dagId: 'crash', runs: 1, tasks: 4, before, folders: ['data'] })
      await next.stop()
      await checkNothingLeft(place)
    })
    await database.drop()
  })
})
