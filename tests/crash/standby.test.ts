/** Two programs on one database: the leader killed, asked to stop, or stopped and continued; the other takes over. */
import { describe, expect, test } from 'vitest'
import type { Program } from '../end-to-end/program.ts'
import { createTestDatabase } from '../support/test-database.ts'
import { checkAfterCrash, checkNothingLeft, committedSuccesses } from './check-after-crash.ts'
import { CrashPlace } from './crash-place.ts'

const DAG = `
const dag = new Dag('crash', {})
const brief = dag.task('brief', () => work(20), inPool)
const middle = dag.task('middle', ({ n }: { n: number }) => work(1_000), inPool)
const long = dag.task('long', () => work(getContext().tryNumber === 1 ? 60_000 : 1))
const last = dag.task('last', ({ n }: { n: number }) => work(20))
last({ n: middle({ n: brief() }) })
long()
`
const TASKS = 4
/** By which the issue measures. */
const TAKE_OVER_MS = 5_000

interface World {
  readonly place: CrashPlace
  readonly leader: Program
  readonly standby: Program
}

/** The task `middle` is under way in the leader, `brief` is behind it. */
async function withTwo(env: Record<string, string>, work: (world: World) => Promise<void>): Promise<void> {
  const database = await createTestDatabase()
  const place = await CrashPlace.make({ database: database.connection })
  await place.put('crash', DAG)
  await place.use(async () => {
    const leader = await place.start('a', env)
    await place.untilLive('crash')
    const standby = await place.start('b', env)
    await place.trigger('crash', ['run'])
    await place.untilEffect(({ what, taskId }) => what === 'alive' && taskId === 'long')
    await place.untilEffect(({ what, taskId }) => what === 'alive' && taskId === 'middle')
    await work({ place, leader, standby })
    for (const program of [leader, standby]) await program.stop()
    await checkNothingLeft(place)
  })
  await database.drop()
}

const LEADS = /leading with epoch/

describe.concurrent('a leader with a standby', () => {
  test('killed: the standby leads within 5 s, and repeats at once what ran', async () => {
    await withTwo({}, async ({ place, leader, standby }) => {
      const before = await committedSuccesses(place, 'crash')
      const killed = performance.now()
      await leader.kill()
      await standby.line(LEADS)
      expect(performance.now() - killed).toBeLessThan(TAKE_OVER_MS)
      await place.untilEffect(({ taskId, tryNumber }) => taskId === 'long' && tryNumber === 2)
      // Not the 15 s that a host elsewhere is waited for: this one is known to be gone, and its children with it.
      expect(performance.now() - killed).toBeLessThan(TAKE_OVER_MS + 5_000)
      await place.untilRunsEnded('crash', 1)
      const expected = { dagId: 'crash', runs: 1, tasks: TASKS, before, causes: ['host-lost'], folders: ['a', 'b'] }
      await checkAfterCrash(place, expected)
    })
  })

  test('asked to stop: it drains as long as configured, then the standby leads at once', async () => {
    const env = { TRADEWIND_SHUTDOWN_GRACE: '3s', TRADEWIND_EXECUTOR_KILL_GRACE: '1s' }
    await withTwo(env, async ({ place, leader, standby }) => {
      const asked = performance.now()
      leader.process.kill('SIGTERM')
      expect(await leader.line(/Stopping/)).toContain('running tries have 3 s to end, and 1 s more')
      await leader.ended
      const stopped = performance.now()
      expect([leader.process.exitCode, stopped - asked > 2_900]).toEqual([0, true])
      await standby.line(LEADS)
      expect(performance.now() - stopped).toBeLessThan(2_500)
      await place.untilRunsEnded('crash', 1)
      const expected = { dagId: 'crash', runs: 1, tasks: TASKS, causes: ['cancelled'], folders: ['a', 'b'] }
      await checkAfterCrash(place, expected)
      const tries = await place.query<{ task: string; tries: number; by: string | null }>(
        `select t.task_id as task, t.try_number as tries,
           (select min(y.cause::json->>'by') from try y where y.ti_id = t.id) as by
         from task_instance t join dag_run r on r.id = t.dag_run_id where r.dag_id = 'crash' order by task`,
      )
      // What could end in that time did; what could not was cancelled, and repeated by the other.
      expect(tries).toEqual([
        { task: 'brief', tries: 1, by: null },
        { task: 'last', tries: 1, by: null },
        { task: 'long', tries: 2, by: 'shutdown' },
        { task: 'middle', tries: 1, by: null },
      ])
    })
  })

  test('stopped (SIGSTOP): the standby leads within 5 s; continued, it does no harm, and leads again later', async () => {
    await withTwo({}, async ({ place, leader, standby }) => {
      const stopped = performance.now()
      leader.process.kill('SIGSTOP')
      await standby.line(LEADS)
      expect(performance.now() - stopped).toBeLessThan(TAKE_OVER_MS)
      // Its host lives, as far as anybody can tell: nothing is repeated before its children have surely ended themselves.
      await place.untilEffect(({ taskId, tryNumber }) => taskId === 'long' && tryNumber === 2)
      expect(performance.now() - stopped).toBeGreaterThan(15_000)
      leader.process.kill('SIGCONT')
      await leader.line(/no longer leading/)
      await place.untilRunsEnded('crash', 1)
      const expected = { dagId: 'crash', runs: 1, tasks: TASKS, folders: ['a', 'b'] }
      await checkAfterCrash(place, expected)
      await standby.kill()
      await place.trigger('all_slots', ['again'])
      await place.until<{ state: string }>(
        `select state from dag_run where run_id = 'again'`,
        ([run]) => run?.state === 'success',
      )
    })
  })

  test('stopped for a moment only: it goes on leading and loses nothing', async () => {
    await withTwo({}, async ({ place, leader, standby }) => {
      leader.process.kill('SIGSTOP')
      await new Promise((resolve) => setTimeout(resolve, 1_200))
      leader.process.kill('SIGCONT')
      await place.untilEffect(({ what, taskId }) => what === 'end' && taskId === 'last')
      expect(standby.lines.filter((line) => LEADS.test(line))).toEqual([])
      await place.ask({ kind: 'cancel', dagId: 'crash', runId: 'run', taskIds: ['long'] })
      await place.untilRunsEnded('crash', 1)
      const [left] = await place.query<{ tries: number }>(
        `select max(t.try_number)::int as tries from task_instance t join dag_run r on r.id = t.dag_run_id
         where r.dag_id = 'crash'`,
      )
      expect(left?.tries).toBe(1)
    })
  })
})
