/**
 * The side of the SDK that the worker and the test runner use; not exported from the package. Parsing: open a collection,
 * import the file, serialize what was collected. Running: find the handler, run it in a scope, choose its branches.
 */
import { type CollectionOptions, type Collection as OpenCollection, openCollection } from './collection.ts'
import { type BoundCompensation, compensationOfTask } from './compensation.ts'
import type { BaseDag } from './dag.ts'
import { type DagDeclarations, declarationsOf, type TaskDeclaration } from './declarations.ts'
import type { TaskOptions } from './options.ts'
import { getClient, getContext } from './task-context.ts'

export { buildContext } from './build-context.ts'
export { chooseBranches } from './choose-branches.ts'
export { isFailError, isSkipError } from './errors.ts'
export { serializeDags } from './serialize/serialize-dags.ts'
export { currentScope, runInScope, type Scope } from './task-context.ts'

/** A Dag of either entry, of any copy of this package. */
export type AnyDag = BaseDag<unknown, TaskOptions>

export type Collection = OpenCollection<AnyDag>

/** Starts collecting: every Dag constructed from now on is in `dags`, until `end()`. */
export function beginCollection(options: CollectionOptions = {}): Collection {
  return openCollection<AnyDag>(options)
}

/** The name a handler goes by, ready to be called with its arguments by name. */
export type BoundHandler = (args: Readonly<Record<string, unknown>>) => unknown

/**
 * The handler of a task, or `undefined` when the Dag has no such task or the task runs no code of the author's
 * (`triggerDagRun`). Call it inside `runInScope`.
 */
export function handlerOf(dag: { readonly dagId: string }, taskId: string): BoundHandler | undefined {
  const declarations = declarationsOf(dag)
  const task = tasksById(declarations).get(taskId)
  const handler = task?.handler
  if (task === undefined || handler === undefined) return undefined
  const [call] = task.calls
  // Airflow's beta: a task that nobody called, served through a DagRegistry, takes its context and client as arguments.
  if (call === undefined && declarations.registered) return () => handler({ ctx: getContext(), client: getClient() })
  // Called without arguments, it may have defaults of its own.
  return (args) => handler(call?.inputs === undefined && Object.keys(args).length === 0 ? undefined : args)
}

/** The code that undoes a task, or `undefined` when there is none in it. Call it inside `runInScope`. */
export function compensationOf(dag: { readonly dagId: string }, taskId: string): BoundCompensation | undefined {
  const task = tasksById(declarationsOf(dag)).get(taskId)
  return task === undefined ? undefined : compensationOfTask(task)
}

const byId = new WeakMap<DagDeclarations, Map<string, TaskDeclaration>>()

function tasksById(declarations: DagDeclarations): Map<string, TaskDeclaration> {
  let tasks = byId.get(declarations)
  if (tasks === undefined || tasks.size !== declarations.tasks.length) {
    tasks = new Map(declarations.tasks.map((task) => [task.taskId, task]))
    byId.set(declarations, tasks)
  }
  return tasks
}
