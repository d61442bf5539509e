/**
 * Turns the arguments of `dag.task` and `taskGroup` into records. Nothing throws: what is wrong becomes a mistake of the Dag
 * and the declaration goes on, so that one wrong line does not hide the next.
 */
import { brand, branded } from './brand.ts'
import { callSite } from './call-site.ts'
import {
  type AnyHandler,
  type DagDeclarations,
  describe,
  type GroupDeclaration,
  type TaskDeclaration,
} from './declarations.ts'
import type { TriggerDagRunSpec } from './options.ts'

/** What `triggerDagRun(spec)` gives: passed to `dag.task` in place of a handler. */
export interface TriggerTask {
  readonly dagId: string
}

/** A task that starts a run of another Dag: `dag.task(triggerDagRun({ dagId: 'load' }), { taskId: 'start_load' })()`. */
export function triggerDagRun(spec: TriggerDagRunSpec): TriggerTask {
  const task = { dagId: spec?.dagId }
  brand(task, 'trigger', { spec })
  return task
}

/** Where a task or group is declared: the Dag itself or a group of it. */
export interface Place {
  readonly dag: DagDeclarations
  readonly group: GroupDeclaration | undefined
}

/** `(id, handler, options?)` or `(handler, options?)`; the id may also be in the options or be the handler's name. */
export function declareTask(place: Place, args: readonly unknown[]): TaskDeclaration {
  const named = !isHandler(args[0]) && (args.length > 1 || typeof args[0] === 'string')
  const [handler, options] = named ? [args[1], args[2]] : [args[0], args[1]]
  const site = callSite()
  const { dag, group } = place
  const trigger = branded<{ spec: unknown }>(handler, 'trigger')

  const inOptions = isRecord(options) ? options.taskId : undefined
  let id = named ? args[0] : (inOptions ?? (typeof handler === 'function' ? handler.name : undefined))
  if (named && inOptions !== undefined && inOptions !== id) {
    dag.mistakes.push({
      code: 'bad-option',
      message: `The task has two ids: ${describe(id)} as first argument and ${describe(inOptions)} in its options.`,
      remedy: 'Give the id in one place only.',
      site,
    })
  }
  if (id === undefined || id === '') {
    dag.mistakes.push({
      code: 'task-without-id',
      message: 'The task has no id, and its handler has no name to take one from.',
      remedy: "Give an id as first argument, as in dag.task('extract', async () => ...), or name the function.",
      site,
    })
    id = `unnamed_${dag.tasks.length + 1}`
  }
  const taskId = `${group?.prefix ?? ''}${typeof id === 'string' ? id : describe(id)}`
  if (!isHandler(handler)) {
    dag.mistakes.push({
      code: 'bad-handler',
      message: `The handler of the task "${taskId}" is ${describe(handler)}, not a function.`,
      remedy: 'Pass a function of one object of named arguments, or of none.',
      site,
      taskId,
    })
  }
  const task: TaskDeclaration = {
    dag,
    taskId,
    group,
    handler: typeof handler === 'function' ? (handler as AnyHandler) : undefined,
    trigger: trigger?.spec,
    options,
    site,
    calls: [],
  }
  dag.tasks.push(task)
  return task
}

/** Declares a group, or a saga, inside `place`. */
export function declareGroup(place: Place, id: unknown, options: unknown, saga: boolean): GroupDeclaration {
  const outer = place.group?.prefix ?? ''
  const groupId = `${outer}${typeof id === 'string' ? id : describe(id)}`
  const prefixed = !(isRecord(options) && options.prefixGroupId === false)
  const group: GroupDeclaration = {
    dag: place.dag,
    groupId,
    parent: place.group,
    prefix: prefixed ? `${groupId}.` : outer,
    options,
    saga,
    site: callSite(),
  }
  place.dag.groups.push(group)
  return group
}

function isHandler(value: unknown): boolean {
  return typeof value === 'function' || branded(value, 'trigger') !== undefined
}

/** Whether `value` is an object whose keys may be read as options. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
