/**
 * Ten tasks of real work one after another, against the same calls in a bare process: what the platform adds when the work
 * is not nothing. The two are measured in turn and compared pair by pair, since the clock of a busy machine wanders. Beside
 * them the limit: what a prepared insert and a round trip to a child add around the same calls, and nothing else.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Benchmark } from './benchmark.ts'
import { chainDag } from './chain-light.ts'
import { openHopLimit } from './measuring/hop-limit.ts'
import { withSession } from './measuring/session.ts'
import { median, round, spread } from './measuring/statistics.ts'

const TASKS = 10
const FIBO = 33
const BAR_MS = 20
const BARE_CHILD = fileURLToPath(new URL('./measuring/bare-child.ts', import.meta.url))

export const chainHeavy: Benchmark = {
  name: 'chain-heavy',
  what: '10 sequential tasks, naive fibo(33), against the same calls in a warm bare process, in pairs',
  run: async ({ size, runs, profileTo, note }) => {
    const n = size === 'tiny' ? 10 : FIBO
    const bare = fork(BARE_CHILD, { execArgv: [] })
    try {
      await once(bare, 'message')
      const work = async (calls: number) => {
        bare.send({ calls, n })
        const [answer] = (await once(bare, 'message')) as [{ ms: number }]
        return answer.ms
      }
      const bareRun = () => work(TASKS)
      return await withSession({ profileTo }, async ({ folder, client }) => {
        await folder.put('chain_heavy.ts', chainDag('chain_heavy', TASKS, n))
        await client.live('chain_heavy')
        const ownRun = async () => (await client.run('chain_heavy')).ms
        const hopLimit = await openHopLimit(await folder.connection())
        await bareRun()
        await ownRun()
        const pairs: { bare: number; own: number }[] = []
        const limits: number[] = []
        for (let pair = 0; pair < 2 * runs; pair += 1) {
          // Neither is always the first.
          const ownFirst = pair % 2 === 1 ? await ownRun() : null
          const bareMs = await bareRun()
          pairs.push({ bare: bareMs, own: ownFirst ?? (await ownRun()) })
          limits.push(await hopLimit.measureAround(TASKS, () => work(1)))
        }
        await hopLimit.close()
        const bareMs = median(pairs.map((pair) => pair.bare))
        const added = pairs.map((pair) => pair.own - pair.bare)
        note(
          `added ms: ${spread(added, 1)}; the calls alone: ${spread(
            pairs.map((pair) => pair.bare),
            0,
          )}`,
        )
        note(`the limit of the same ten hops, ms: ${spread(limits, 1)}`)
        const value = median(added)
        return [
          {
            name: 'chain-heavy',
            value: round(value),
            unit: 'ms more in all',
            ratio: round(median(pairs.map((pair) => pair.own / pair.bare)), 4),
            against: `bare process ${bareMs.toFixed(0)} ms; the limit adds ${median(limits).toFixed(1)} ms`,
            bar: `<= ${BAR_MS} ms more`,
            holds: value <= BAR_MS,
          },
        ]
      })
    } finally {
      bare.disconnect()
    }
  },
}
