/**
 * Choices: `dag.if(...).then(a).else(b)` and `dag.switch(...).case(a).case(b)`. A gate stands at an edge for the task that
 * decides. Invariant: a gate records; which targets are followed is decided by `chooseBranches` when the task has run.
 *
 * A condition has a method `then`, which JavaScript takes for a promise when it is awaited or returned from an async
 * function. Such a call passes two plain functions, no node: it is answered at once with `undefined`, so nothing hangs, and
 * recorded as a mistake. `then(...)` gives back an object without `then`.
 */
import { brand, branded } from './brand.ts'
import { callSite } from './call-site.ts'
import { BY_ID, type GateDeclaration, OTHERWISE, type TaskDeclaration } from './declarations.ts'
import { GraphNode, type Node, nodeRecords } from './graph-node.ts'

/** What a switch may return: a plain value, or the reference of the task it chose. */
export type SwitchValue = string | number | boolean | null | Node

abstract class Gate extends GraphNode {
  /** Id of the task that decides. */
  readonly taskId: string

  constructor(gate: GateDeclaration) {
    super()
    this.taskId = gate.decider.taskId
    brand(this, 'gate', gate)
  }

  protected arm(method: string, value: unknown, targets: readonly unknown[]): void {
    const gate = branded<GateDeclaration>(this, 'gate')
    if (gate === undefined) return
    gate.arms.push({ value, targets: nodeRecords(gate.decider.dag, method, targets), site: callSite() })
  }
}

/** A condition whose `then` side is named: the `else` side may follow. */
export class ConditionElse extends Gate {
  /** What runs when the condition is false; skipped when it is true. May be called again for more. */
  else(...targets: readonly [Node, ...Node[]]): this {
    this.arm('else', false, targets)
    return this
  }
}

/** A condition: a task whose boolean decides. Do not await it and do not return it from an async function. */
export class Condition extends Gate {
  /** What runs when the condition is true; skipped when it is false. */
  then(...targets: readonly [Node, ...Node[]]): ConditionElse {
    const gate = branded<GateDeclaration>(this, 'gate')!
    const [resolve] = targets as readonly unknown[]
    if (typeof resolve === 'function' && branded<TaskDeclaration>(resolve, 'factory') === undefined) {
      gate.decider.dag.mistakes.push({
        code: 'condition-awaited',
        message: `The condition on "${gate.decider.taskId}" was awaited or returned from an async function; it is no promise.`,
        remedy: 'Use it where it is made: dag.if(...).then(a).else(b), without await.',
        site: gate.site,
        taskId: gate.decider.taskId,
      })
      resolve(undefined)
    } else {
      this.arm('then', true, targets)
    }
    return new ConditionElse(gate)
  }
}

/** A choice among several: the first case whose value equals what the task returned is followed, all others are skipped. */
export class Switch<V = unknown> extends Gate {
  /** A case named by its target: chosen when the task returns that reference, or its id. */
  case(target: Node): this
  /** A case for a value: what runs when the task returns `value`. */
  case(value: Exclude<V, Node>, ...targets: readonly [Node, ...Node[]]): this
  case(...args: readonly unknown[]): this {
    if (args.length > 1) this.arm('case', args[0], args.slice(1))
    else this.arm('case', BY_ID, args)
    return this
  }

  /** What runs when no case matches. Without it such a value fails the task. */
  default(...targets: readonly [Node, ...Node[]]): this {
    this.arm('default', OTHERWISE, targets)
    return this
  }
}

/** Attaches a choice to the task that decides. */
export function declareGate(kind: 'if' | 'switch', decider: TaskDeclaration): GateDeclaration {
  const gate: GateDeclaration = { kind, decider, arms: [], site: callSite() }
  decider.dag.gates.push(gate)
  return gate
}
