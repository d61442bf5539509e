/** Conditions and switches as branch specs of the task that decides; their targets follow it in the graph. */
import type { Json } from '../../core/json.ts'
import type { BranchSpec } from '../../core/serialized-dag.ts'
import {
  BY_ID,
  type EdgeDeclaration,
  type GateArm,
  type GateDeclaration,
  type NodeRecord,
  OTHERWISE,
} from '../declarations.ts'
import { plainJson } from './plain-json.ts'
import type { Report } from './report.ts'
import type { TaskGraph } from './resolve-edges.ts'

/** The edges from a decider to everything it decides on. */
export function edgesOfGate(gate: GateDeclaration): EdgeDeclaration[] {
  const from: NodeRecord = { kind: 'task', task: gate.decider }
  return gate.arms.flatMap((arm) => arm.targets.map((to) => ({ from, to, site: arm.site })))
}

/** The spec, or `undefined` when the gate is reported instead. */
export function readGate(gate: GateDeclaration, graph: TaskGraph, report: Report): BranchSpec | undefined {
  const { taskId } = gate.decider
  const idsOf = (arms: readonly GateArm[]): string[] => [
    ...new Set(arms.flatMap((arm) => arm.targets).flatMap((node) => graph.roots(node).map((task) => task.taskId))),
  ]
  const tell = (code: string, message: string, remedy: string, arm?: GateArm) =>
    report({ code, message, remedy, site: arm?.site ?? gate.site, taskId })

  if (gate.kind === 'if') {
    if (gate.arms.length === 0) {
      tell(
        'if-without-then',
        `The condition on "${taskId}" decides nothing.`,
        'Add .then(task), and .else(task) if needed.',
      )
      return undefined
    }
    const then = idsOf(gate.arms.filter((arm) => arm.value === true))
    return { kind: 'if', then, else: idsOf(gate.arms.filter((arm) => arm.value === false)) }
  }

  const cases: { value: Json; taskIds: string[] }[] = []
  const seen = new Map<string, string>()
  for (const arm of gate.arms) {
    if (arm.value === OTHERWISE || arm.targets.length === 0) continue
    const value = arm.value === BY_ID ? { value: idOf(arm.targets[0]!) } : plainJson(arm.value)
    if ('wrong' in value) {
      tell('not-json', `A case of the switch on "${taskId}" is for ${value.wrong}.`, 'Use a plain JSON value.', arm)
      continue
    }
    const key = JSON.stringify(value.value)
    const taskIds = idsOf([arm])
    const targets = taskIds.join()
    if (seen.has(key) && seen.get(key) !== targets) {
      tell('duplicate-case', `The switch on "${taskId}" has two cases for ${key}.`, 'Name all tasks in one case.', arm)
    } else if (!seen.has(key)) {
      seen.set(key, targets)
      cases.push({ value: value.value, taskIds })
    }
  }
  if (cases.length === 0) {
    tell('switch-without-case', `The switch on "${taskId}" has no case.`, 'Add .case(task) for each choice.')
    return undefined
  }
  const others = gate.arms.filter((arm) => arm.value === OTHERWISE)
  return { kind: 'switch', cases, ...(others.length > 0 ? { otherwise: idsOf(others) } : {}) }
}

function idOf(node: NodeRecord): string {
  return node.kind === 'task' ? node.task.taskId : node.group.groupId
}
