/**
 * The sagas of a Dag as scopes over task indexes: who belongs to one, where it ends, and who outside waits until it has
 * settled. Invariant: seen as one node each, sagas form no cycle, or what waits for one would wait for ever.
 */
import type { SerializedDag } from './serialized-dag.ts'

export interface SagaScope {
  /** Id of its task group. */
  readonly sagaId: string
  /** Task indexes, ascending. */
  readonly members: Int32Array
  /** Members with nothing of the saga below them: its outcome follows from them, as that of a run from its leaves. */
  readonly leaves: Int32Array
  /** Tasks outside directly below a member: they wait until the saga has settled. */
  readonly held: Int32Array
}

export interface SagaScopes {
  readonly sagas: readonly SagaScope[]
  /** Per task the index of its saga, or -1. `null` where there is no saga. */
  readonly sagaOf: Int32Array | null
  /** Per task the sagas it waits for. `null` where there is no saga. */
  readonly heldBy: readonly (readonly number[])[] | null
}

const NO_SAGAS: SagaScopes = { sagas: [], sagaOf: null, heldBy: null }

/** @throws when tasks outside lead from a saga back into it: the processor lets no such Dag through. */
export function sagaScopes(
  dag: Pick<SerializedDag, 'dagId' | 'tasks' | 'groups'>,
  downstream: readonly Int32Array[],
): SagaScopes {
  const ids = dag.groups.filter((group) => group.saga === true).map((group) => group.groupId)
  if (ids.length === 0) return NO_SAGAS
  const place = new Map(ids.map((id, i) => [id, i]))
  const parentOf = new Map(dag.groups.map((group) => [group.groupId, group.parentId]))
  const sagaOf = Int32Array.from(dag.tasks, (task) => {
    for (let id = task.groupId; id !== undefined; id = parentOf.get(id)) {
      const saga = place.get(id)
      if (saga !== undefined) return saga
    }
    return -1
  })
  const members: number[][] = ids.map(() => [])
  const held: Set<number>[] = ids.map(() => new Set())
  const heldBy: number[][] = dag.tasks.map(() => [])
  sagaOf.forEach((saga, i) => {
    if (saga < 0) return
    members[saga]!.push(i)
    for (const child of downstream[i]!) {
      if (sagaOf[child] === saga || held[saga]!.has(child)) continue
      held[saga]!.add(child)
      heldBy[child]!.push(saga)
    }
  })
  const isLeaf = (i: number) => downstream[i]!.every((child) => sagaOf[child] !== sagaOf[i])
  const sagas = ids.map((sagaId, saga) => ({
    sagaId,
    members: Int32Array.from(members[saga]!),
    leaves: Int32Array.from(members[saga]!.filter(isLeaf)),
    held: Int32Array.from(held[saga]!),
  }))
  checkOrder(dag, sagas, sagaOf, downstream)
  return { sagas, sagaOf, heldBy }
}

/** Every saga taken as one node, what is left must still be acyclic. */
function checkOrder(
  { dagId, tasks }: Pick<SerializedDag, 'dagId' | 'tasks'>,
  sagas: readonly SagaScope[],
  sagaOf: Int32Array,
  downstream: readonly Int32Array[],
): void {
  // Nodes: tasks by index, sagas behind them.
  const node = (i: number) => (sagaOf[i]! < 0 ? i : tasks.length + sagaOf[i]!)
  const waitsFor = new Int32Array(tasks.length + sagas.length)
  const edges = (at: number) => (at < tasks.length ? [at] : [...sagas[at - tasks.length]!.members])
  const next = (at: number) =>
    edges(at)
      .flatMap((i) => [...downstream[i]!].map(node))
      .filter((other) => other !== at)
  const all = new Set(tasks.map((_, i) => node(i)))
  for (const at of all) for (const other of next(at)) waitsFor[other]! += 1
  const open = [...all].filter((at) => waitsFor[at] === 0)
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    all.delete(at)
    for (const other of next(at)) {
      waitsFor[other]! -= 1
      if (waitsFor[other] === 0) open.push(other)
    }
  }
  const stuck = sagas.find((_, saga) => all.has(tasks.length + saga))
  if (stuck === undefined) return
  throw new Error(
    `saga "${stuck.sagaId}" of Dag "${dagId}" waits for tasks outside that wait for it; put the tasks between into the saga`,
  )
}
