import { describe, expect, it } from 'vitest'
import { uncovered } from '../../testing/simulation/coverage.ts'
import { runHistories } from '../../testing/simulation/run-histories.ts'
import { shrink } from '../../testing/simulation/shrink.ts'
import { simulate } from '../../testing/simulation/simulate.ts'
import { writeScript } from '../../testing/simulation/write-script.ts'

describe('simulation', () => {
  it('keeps every invariant over two thousand random histories, and meets every kind of trouble', {
    timeout: 900_000,
  }, async () => {
    const summary = await runHistories({
      histories: 2000,
      seed: 1,
      threads: 2,
      onProgress: () => {},
      onFailure: ({ seed }) => console.log(`npm run simulate -- --seed ${seed} --histories 1 --trace`),
    })
    expect(summary.failures).toEqual([])
    expect(uncovered(summary.coverage)).toEqual([])
  })

  it('replays a seed exactly, and its script after a detour through a file', { timeout: 120_000 }, async () => {
    const [first, second] = [await simulate(7), await simulate(7)]
    expect(second).toEqual(first)
    const { coverage } = await simulate(JSON.parse(JSON.stringify(writeScript(7))))
    expect(coverage).toEqual(first.coverage)
  })
})

describe('shrinking', () => {
  it('leaves what is needed for something to go wrong', { timeout: 120_000 }, async () => {
    // A Dag no processor would let through: an argument that nothing gives ends its runs, which the oracle does not expect.
    const script = writeScript(4)
    const [dag] = script.dags
    const odd = {
      taskId: 'odd',
      kind: 'task',
      upstream: [],
      inputs: { x: { kind: 'xcom', taskId: 'nowhere' } },
    } as const
    const failing = {
      ...script,
      dags: [{ ...dag!, tasks: [...dag!.tasks, odd] }, ...script.dags.slice(1)],
      troubles: [{ at: 100, kind: 'trigger' as const, dagId: dag!.dagId }, ...script.troubles],
    }
    const { violations } = await simulate(failing)
    expect(violations).not.toEqual([])
    const shrunk = await shrink(failing, violations)
    expect(shrunk.violations).not.toEqual([])
    expect(shrunk.script.dags).toHaveLength(1)
    expect(shrunk.script.dags[0]!.tasks.map((task) => task.taskId)).toContain('odd')
    expect(shrunk.script.troubles.length).toBeLessThanOrEqual(1)
    expect((await simulate(shrunk.script)).violations).toEqual(shrunk.violations)
  })
})
