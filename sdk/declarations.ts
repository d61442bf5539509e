/**
 * What a Dag file has said so far, as plain records: nothing is judged while the file runs, so that all of an author's
 * mistakes can be reported at once when the Dags are serialized. One `DagDeclarations` stands behind every Dag, under its
 * brand; task references, groups and gates carry the records below.
 */
import { branded } from './brand.ts'
import type { RawPosition } from './call-site.ts'

/** Something wrong that was seen while the file ran and is reported when its Dags are serialized. */
export interface Mistake {
  readonly code: string
  readonly message: string
  readonly remedy: string
  readonly site: RawPosition | undefined
  readonly taskId?: string
}

export type AnyHandler = (args: unknown) => unknown

export interface TaskDeclaration {
  readonly dag: DagDeclarations
  /** With the prefixes of its groups. */
  readonly taskId: string
  readonly group: GroupDeclaration | undefined
  /** `undefined` for a task that triggers a run. */
  readonly handler: AnyHandler | undefined
  /** What `triggerDagRun` was given. */
  readonly trigger: unknown
  readonly options: unknown
  readonly site: RawPosition | undefined
  /** Calls of its factory; exactly one is right. */
  readonly calls: TaskCall[]
}

export interface TaskCall {
  /** As passed; `undefined` when the factory was called with nothing. */
  readonly inputs: unknown
  readonly site: RawPosition | undefined
}

export interface GroupDeclaration {
  readonly dag: DagDeclarations
  readonly groupId: string
  readonly parent: GroupDeclaration | undefined
  /** What goes before the ids inside, with its dot; empty with `prefixGroupId: false`. */
  readonly prefix: string
  readonly options: unknown
  /** What is in it is undone together. */
  readonly saga: boolean
  readonly site: RawPosition | undefined
}

/** One end of an edge, or a branch target. */
export type NodeRecord =
  | { readonly kind: 'task'; readonly task: TaskDeclaration }
  | { readonly kind: 'group'; readonly group: GroupDeclaration }

export interface EdgeDeclaration {
  readonly from: NodeRecord
  readonly to: NodeRecord
  readonly site: RawPosition | undefined
}

/** An `if` or a `switch` on the task that decides. */
export interface GateDeclaration {
  readonly kind: 'if' | 'switch'
  readonly decider: TaskDeclaration
  readonly arms: GateArm[]
  readonly site: RawPosition | undefined
}

export interface GateArm {
  /** `true` and `false` of an `if`; the value of a case; `OTHERWISE` for `default`; `BY_ID`: the id of its one target. */
  readonly value: unknown
  readonly targets: readonly NodeRecord[]
  readonly site: RawPosition | undefined
}

export const OTHERWISE = Symbol.for('tradewind.otherwise')
export const BY_ID = Symbol.for('tradewind.by-id')

export interface DagDeclarations {
  readonly dagId: string
  readonly options: unknown
  /** Which entry it was made with. */
  readonly entry: 'tradewind' | 'airflow'
  readonly site: RawPosition | undefined
  /** In order of declaration. */
  readonly tasks: TaskDeclaration[]
  /** In order of their first call. */
  readonly placed: TaskDeclaration[]
  readonly groups: GroupDeclaration[]
  readonly edges: EdgeDeclaration[]
  readonly gates: GateDeclaration[]
  readonly mistakes: Mistake[]
  /** Served through the beta's `DagRegistry`: tasks that are never called are placed by themselves. */
  registered: boolean
}

/** The records behind a Dag of any copy of this package. Throws a TypeError for anything else. */
export function declarationsOf(dag: unknown): DagDeclarations {
  const declarations = branded<DagDeclarations>(dag, 'dag')
  if (declarations === undefined) throw new TypeError(`A Dag was expected, not ${describe(dag)}.`)
  return declarations
}

/** A few words for a value in a message; never throws and never runs the author's code. */
export function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 80 ? `${value.slice(0, 77)}...` : value)
  if (typeof value === 'bigint') return `${value}n`
  if (value === null || typeof value === 'number' || typeof value === 'boolean' || value === undefined) {
    return String(value)
  }
  const factory = branded<TaskDeclaration>(value, 'factory')
  if (factory !== undefined) return `the task "${factory.taskId}" itself (it was not called)`
  const task = branded<TaskDeclaration>(value, 'task')
  if (task !== undefined) return `a reference to the task "${task.taskId}"`
  const gate = branded<GateDeclaration>(value, 'gate')
  if (gate !== undefined) return `the ${gate.kind} on "${gate.decider.taskId}"`
  const group = branded<GroupDeclaration>(value, 'group')
  if (group !== undefined) return `the group "${group.groupId}"`
  if (typeof value === 'function') return value.name === '' ? 'a function' : `the function ${value.name}`
  if (typeof value === 'symbol') return 'a symbol'
  if (Array.isArray(value)) return 'an array'
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === Object.prototype || prototype === null) return 'an object'
  const name: unknown = (value as { constructor?: { name?: unknown } }).constructor?.name
  return typeof name === 'string' && name !== '' ? `a ${name}` : 'an object'
}
