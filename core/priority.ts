/**
 * Priority weights (airflow-behaviour 2.12): `absolute` is a task's own weight, `downstream` adds the own weights of all
 * distinct transitive descendants, `upstream` those of all ancestors. Computed once per Dag version.
 *
 * Invariant: a descendant reached by many paths counts once, so the sums are over sets. The sets of 10,000 tasks are
 * 12 MB as bits; here 32 columns are swept at a time, which needs one word per task and the same work.
 */
import type { WeightRule } from './serialized-dag.ts'

type Adjacency = ArrayLike<ArrayLike<number>>

/**
 * One weight per task, clamped to int32. `downstream[i]` and `upstream[i]` list the direct neighbours of task i by index.
 * Throws when the graph has a cycle.
 */
export function priorityWeights(
  tasks: ArrayLike<{ readonly weight: number; readonly rule: WeightRule }>,
  downstream: Adjacency,
  upstream: Adjacency,
): Int32Array {
  const count = tasks.length
  const own = new Float64Array(count)
  const rules = new Set<WeightRule>()
  for (let i = 0; i < count; i++) {
    own[i] = tasks[i]!.weight
    rules.add(tasks[i]!.rule)
  }
  const order = rules.has('downstream') || rules.has('upstream') ? topologicalOrder(downstream, upstream) : []
  const below = rules.has('downstream') ? reachableSums(own, downstream, order.toReversed()) : own
  const above = rules.has('upstream') ? reachableSums(own, upstream, order) : own
  const weights = new Int32Array(count)
  for (let i = 0; i < count; i++) {
    const rule = tasks[i]!.rule
    const weight = rule === 'downstream' ? below[i]! : rule === 'upstream' ? above[i]! : own[i]!
    weights[i] = Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, weight))
  }
  return weights
}

/**
 * Sum of `own` over each task and everything reachable from it. `order` has every neighbour before the task itself. With
 * one neighbour, or none, the sum is that of the neighbour and one's own. Where few tasks have more, each of those walks
 * what it reaches; where many have, all sets are swept at once.
 */
function reachableSums(own: Float64Array, neighbours: Adjacency, order: readonly number[]): Float64Array {
  let joins = 0
  for (let i = 0; i < neighbours.length; i++) if (neighbours[i]!.length > 1) joins++
  return joins * 32 > own.length ? sweptSums(own, neighbours, order) : walkedSums(own, neighbours, order)
}

function walkedSums(own: Float64Array, neighbours: Adjacency, order: readonly number[]): Float64Array {
  const sums = new Float64Array(own.length)
  const seenBy = new Int32Array(own.length).fill(-1)
  const stack: number[] = []
  for (const task of order) {
    const list = neighbours[task]!
    if (list.length <= 1) {
      sums[task] = own[task]! + (list.length === 0 ? 0 : sums[list[0]!]!)
      continue
    }
    let sum = 0
    stack.push(task)
    seenBy[task] = task
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      sum += own[at]!
      const next = neighbours[at]!
      for (let i = 0; i < next.length; i++) {
        if (seenBy[next[i]!] === task) continue
        seenBy[next[i]!] = task
        stack.push(next[i]!)
      }
    }
    sums[task] = sum
  }
  return sums
}

function sweptSums(own: Float64Array, neighbours: Adjacency, order: readonly number[]): Float64Array {
  const count = own.length
  const sums = new Float64Array(count)
  const reached = new Int32Array(count)
  const byteSums = new Float64Array(4 * 256)
  for (let base = 0; base < count; base += 32) {
    // byteSums[k * 256 + b]: weight of the columns that byte value b stands for at byte k of the word.
    for (let k = 0; k < 4; k++) {
      for (let b = 1; b < 256; b++) {
        const column = base + k * 8 + (31 - Math.clz32(b))
        byteSums[k * 256 + b] = byteSums[k * 256 + (b & ~(1 << (31 - Math.clz32(b))))]! + (own[column] ?? 0)
      }
    }
    for (const task of order) {
      let word = task >= base && task < base + 32 ? 1 << (task - base) : 0
      const list = neighbours[task]!
      for (let i = 0; i < list.length; i++) word |= reached[list[i]!]!
      reached[task] = word
      if (word !== 0) {
        sums[task]! +=
          byteSums[word & 255]! +
          byteSums[256 + ((word >>> 8) & 255)]! +
          byteSums[512 + ((word >>> 16) & 255)]! +
          byteSums[768 + (word >>> 24)]!
      }
    }
  }
  return sums
}

function topologicalOrder(downstream: Adjacency, upstream: Adjacency): number[] {
  const waiting = Int32Array.from({ length: upstream.length }, (_, i) => upstream[i]!.length)
  const order: number[] = []
  for (let i = 0; i < waiting.length; i++) if (waiting[i] === 0) order.push(i)
  for (let head = 0; head < order.length; head++) {
    const list = downstream[order[head]!]!
    for (let i = 0; i < list.length; i++) if (--waiting[list[i]!]! === 0) order.push(list[i]!)
  }
  if (order.length < waiting.length) {
    throw new Error(`${waiting.length - order.length} tasks lie on or behind a cycle; weights need an acyclic graph.`)
  }
  return order
}
