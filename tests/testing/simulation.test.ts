import { describe, expect, it } from 'vitest'
import { simulate } from '../../testing/simulation/simulate.ts'

describe('simulation', () => {
  it('keeps every invariant over random Dags, crashes and faults', { timeout: 120_000 }, async () => {
    const coverage = new Map<string, number>()
    for (let seed = 1; seed <= 1000; seed++) {
      const history = await simulate(seed)
      expect(history.violations, `seed ${seed}`).toEqual([])
      for (const [what, count] of history.coverage) coverage.set(what, (coverage.get(what) ?? 0) + count)
    }
    for (const what of [
      'kills',
      'unknown commits',
      'failed statements',
      'doubled reports',
      'terms',
      'bisected ticks',
      'triggers',
    ]) {
      expect(coverage.get(what) ?? 0, what).toBeGreaterThan(0)
    }
  })

  it('replays a seed exactly', async () => {
    const [first, second] = [await simulate(7), await simulate(7)]
    expect(second).toEqual(first)
  })
})
