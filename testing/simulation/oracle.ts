/** Which tasks a branch excludes, worked out from the serialized Dag alone (the engine works on its graph). */
import type { SerializedDag, SerializedTask } from '../../core/serialized-dag.ts'

export function excludes(dag: SerializedDag, decider: SerializedTask, followsThen: boolean): Set<string> {
  const branch = decider.branches?.[0]
  if (branch?.kind !== 'if') return new Set()
  const followed = followsThen ? branch.then : branch.else
  const kept = new Set(followed)
  // Tasks come in topological order here, so one pass finds everything below.
  for (const task of dag.tasks) if (task.upstream.some((id) => kept.has(id))) kept.add(task.taskId)
  return new Set([...branch.then, ...branch.else].filter((id) => !kept.has(id)))
}
