/**
 * References to values that exist only at run time: what a task will return (`TaskRef`), what a run was started with
 * (`ParamRef`). They are inert: awaiting, printing or serializing one does nothing; passing one as an argument wires it.
 */
import { brand } from './brand.ts'
import type { TaskDeclaration } from './declarations.ts'
import { GraphNode } from './graph-node.ts'

declare const VALUE: unique symbol

/** A placed task, and the value it will return. */
export class TaskRef<T = unknown> extends GraphNode {
  declare readonly [VALUE]?: T
  readonly dagId: string
  /** With the prefixes of its groups. */
  readonly taskId: string

  constructor(task: TaskDeclaration) {
    super()
    this.dagId = task.dag.dagId
    this.taskId = task.taskId
    brand(this, 'task', task)
  }

  /** A reference as a value is the id of its task: what a switch that returned it stores. */
  toJSON(): string {
    return this.taskId
  }

  override toString(): string {
    return `TaskRef(${this.taskId})`
  }
}

/** A param of the run, as an argument of a task. */
export class ParamRef<T = unknown> {
  declare readonly [VALUE]?: T
  readonly paramName: string

  constructor(name: string) {
    this.paramName = name
    brand(this, 'param', name)
  }

  toString(): string {
    return `ParamRef(${this.paramName})`
  }
}

/** Values that JSON does not carry: nothing of these types can be written into a Dag file as an argument. */
type NotJson =
  | bigint
  | symbol
  | Date
  | RegExp
  | Map<never, never>
  | Set<never>
  | Promise<unknown>
  | ((...args: never[]) => unknown)

type Literal<T> = T extends NotJson ? never : T

type Nested<T> = T extends string | number | boolean | null | undefined | NotJson
  ? never
  : T extends readonly unknown[]
    ? { readonly [K in keyof T]: Input<T[K]> }
    : T extends object
      ? { readonly [K in keyof T]: Input<T[K]> }
      : never

/** What may be written for an argument of type `T`: the value, a reference to one, or a structure that holds references. */
export type Input<T> = Literal<T> | TaskRef<T> | ParamRef<T> | Nested<T>

/** What a factory takes for a handler with the argument `A`. */
export type Inputs<A> = { readonly [K in keyof A]: Input<A[K]> }

/** A JSON value in which references may stand for parts. */
export type JsonInput =
  | string
  | number
  | boolean
  | null
  | undefined
  | TaskRef<unknown>
  | ParamRef<unknown>
  | readonly JsonInput[]
  | { readonly [name: string]: JsonInput }
