/** Tasks and their groups as rows: upstream first, the tasks of a group together below it, a collapsed group as one row. */
import type { Structure } from '../api/types.ts'
import type { GridRun } from '../data/grid-model.ts'

export interface GridRow {
  readonly id: string
  readonly label: string
  readonly depth: number
  readonly isGroup: boolean
  readonly isCollapsed: boolean
  /** A group that is undone as one. */
  readonly isSaga?: true
  /** One for a task; all of its own for a group. */
  readonly taskIds: readonly string[]
}

export function gridRows(structure: Structure, collapsed: ReadonlySet<string>): readonly GridRow[] {
  const { tasks, groups } = structure
  const order = inOrder(structure)
  const parentOf = new Map(groups.map((group) => [group.group_id, group.parent_id]))
  const sagas = new Set(groups.flatMap((group) => (group.is_saga ? [group.group_id] : [])))
  const groupOf = new Map(tasks.map((task) => [task.task_id, task.group_id]))
  const trailOf = (taskId: string): readonly string[] => {
    const trail: string[] = []
    for (let id = groupOf.get(taskId) ?? null; id !== null; id = parentOf.get(id) ?? null) trail.unshift(id)
    return trail
  }
  const rows: GridRow[] = []
  const seen = new Set<string>()
  const walk = (ids: readonly string[], depth: number) => {
    for (const id of ids) {
      if (seen.has(id)) continue
      const group = trailOf(id)[depth]
      if (group === undefined) {
        seen.add(id)
        rows.push({ id, label: lastPart(id, depth), depth, isGroup: false, isCollapsed: false, taskIds: [id] })
        continue
      }
      const inside = ids.filter((other) => trailOf(other)[depth] === group)
      const isCollapsed = collapsed.has(group)
      const saga = sagas.has(group) ? { isSaga: true as const } : {}
      rows.push({
        id: group,
        label: lastPart(group, depth),
        depth,
        isGroup: true,
        isCollapsed,
        taskIds: inside,
        ...saga,
      })
      if (isCollapsed) for (const other of inside) seen.add(other)
      else walk(inside, depth + 1)
    }
  }
  walk(order, 0)
  return rows
}

/** `questions.by_month` below its group is `by_month`. */
function lastPart(id: string, depth: number): string {
  return depth === 0 ? id : id.slice(id.lastIndexOf('.') + 1)
}

/** Upstream before downstream; among those that are free, in the order of the file. */
function inOrder({ tasks, edges }: Structure): readonly string[] {
  const open = new Map(tasks.map((task) => [task.task_id, 0]))
  const below = new Map<string, string[]>()
  for (const { source, target } of edges) {
    open.set(target, (open.get(target) ?? 0) + 1)
    below.set(source, [...(below.get(source) ?? []), target])
  }
  const ready = tasks.map((task) => task.task_id).filter((id) => open.get(id) === 0)
  for (const id of ready) {
    for (const next of below.get(id) ?? []) {
      const left = (open.get(next) ?? 1) - 1
      open.set(next, left)
      if (left === 0) ready.push(next)
    }
  }
  return ready
}

const WORST_FIRST = [
  'compensation_failed',
  'failed',
  'upstream_failed',
  'up_for_retry',
  'running',
  'compensating',
  'queued',
  'deferred',
  'none',
  'compensated',
  'success',
  'skipped',
  'removed',
] as const

/** Of a collapsed group: the state that most wants to be seen. */
export function rowState(run: GridRun, row: GridRow): string {
  const states = new Set(row.taskIds.map((id) => run.cells.get(id)?.state ?? 'absent'))
  return WORST_FIRST.find((state) => states.has(state)) ?? 'absent'
}
