/**
 * What can stand at the end of an edge: a placed task, a group, a condition or a switch. `before` and `after` draw edges
 * that carry order only; drawing the same edge twice changes nothing. Ends are resolved when the Dag is serialized, so a
 * group may be ordered before its tasks are declared.
 */
import { branded } from './brand.ts'
import { callSite } from './call-site.ts'
import {
  type DagDeclarations,
  describe,
  type GateDeclaration,
  type GroupDeclaration,
  type NodeRecord,
  type TaskDeclaration,
} from './declarations.ts'

/** Anything that can be ordered: a `TaskRef`, a group, a condition, a switch. */
export interface Node {
  /** Runs this before each of `next`; gives this back. */
  before(...next: readonly Node[]): this
  /** Runs this after each of `previous`; gives this back. */
  after(...previous: readonly Node[]): this
}

/** The record of a node, or `undefined` for anything else. A gate stands for the task that decides. */
export function nodeRecord(value: unknown): NodeRecord | undefined {
  const task = branded<TaskDeclaration>(value, 'task') ?? branded<GateDeclaration>(value, 'gate')?.decider
  if (task !== undefined) return { kind: 'task', task }
  const group = branded<GroupDeclaration>(value, 'group')
  return group === undefined ? undefined : { kind: 'group', group }
}

/** The records of nodes given to `method`; what is none becomes a mistake of `dag`. A label stands for all its nodes. */
export function nodeRecords(dag: DagDeclarations, method: string, values: readonly unknown[]): NodeRecord[] {
  const records: NodeRecord[] = []
  for (const value of values) {
    const labelled = branded<readonly unknown[]>(value, 'label')
    if (labelled !== undefined) {
      records.push(...nodeRecords(dag, method, labelled))
      continue
    }
    const record = nodeRecord(value)
    if (record !== undefined) {
      records.push(record)
      continue
    }
    const factory = branded<TaskDeclaration>(value, 'factory')
    dag.mistakes.push({
      code: 'bad-edge',
      message: `${method} was given ${describe(value)}, which is not a placed task, a group or a condition.`,
      remedy:
        factory === undefined
          ? 'Pass what calling a task, taskGroup(), if() or switch() returned.'
          : `Call the task once and pass what that returns, as in ${method}(${factory.taskId}()).`,
      site: callSite(),
    })
  }
  return records
}

function dagOf(record: NodeRecord): DagDeclarations {
  return record.kind === 'task' ? record.task.dag : record.group.dag
}

export abstract class GraphNode implements Node {
  /** Runs this before each of `next`; gives this back. */
  before(...next: readonly Node[]): this {
    this.draw('before', next, (own, other) => ({ from: own, to: other }))
    return this
  }

  /** Runs this after each of `previous`; gives this back. */
  after(...previous: readonly Node[]): this {
    this.draw('after', previous, (own, other) => ({ from: other, to: own }))
    return this
  }

  private draw(
    method: string,
    others: readonly Node[],
    edge: (own: NodeRecord, other: NodeRecord) => { from: NodeRecord; to: NodeRecord },
  ): void {
    const own = nodeRecord(this)
    if (own === undefined) return
    const dag = dagOf(own)
    const site = callSite()
    for (const other of nodeRecords(dag, method, others)) dag.edges.push({ ...edge(own, other), site })
  }
}
