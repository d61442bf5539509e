/** `standalone` with its own database, killed while a child spins where nobody can interrupt it. */
import { expect, test } from 'vitest'
import { STANDALONE } from '../end-to-end/program.ts'
import { checkAfterCrash, checkNothingLeft, committedSuccesses } from './check-after-crash.ts'
import { CrashPlace } from './crash-place.ts'

const DAG = `
import { pbkdf2Sync } from 'node:crypto'
const dag = new Dag('crash', {})
const first = dag.task('first', () => work(20), inPool)
const spins = dag.task('spins', ({ n }: { n: number }) => {
  say('begin')
  console.log('the last words of its own')
  // Minutes in native code, without a chance for JavaScript.
  if (getContext().tryNumber === 1) setTimeout(() => pbkdf2Sync('a', 'b', 2_000_000_000, 64, 'sha512'), 300)
  else say('end')
  return getContext().tryNumber === 1 ? pause(600_000).then(() => n) : n
}, inPool)
spins({ n: first() })
`

test('the whole program by SIGKILL while a child spins in native code', async () => {
  const place = await CrashPlace.make({ database: null })
  await place.use(async () => {
    const victim = await place.start('data', {}, STANDALONE)
    await place.put('crash', DAG)
    await place.untilLive('crash')
    await place.trigger('crash', ['run'])
    await place.untilEffect(({ what, taskId }) => what === 'begin' && taskId === 'spins')
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    const before = await committedSuccesses(place, 'crash')
    expect(before).toEqual([{ run: 'run', task: 'first', tries: 1 }])
    // The program alone, not its group: whatever it started must notice by itself.
    victim.process.kill('SIGKILL')
    await victim.ended
    await checkNothingLeft(place)

    const next = await place.start('data', { TRADEWIND_SERVER_METRICS_OPEN: 'true' }, STANDALONE)
    await place.untilRunsEnded('crash', 1)
    await checkAfterCrash(place, {
      dagId: 'crash',
      runs: 1,
      tasks: 2,
      before,
      causes: ['host-lost'],
      folders: ['data'],
    })
    const log = await place.cli('logs', 'crash', 'spins', 'run', '--try', '1')
    expect(log).toMatch(/the last words of its own[\s\S]*The log ends here: the program that ran it stopped/)
    const metrics = await (await fetch(`${next.url}/metrics`)).text()
    expect(metrics).toMatch(/^tradewind_executor_running_tries 0$/m)
    expect(metrics).toMatch(/^tradewind_waiting_task_instances 0$/m)
    await next.stop()
    await checkNothingLeft(place)
  })
})
