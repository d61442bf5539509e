/** Priority weights: by hand, against plain sets on random graphs, and at size. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { priorityWeights } from '../../core/priority.ts'
import { WEIGHT_RULES, type WeightRule } from '../../core/serialized-dag.ts'

/** Edges go from lower to higher after `labels` renames the tasks, so that index order is not topological order. */
function graph(count: number, edges: readonly (readonly [number, number])[]): { down: number[][]; up: number[][] } {
  const down = Array.from({ length: count }, (): number[] => [])
  const up = Array.from({ length: count }, (): number[] => [])
  for (const [a, b] of edges) {
    down[a]!.push(b)
    up[b]!.push(a)
  }
  return { down, up }
}

function sumOverSet(start: number, neighbours: readonly number[][], weights: readonly number[]): number {
  const seen = new Set([start])
  for (const task of seen) for (const next of neighbours[task]!) seen.add(next)
  return [...seen].reduce((sum, task) => sum + weights[task]!, 0)
}

test('a diamond counts its end once', () => {
  const { down, up } = graph(4, [
    [0, 1],
    [0, 2],
    [1, 3],
    [2, 3],
  ])
  const tasks = (rule: WeightRule) => [1, 10, 100, 1000].map((weight) => ({ weight, rule }))
  expect([...priorityWeights(tasks('absolute'), down, up)]).toEqual([1, 10, 100, 1000])
  expect([...priorityWeights(tasks('downstream'), down, up)]).toEqual([1111, 1010, 1100, 1000])
  expect([...priorityWeights(tasks('upstream'), down, up)]).toEqual([1, 11, 101, 1111])
})

test('clamped to int32', () => {
  const { down, up } = graph(2, [[0, 1]])
  const big = { weight: 2_000_000_000, rule: 'downstream' } as const
  expect([...priorityWeights([big, big], down, up)]).toEqual([2 ** 31 - 1, 2_000_000_000])
  const low = { weight: -2_000_000_000, rule: 'downstream' } as const
  expect(priorityWeights([low, low], down, up)[0]).toBe(-(2 ** 31))
})

test('a cycle is refused', () => {
  const { down, up } = graph(2, [
    [0, 1],
    [1, 0],
  ])
  const task = { weight: 1, rule: 'downstream' } as const
  expect(() => priorityWeights([task, task], down, up)).toThrow('2 tasks lie on or behind a cycle')
})

test('random graphs: the same as sums over plain sets', () => {
  const graphs = fc.integer({ min: 1, max: 90 }).chain((count) =>
    fc.record({
      order: fc.shuffledSubarray([...Array(count).keys()], { minLength: count }),
      pairs: fc.array(fc.tuple(fc.nat(count - 1), fc.nat(count - 1)), { maxLength: count * 2 }),
      tasks: fc.array(
        fc.record({ weight: fc.integer({ min: -50, max: 1000 }), rule: fc.constantFrom(...WEIGHT_RULES) }),
        { minLength: count, maxLength: count },
      ),
    }),
  )
  fc.assert(
    fc.property(graphs, ({ order, pairs, tasks }) => {
      const edges = pairs
        .filter(([a, b]) => a !== b)
        .map(([a, b]) => [order[Math.min(a, b)]!, order[Math.max(a, b)]!] as const)
      const { down, up } = graph(tasks.length, edges)
      const own = tasks.map((task) => task.weight)
      const expected = tasks.map(({ weight, rule }, i) =>
        rule === 'absolute' ? weight : sumOverSet(i, rule === 'downstream' ? down : up, own),
      )
      expect([...priorityWeights(tasks, down, up)]).toEqual(expected)
    }),
    { numRuns: 200 },
  )
})

test('10,000 tasks and 20,000 edges take well under a second', () => {
  const count = 10_000
  const edges = Array.from({ length: 20_000 }, (_, i) => {
    const from = (i * 7919) % (count - 1)
    return [from, from + 1 + ((i * 104_729) % Math.min(50, count - 1 - from))] as const
  })
  const { down, up } = graph(count, edges)
  const tasks = Array.from({ length: count }, (_, i) => ({ weight: 1 + (i % 5), rule: 'downstream' as const }))
  const started = performance.now()
  const weights = priorityWeights(tasks, down, up)
  expect(performance.now() - started).toBeLessThan(1_000)
  const own = tasks.map((task) => task.weight)
  for (const i of [0, 1, 4_999, 9_000, 9_999]) expect(weights[i]).toBe(sumOverSet(i, down, own))
})
