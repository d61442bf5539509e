import { describe, expect, it } from 'vitest'
import { addCoverage, type Coverage, uncovered } from '../../testing/simulation/coverage.ts'
import { simulate } from '../../testing/simulation/simulate.ts'

describe('simulation', () => {
  it('keeps every invariant over a thousand random histories, and meets every kind of trouble', {
    timeout: 600_000,
  }, async () => {
    const coverage: Coverage = new Map()
    for (let seed = 1; seed <= 1000; seed++) {
      const history = await simulate(seed)
      expect(history.violations, `npm run simulate -- --seed ${seed} --histories 1 --trace`).toEqual([])
      addCoverage(coverage, history.coverage)
    }
    expect(uncovered(coverage)).toEqual([])
  })

  it('replays a seed exactly', async () => {
    const [first, second] = [await simulate(7), await simulate(7)]
    expect(second).toEqual(first)
  })
})
