/**
 * What `dag.task` gives back: a function that places the task when it is called, once, and wires its arguments by name.
 * Its type follows from the handler's, so `tsc` rejects a wrong, missing or unknown argument.
 */
import { brand } from './brand.ts'
import { callSite } from './call-site.ts'
import type { TaskDeclaration } from './declarations.ts'
import { type Inputs, TaskRef } from './task-ref.ts'

/** A handler: a function of one object of named arguments, or of none. */
export type TaskFunction = (args: never) => unknown

interface FactoryTags {
  readonly dagId: string
  readonly taskId: string
}

type NoFields = Record<never, never>

type Call<P extends readonly unknown[], T> = P extends readonly []
  ? () => TaskRef<T>
  : P[0] extends object | undefined
    ? undefined extends P[0]
      ? (inputs?: Inputs<NonNullable<P[0]>>) => TaskRef<T>
      : NoFields extends P[0]
        ? (inputs?: Inputs<P[0]>) => TaskRef<T>
        : (inputs: Inputs<P[0]>) => TaskRef<T>
    : unknown extends P[0]
      ? (inputs?: Inputs<Record<string, unknown>>) => TaskRef<T>
      : (aHandlerTakesOneObjectOfNamedArguments: never) => TaskRef<T>

/** Places the task: call it exactly once, with the handler's arguments as values or references. */
export type TaskFactory<H extends TaskFunction> = Call<Parameters<H>, Awaited<ReturnType<H>>> & FactoryTags

/** Places a task that triggers a run. */
export type TriggerFactory = (() => TaskRef<{ runId: string }>) & FactoryTags

/** Inputs and options of a handler given to `if` or `switch`, which is placed at once. */
export type DeciderArguments<H extends TaskFunction, Options> =
  Parameters<H> extends readonly []
    ? [inputs?: undefined, options?: Options]
    : NoFields extends Parameters<H>[0]
      ? [inputs?: Inputs<Parameters<H>[0]>, options?: Options]
      : [inputs: Inputs<Parameters<H>[0]>, options?: Options]

/** Makes the factory of a declared task. */
export function taskFactory(task: TaskDeclaration): (inputs?: unknown) => TaskRef {
  const factory = (inputs?: unknown): TaskRef => placeTask(task, inputs)
  brand(factory, 'factory', task)
  return Object.assign(factory, { dagId: task.dag.dagId, taskId: task.taskId })
}

/** Records a call of the factory. A second call is reported when the Dag is serialized. */
export function placeTask(task: TaskDeclaration, inputs: unknown): TaskRef {
  if (task.calls.length === 0) task.dag.placed.push(task)
  task.calls.push({ inputs, site: callSite() })
  return new TaskRef(task)
}
