/** A worker that dies, hangs or misbehaves in the middle of a task, and one killed when its result is on its way. */
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { createTestDatabase } from '../support/test-database.ts'
import { checkAfterCrash, checkNothingLeft } from './check-after-crash.ts'
import { CrashPlace } from './crash-place.ts'

/** Each does it in its first try only. */
const MISBEHAVIOUR = `
import { spawn } from 'node:child_process'
const dag = new Dag('crash', { defaultArgs: { retries: 1, retryDelay: 0 } })
const first = () => getContext().tryNumber === 1
const forEver = () => new Promise<never>(() => setInterval(() => {}, 1000))

// The test does something to these two.
dag.task('killed', () => work(first() ? 60_000 : 1), inPool)()
dag.task('stopped', () => work(first() ? 60_000 : 1))()
dag.task('stopped_briefly', () => work(1_500))()

dag.task('ignores_sigterm', async () => {
  if (!first()) return work(1)
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => say('note', signal))
  say('begin')
  process.kill(process.pid, 'SIGTERM')
  return forEver()
}, { timeout: '1 s' })()

dag.task('forks_grandchildren', async () => {
  if (!first()) return work(1)
  say('begin')
  const options = { stdio: 'ignore', detached: true } as const
  const started = [spawn('sleep', ['1000'], options), spawn('sh', ['-c', 'setsid sh -c "sleep 1000 & sleep 1000"'], options)]
  await Promise.all(started.map((child) => new Promise((resolve) => child.once('spawn', resolve))))
  process.kill(process.pid, 'SIGKILL')
  return forEver()
})()

dag.task('eats_memory', async () => {
  if (!first()) return work(1)
  say('begin')
  const held: Buffer[] = []
  for (;;) {
    held.push(Buffer.alloc(16 * 1024 * 1024, 1))
    await pause(10)
  }
}, { memoryLimitMb: 200 })()

// Longer than a heartbeat may be missing here; with the default of 30 s that would be a minute.
dag.task('blocks_its_loop', () => {
  say('begin')
  for (const until = Date.now() + 6_000; Date.now() < until; );
  say('end')
  return 1
})()
`

test('every misbehaviour costs its own try only, and each is told by its name', async () => {
  const database = await createTestDatabase()
  const place = await CrashPlace.make({ database: database.connection })
  await place.put('crash', MISBEHAVIOUR)
  await place.use(async () => {
    const program = await place.start('data', {
      TRADEWIND_EXECUTOR_HEARTBEAT_LOST_AFTER: '4s',
      TRADEWIND_EXECUTOR_HEARTBEAT_EVERY: '100ms',
      TRADEWIND_EXECUTOR_KILL_GRACE: '200ms',
      TRADEWIND_EXECUTOR_SLOTS: '8',
    })
    await place.untilLive('crash')
    await place.trigger('crash', ['run'])
    const alive = (task: string) => place.untilEffect(({ what, taskId }) => what === 'alive' && taskId === task)

    const brief = await alive('stopped_briefly')
    process.kill(brief.pid, 'SIGSTOP')
    setTimeout(() => process.kill(brief.pid, 'SIGCONT'), 300)
    process.kill((await alive('killed')).pid, 'SIGKILL')
    process.kill((await alive('stopped')).pid, 'SIGSTOP')

    await place.untilRunsEnded('crash', 1)
    const causes = ['signal', 'heartbeat', 'timeout', 'out-of-memory']
    await checkAfterCrash(place, { dagId: 'crash', runs: 1, tasks: 7, causes, folders: ['data'] })
    const died = await place.query<{ task: string; kind: string }>(
      `select t.task_id as task, y.cause::json->>'kind' as kind from try y join task_instance t on t.id = y.ti_id
       where y.state <> 'success' order by task`,
    )
    expect(Object.fromEntries(died.map(({ task, kind }) => [task, kind]))).toEqual({
      eats_memory: 'out-of-memory',
      forks_grandchildren: 'signal',
      ignores_sigterm: 'timeout',
      killed: 'signal',
      stopped: 'heartbeat',
    })
    await program.stop()
    await checkNothingLeft(place)
  })
  await database.drop()
})

test('a worker killed between its result and the acknowledgement has succeeded, once', async () => {
  const database = await createTestDatabase()
  const place = await CrashPlace.make({ database: database.connection })
  await place.put(
    'crash',
    `const dag = new Dag('crash', {})
     const middle = dag.task('middle', () => work(50), inPool)
     const last = dag.task('last', ({ n }: { n: number }) => work(n))
     last({ n: middle() })`,
  )
  await place.use(async () => {
    const program = await place.start(
      'data',
      {},
      {
        args: [
          fileURLToPath(new URL('./faulty-program.ts', import.meta.url)),
          'the worker, between result and acknowledgement',
        ],
        ready: /Ready$/,
      },
    )
    await place.untilLive('crash')
    await place.trigger('crash', ['run'])
    await program.line(/killing the worker \d+/)
    await place.untilRunsEnded('crash', 1)
    // The next try may have been given to it just then, and dies with it; this one is over.
    await checkAfterCrash(place, { dagId: 'crash', runs: 1, tasks: 2, causes: ['signal'], folders: ['data'] })
    const middle = await place.query<{ n: number }>(
      `select try_number as n from task_instance where task_id = 'middle'`,
    )
    expect(middle).toEqual([{ n: 1 }])
    await program.kill()
    await checkNothingLeft(place)
  })
  await database.drop()
})
