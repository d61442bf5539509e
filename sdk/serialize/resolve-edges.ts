/**
 * Edges between tasks, from edges between tasks and groups. As an upstream a group stands for its last tasks (nothing else in
 * it runs after them), as a downstream for its first ones. Those depend only on edges that lie wholly inside the group, so
 * edges are resolved from the innermost outwards, and the order in which an author drew them does not matter.
 */
import type { RawPosition } from '../call-site.ts'
import type { EdgeDeclaration, GroupDeclaration, NodeRecord, TaskDeclaration } from '../declarations.ts'
import type { Report } from './report.ts'

export interface TaskGraph {
  /** Direct upstream tasks with where the edge was drawn. */
  readonly upstream: ReadonlyMap<TaskDeclaration, ReadonlyMap<TaskDeclaration, RawPosition | undefined>>
  /** First tasks of a node: the task itself, or the roots of a group. */
  roots(node: NodeRecord): readonly TaskDeclaration[]
}

export function resolveEdges(
  tasks: readonly TaskDeclaration[],
  edges: readonly EdgeDeclaration[],
  report: Report,
): TaskGraph {
  const upstream = new Map<TaskDeclaration, Map<TaskDeclaration, RawPosition | undefined>>()
  const downstream = new Map<TaskDeclaration, Set<TaskDeclaration>>()
  const members = membersByGroup(tasks)
  const known = new Map<string, readonly TaskDeclaration[]>()

  const endsOf = (node: NodeRecord, side: 'first' | 'last'): readonly TaskDeclaration[] => {
    if (node.kind === 'task') return [node.task]
    const key = `${side} ${node.group.groupId}`
    let ends = known.get(key)
    if (ends === undefined) {
      const inside = members.get(node.group) ?? new Set<TaskDeclaration>()
      const next = (task: TaskDeclaration): Iterable<TaskDeclaration> =>
        side === 'first' ? (upstream.get(task)?.keys() ?? []) : (downstream.get(task) ?? [])
      ends = [...inside].filter((task) => !hasAny(next(task), inside))
      known.set(key, ends)
    }
    return ends
  }

  const draw = ({ from, to, site }: EdgeDeclaration): void => {
    for (const before of endsOf(from, 'last')) {
      for (const after of endsOf(to, 'first')) {
        const known = upstream.get(after) ?? new Map<TaskDeclaration, RawPosition | undefined>()
        if (!known.has(before)) upstream.set(after, known.set(before, site))
        downstream.set(before, (downstream.get(before) ?? new Set<TaskDeclaration>()).add(after))
      }
    }
  }

  const innermostFirst = edges
    .filter((edge) => isSound(edge, members, report))
    .map((edge) => ({ edge, depth: commonDepth(edge) }))
    .sort((a, b) => b.depth - a.depth)
  for (const { edge } of innermostFirst) draw(edge)
  return { upstream, roots: (node) => endsOf(node, 'first') }
}

function membersByGroup(tasks: readonly TaskDeclaration[]): Map<GroupDeclaration, Set<TaskDeclaration>> {
  const members = new Map<GroupDeclaration, Set<TaskDeclaration>>()
  for (const task of tasks) {
    for (const group of groupsAround(task.group)) {
      members.set(group, (members.get(group) ?? new Set<TaskDeclaration>()).add(task))
    }
  }
  return members
}

/** From the innermost to the outermost. */
function groupsAround(group: GroupDeclaration | undefined): GroupDeclaration[] {
  const around: GroupDeclaration[] = []
  for (let current = group; current !== undefined; current = current.parent) around.push(current)
  return around
}

/** The group a node lies in; a group does not lie in itself. */
function containerOf(node: NodeRecord): GroupDeclaration | undefined {
  return node.kind === 'task' ? node.task.group : node.group.parent
}

/** How many groups hold both ends. */
function commonDepth({ from, to }: EdgeDeclaration): number {
  const around = new Set(groupsAround(containerOf(from)))
  return groupsAround(containerOf(to)).filter((group) => around.has(group)).length
}

function isSound(
  { from, to, site }: EdgeDeclaration,
  members: ReadonlyMap<GroupDeclaration, ReadonlySet<TaskDeclaration>>,
  report: Report,
): boolean {
  for (const [end, other] of [
    [from, to],
    [to, from],
  ] as const) {
    if (end.kind === 'task') continue
    const { group } = end
    if (groupsAround(other.kind === 'task' ? other.task.group : other.group).includes(group)) {
      report({
        code: 'edge-into-own-group',
        message: `The group "${group.groupId}" is ordered against ${nameOf(other)}, which is inside it.`,
        remedy: 'Order tasks of the group against each other, or the group against something outside it.',
        site,
      })
      return false
    }
    if (!members.has(group)) {
      report({
        code: 'empty-group',
        message: `The group "${group.groupId}" is ordered against ${nameOf(other)}, but holds no placed task.`,
        remedy: 'Place a task in the group, or remove the edge; through an empty group no order would be kept.',
        site,
      })
      return false
    }
  }
  return true
}

function nameOf(node: NodeRecord): string {
  return node.kind === 'task' ? `the task "${node.task.taskId}"` : `the group "${node.group.groupId}"`
}

function hasAny(some: Iterable<TaskDeclaration>, all: ReadonlySet<TaskDeclaration>): boolean {
  for (const task of some) if (all.has(task)) return true
  return false
}
