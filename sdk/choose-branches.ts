/** What a task that decided follows, from what it returned. Runs in the child, with the task. */
import type { Json } from '../core/json.ts'
import type { BranchSpec } from '../core/serialized-dag.ts'
import { branded } from './brand.ts'
import { type DagDeclarations, describe, type GroupDeclaration } from './declarations.ts'
import { nodeRecord } from './graph-node.ts'

/**
 * Ids of the tasks that are followed, each once, in order of the branches. A reference counts as the id of its task or
 * group. Throws when an `if` got no boolean, and when a `switch` without default got a value that no case has.
 */
export function chooseBranches(branches: readonly BranchSpec[], value: unknown): string[] {
  const followed = branches.flatMap((branch) =>
    branch.kind === 'if' ? chooseSide(branch, value) : chooseCase(branch, value),
  )
  return [...new Set(followed)]
}

function chooseSide(branch: BranchSpec & { kind: 'if' }, value: unknown): readonly string[] {
  if (value === true) return branch.then
  if (value === false) return branch.else
  throw new TypeError(
    `The condition returned ${shown(value)}; it has to return true or false. Compare in the handler, as in "return rows > 0".`,
  )
}

function chooseCase(branch: BranchSpec & { kind: 'switch' }, value: unknown): readonly string[] {
  const plain = plainValue(value)
  const wanted = plain === undefined ? undefined : canonical(plain)
  const match = branch.cases.find((one) => canonical(one.value) === wanted)
  if (match !== undefined) return match.taskIds
  if (branch.otherwise !== undefined) return branch.otherwise
  const cases = branch.cases.map((one) => canonical(one.value)).join(', ')
  throw new RangeError(
    `The switch returned ${shown(value)}, and no case is for that. Its cases are ${cases}. Return one of them, or add .default(task).`,
  )
}

/** The id a reference stands for, or the value itself. */
function plainValue(value: unknown): unknown {
  const node = nodeRecord(value)
  if (node === undefined) return value
  return node.kind === 'task' ? node.task.taskId : node.group.groupId
}

function shown(value: unknown): string {
  const factory = branded<{ dag: DagDeclarations } | GroupDeclaration>(value, 'factory')
  if (factory !== undefined || typeof value !== 'object' || value === null) return describe(value)
  try {
    const text = JSON.stringify(plainValue(value))
    return text.length > 200 ? `${text.slice(0, 197)}...` : text
  } catch {
    return describe(value)
  }
}

/** JSON text with sorted keys, so that equal values have equal texts. */
function canonical(value: unknown): string | undefined {
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part as Record<string, Json>).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  )
}
