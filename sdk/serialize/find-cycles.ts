/**
 * Cycles among tasks, named by their path for the message: one shortest cycle for every knot of tasks that wait for each
 * other. Iterative, because a chain of ten thousand tasks is deeper than the stack.
 */

/** Each cycle as the tasks on it, in the order they would run; the first follows on the last. */
export function findCycles<T>(nodes: readonly T[], upstream: (node: T) => Iterable<T>): T[][] {
  return knots(nodes, upstream).map((knot) => shortestCycle(knot, upstream))
}

/** Strongly connected sets of more than one node, or of one that waits for itself (Tarjan). */
function knots<T>(nodes: readonly T[], upstream: (node: T) => Iterable<T>): Set<T>[] {
  const found: Set<T>[] = []
  const numbers = new Map<T, number>()
  const lowest = new Map<T, number>()
  const pending: T[] = []
  const isPending = new Set<T>()
  for (const root of nodes) {
    if (numbers.has(root)) continue
    const work: { readonly node: T; readonly rest: Iterator<T> }[] = []
    const enter = (node: T): void => {
      numbers.set(node, numbers.size)
      lowest.set(node, numbers.size - 1)
      pending.push(node)
      isPending.add(node)
      work.push({ node, rest: upstream(node)[Symbol.iterator]() })
    }
    enter(root)
    while (work.length > 0) {
      const { node, rest } = work.at(-1)!
      const next = rest.next()
      if (!next.done) {
        if (!numbers.has(next.value)) enter(next.value)
        else if (isPending.has(next.value)) lower(lowest, node, numbers.get(next.value)!)
        continue
      }
      work.pop()
      const parent = work.at(-1)
      if (parent !== undefined) lower(lowest, parent.node, lowest.get(node)!)
      if (lowest.get(node) !== numbers.get(node)) continue
      const knot = new Set(pending.splice(pending.lastIndexOf(node)))
      for (const member of knot) isPending.delete(member)
      if (knot.size > 1 || [...upstream(node)].includes(node)) found.push(knot)
    }
  }
  return found
}

function lower<T>(lowest: Map<T, number>, node: T, number: number): void {
  if (number < lowest.get(node)!) lowest.set(node, number)
}

/** By breadth from one node of the knot back to itself. */
function shortestCycle<T>(knot: ReadonlySet<T>, upstream: (node: T) => Iterable<T>): T[] {
  const start = [...knot][0] as T
  const towards = new Map<T, T>()
  const queue = [start]
  for (const node of queue) {
    for (const before of upstream(node)) {
      if (!knot.has(before) || towards.has(before)) continue
      towards.set(before, node)
      if (before === start) return pathFrom(start, towards)
      queue.push(before)
    }
  }
  return [...knot]
}

function pathFrom<T>(start: T, towards: ReadonlyMap<T, T>): T[] {
  const path = [start]
  for (let node = towards.get(start)!; node !== start; node = towards.get(node)!) path.push(node)
  return path
}
