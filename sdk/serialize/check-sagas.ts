/** What can be said about the sagas of a Dag only when all of it is known. */
import type { DagDeclarations, GroupDeclaration, TaskDeclaration } from '../declarations.ts'
import type { Report } from './report.ts'

/** `isUndone`: the task has a compensation. */
export function checkSagas(
  dag: DagDeclarations,
  placed: readonly TaskDeclaration[],
  isUndone: (task: TaskDeclaration) => boolean,
  report: Report,
): void {
  const sagas = dag.groups.filter((group) => group.saga)
  if (sagas.length === 0) return
  const undone = new Set<GroupDeclaration>()
  for (const task of placed) {
    const saga = sagaAround(task.group)
    if (saga !== undefined && isUndone(task)) undone.add(saga)
  }
  for (const saga of sagas) {
    const { groupId, site } = saga
    const outer = sagaAround(saga.parent)
    if (outer !== undefined) {
      report({
        code: 'nested-saga',
        message: `The saga "${groupId}" lies in the saga "${outer.groupId}"; sagas do not nest.`,
        remedy: 'Make the inner one a taskGroup, which is undone with the outer saga, or put it beside that.',
        site,
      })
    } else if (!undone.has(saga)) {
      report({
        warning: true,
        code: 'saga-without-compensation',
        message: `No task of the saga "${groupId}" has a compensation, so nothing of it is ever undone.`,
        remedy: 'Give the tasks that have an effect a compensate option, or make it a taskGroup.',
        site,
      })
    }
  }
}

/** The saga a group is or lies in. */
function sagaAround(group: GroupDeclaration | undefined): GroupDeclaration | undefined {
  for (let current = group; current !== undefined; current = current.parent) if (current.saga) return current
  return undefined
}
