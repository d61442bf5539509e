/** Retry delays: a table by hand, and the bounds that hold for every policy. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { retryDelay } from '../../core/retry-delay.ts'

const policy = { delayMs: 1_000, backoff: 2, maxDelayMs: 300_000, jitter: 0 }

test('the platform default: 1, 2, 4, ... s up to five minutes', () => {
  const delays = [1, 2, 3, 4, 9, 10, 60].map((failures) => retryDelay(policy, failures, 's'))
  expect(delays).toEqual([1_000, 2_000, 4_000, 8_000, 256_000, 300_000, 300_000])
})

test('a factor of 1 is a fixed delay; no failure counts as one', () => {
  expect(retryDelay({ ...policy, backoff: 1 }, 7, 's')).toBe(1_000)
  expect(retryDelay(policy, 0, 's')).toBe(1_000)
})

test('overflow and nonsense end at the cap, or at a year', () => {
  expect(retryDelay(policy, 100_000, 's')).toBe(300_000)
  expect(retryDelay({ ...policy, delayMs: 0 }, 100_000, 's')).toBe(300_000)
  expect(retryDelay({ ...policy, maxDelayMs: Number.POSITIVE_INFINITY }, 100_000, 's')).toBe(365 * 86_400_000)
})

test('jitter depends on the seed only and spreads over its share', () => {
  const jittered = { ...policy, jitter: 0.5 }
  expect(retryDelay(jittered, 3, 'a')).toBe(retryDelay(jittered, 3, 'a'))
  const tenths = new Set<number>()
  for (let i = 0; i < 200; i++) tenths.add(Math.floor((retryDelay(jittered, 1, `17.${i}`) - 1_000) / 50.1))
  expect(tenths.size).toBe(10)
})

test('always a whole number between the nominal delay and the cap', () => {
  const policies = fc.record({
    delayMs: fc.integer({ min: 0, max: 86_400_000 }),
    backoff: fc.double({ min: 0.5, max: 10, noNaN: true }),
    maxDelayMs: fc.integer({ min: 0, max: 86_400_000 }),
    jitter: fc.double({ min: 0, max: 1, noNaN: true }),
  })
  fc.assert(
    fc.property(policies, fc.integer({ min: 1, max: 5_000 }), fc.string(), (p, failures, seed) => {
      const delay = retryDelay(p, failures, seed)
      expect(Number.isSafeInteger(delay)).toBe(true)
      expect(delay).toBeLessThanOrEqual(p.maxDelayMs)
      expect(delay).toBeGreaterThanOrEqual(retryDelay({ ...p, jitter: 0 }, failures, ''))
      expect(delay).toBeLessThanOrEqual(Math.ceil(retryDelay({ ...p, jitter: 0 }, failures, '') * (1 + p.jitter)) + 1)
    }),
  )
})
