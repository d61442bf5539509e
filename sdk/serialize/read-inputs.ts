/**
 * Arguments as bindings: a structure without references is one literal; references inside are kept in place as lists and
 * objects around them, and tell the upstream tasks.
 */
import type { InputBinding } from '../../core/serialized-dag.ts'
import { branded } from '../brand.ts'
import type { RawPosition } from '../call-site.ts'
import { type DagDeclarations, describe, type TaskDeclaration } from '../declarations.ts'
import { nearestName } from '../nearest-name.ts'
import { isPlainObject, whyNotPlain } from './plain-json.ts'
import type { Report } from './report.ts'

const DEEPEST = 64
const IDENTIFIER = /^[\p{ID_Start}_$][\p{ID_Continue}$]*$/u

export interface InputReader {
  /** The handler's arguments. */
  inputs(task: TaskDeclaration, inputs: unknown, site: RawPosition | undefined): Record<string, InputBinding>
  /** One value, `where` naming it in messages. */
  binding(task: TaskDeclaration, value: unknown, where: string, site: RawPosition | undefined): InputBinding
}

/** `connect` is called for every upstream task that is found. */
export function inputReader(
  dag: DagDeclarations,
  params: readonly string[] | undefined | 'none',
  connect: (upstream: TaskDeclaration, task: TaskDeclaration, site: RawPosition | undefined) => void,
  report: Report,
): InputReader {
  const binding: InputReader['binding'] = (task, root, rootWhere, site) => {
    const { taskId } = task
    const open = new Set<unknown>()
    const refuse = (where: string, what: string, remedy: string): InputBinding => {
      report({ code: 'not-json', message: `${where} of the task "${taskId}" is ${what}.`, remedy, site, taskId })
      return { kind: 'literal', value: null }
    }
    const read = (value: unknown, where: string): InputBinding => {
      const upstream = branded<TaskDeclaration>(value, 'task')
      if (upstream !== undefined) return readReference(upstream)
      const param = branded<string>(value, 'param')
      if (param !== undefined) return readParam(param)
      const factory = branded<TaskDeclaration>(value, 'factory')
      if (factory !== undefined) {
        return refuse(
          where,
          `the task "${factory.taskId}" itself`,
          `Call it and pass what that returns: ${factory.taskId}().`,
        )
      }
      if (!Array.isArray(value) && !isPlainObject(value)) {
        const why = whyNotPlain(value)
        if (why === undefined) return { kind: 'literal', value: value as string | number | boolean | null }
        return refuse(where, why, 'Arguments are JSON values, references to tasks, or params.')
      }
      if (open.has(value)) return refuse(where, 'a structure that contains itself', 'Break the circle.')
      if (open.size >= DEEPEST) return refuse(where, `nested deeper than ${DEEPEST}`, 'Pass a flatter structure.')
      open.add(value)
      const result = Array.isArray(value) ? readList(value, where) : readObject(value, where)
      open.delete(value)
      return result
    }
    const readReference = (upstream: TaskDeclaration): InputBinding => {
      if (upstream.dag === dag) connect(upstream, task, site)
      else {
        report({
          code: 'unknown-upstream',
          message: `The task "${taskId}" takes the task "${upstream.taskId}" of the Dag "${upstream.dag.dagId}".`,
          remedy:
            'Take tasks of the same Dag; start another Dag with triggerDagRun, or read its XCom with getClient().',
          site,
          taskId,
        })
      }
      return { kind: 'xcom', taskId: upstream.taskId }
    }
    const readParam = (name: string): InputBinding => {
      if (params === 'none' || (params !== undefined && !params.includes(name))) {
        const nearest = params === 'none' ? undefined : nearestName(name, params ?? [])
        report({
          code: 'unknown-param',
          message: `The task "${taskId}" takes the param "${name}", which the Dag "${dag.dagId}" does not have.`,
          remedy: nearest === undefined ? `Add "${name}" to the params of the Dag.` : `Did you mean "${nearest}"?`,
          site,
          taskId,
        })
      }
      return { kind: 'param', name }
    }
    const readList = (list: readonly unknown[], where: string): InputBinding => {
      const items = Array.from(list, (item, index) => read(item, `${where}[${index}]`))
      const literals = items.flatMap((item) => (item.kind === 'literal' ? [item.value] : []))
      return literals.length === items.length ? { kind: 'literal', value: literals } : { kind: 'list', items }
    }
    const readObject = (object: Record<string, unknown>, where: string): InputBinding => {
      const fields = Object.entries(object)
        .filter(([, field]) => field !== undefined)
        .map(([name, field]) => [name, read(field, `${where}.${name}`)] as const)
      const literals = fields.flatMap(([name, field]) =>
        field.kind === 'literal' ? [[name, field.value] as const] : [],
      )
      return literals.length === fields.length
        ? { kind: 'literal', value: Object.fromEntries(literals) }
        : { kind: 'object', fields: Object.fromEntries(fields) }
    }
    return read(root, rootWhere)
  }

  const inputs: InputReader['inputs'] = (task, value, site) => {
    const { taskId } = task
    if (value === undefined) return {}
    if (!isPlainObject(value)) {
      report({
        code: 'bad-inputs',
        message: `The task "${taskId}" was called with ${describe(value)} instead of named arguments.`,
        remedy: `Name each argument, as in ${taskId.replace(/.*\./, '')}({ rows }).`,
        site,
        taskId,
      })
      return {}
    }
    const read: [string, InputBinding][] = []
    for (const [name, argument] of Object.entries(value)) {
      if (argument === undefined) continue
      if (!IDENTIFIER.test(name) || name === '__proto__') {
        report({
          code: 'bad-argument-name',
          message: `The task "${taskId}" is given the argument ${describe(name)}, which is no plain name.`,
          remedy: 'Use a name a variable could have.',
          site,
          taskId,
        })
        continue
      }
      read.push([name, binding(task, argument, `The argument "${name}"`, site)])
    }
    return Object.fromEntries(read)
  }
  return { inputs, binding }
}
