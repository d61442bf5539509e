/**
 * The methods a Dag and its groups share: declare tasks, groups and sagas, decide, trigger. Everything declared in a group has the
 * group's id as prefix.
 */
import { brand, branded } from './brand.ts'
import { callSite } from './call-site.ts'
import type { Compensable, CompensableTrigger } from './compensation.ts'
import { describe, type GroupDeclaration, type TaskDeclaration } from './declarations.ts'
import { declareGroup, declareTask, isRecord, type Place, type TriggerTask, triggerDagRun } from './declare-task.ts'
import { Condition, declareGate, Switch, type SwitchValue } from './gate.ts'
import { GraphNode, type Node, nodeRecord } from './graph-node.ts'
import type { TaskGroupOptions, TaskOptions, TriggerDagRunSpec } from './options.ts'
import {
  type DeciderArguments,
  placeTask,
  type TaskFactory,
  type TaskFunction,
  type TriggerFactory,
  taskFactory,
} from './task-factory.ts'
import type { TaskRef } from './task-ref.ts'

type Predicate = (args: never) => boolean | Promise<boolean>
type Chooser = (args: never) => SwitchValue | Promise<SwitchValue>

/** What a Dag and a group can hold. `O`: the task options its entry knows. */
export interface TaskScope<O extends TaskOptions = TaskOptions> {
  /** Declares a task and gives back its factory; call that exactly once, with the arguments of the handler. */
  task<H extends TaskFunction, Also extends boolean = false>(
    taskId: string,
    handler: H,
    options?: O & Compensable<H, Also>,
  ): TaskFactory<H>
  task(taskId: string, trigger: TriggerTask, options?: O & CompensableTrigger): TriggerFactory
  /** The id is `options.taskId`, or the name of the function. */
  task<H extends TaskFunction, Also extends boolean = false>(
    handler: H,
    options?: O & Compensable<H, Also>,
  ): TaskFactory<H>
  task(trigger: TriggerTask, options: O & CompensableTrigger & { readonly taskId: string }): TriggerFactory

  /** A group: ids inside are prefixed with its own. As an edge's end it stands for its first or last tasks. */
  taskGroup(groupId: string, options?: TaskGroupOptions): TaskGroup<O>

  /**
   * A group that is undone as one when a task in it fails for good; the run then goes another way. What comes after it waits
   * until nothing of it is still to be undone. `build` is called at once with the saga. Sagas do not nest.
   */
  saga(sagaId: string, build: (saga: TaskGroup<O>) => void, options?: TaskGroupOptions): TaskGroup<O>
  saga(sagaId: string, options?: TaskGroupOptions): TaskGroup<O>

  /** A choice on the boolean a task returns: `dag.if(ref).then(a).else(b)`; the side not taken is skipped. */
  if(decider: TaskRef<boolean>): Condition
  /** The same with the deciding task declared and placed at once. */
  if<H extends Predicate, Also extends boolean = false>(
    handler: H,
    ...rest: DeciderArguments<H, O & Compensable<H, Also>>
  ): Condition

  /** A choice among several on what a task returns: `dag.switch(ref).case(a).case(b)`. */
  switch<V extends SwitchValue>(decider: TaskRef<V>): Switch<V>
  /** The same with the deciding task declared and placed at once. */
  switch<H extends Chooser, Also extends boolean = false>(
    handler: H,
    ...rest: DeciderArguments<H, O & Compensable<H, Also>>
  ): Switch<Awaited<ReturnType<H>>>

  /** A task, placed at once, that starts a run of another Dag and returns its run id. */
  triggerDagRun(taskId: string, spec: TriggerDagRunSpec, options?: O & CompensableTrigger): TaskRef<{ runId: string }>
  /** Airflow's form. */
  triggerDagRun(
    spec: TriggerDagRunSpec & { readonly taskId: string },
    options?: O & CompensableTrigger,
  ): TaskRef<{ runId: string }>
}

/** A group of tasks, also an end of edges. */
export interface TaskGroup<O extends TaskOptions = TaskOptions> extends TaskScope<O>, Node {
  /** With the prefixes of the groups around it. */
  readonly groupId: string
}

/** Functions behind `TaskScope`, for one place in the Dag. */
export function scopeMethods(place: Place) {
  const decider = (value: unknown, inputs: unknown, options: unknown): TaskDeclaration => {
    // An uncalled factory is reported as such later; taking it for a handler would hide that.
    const known = branded<TaskDeclaration>(value, 'task') ?? branded<TaskDeclaration>(value, 'factory')
    if (known !== undefined && known.dag !== place.dag) {
      place.dag.mistakes.push({
        code: 'unknown-upstream',
        message: `A condition or switch of "${place.dag.dagId}" was given the task "${known.taskId}" of the Dag "${known.dag.dagId}".`,
        remedy: 'Decide on a task of the same Dag; start another Dag with triggerDagRun.',
        site: callSite(),
        taskId: known.taskId,
      })
    }
    if (known !== undefined) return known
    const task = declareTask(place, [value, options])
    placeTask(task, inputs)
    return task
  }
  return {
    task: (...args: readonly unknown[]) => taskFactory(declareTask(place, args)),
    taskGroup: (groupId: string, options?: unknown) => new Group(declareGroup(place, groupId, options, false)),
    saga: (sagaId: string, ...rest: readonly unknown[]) => {
      const [build, options] = typeof rest[0] === 'function' ? rest : [undefined, rest[0]]
      const saga = new Group(declareGroup(place, sagaId, options, true))
      if (typeof build === 'function') buildSaga(place, saga, build as (saga: Group) => unknown)
      return saga
    },
    if: (value: unknown, inputs?: unknown, options?: unknown) =>
      new Condition(declareGate('if', decider(value, inputs, options))),
    switch: (value: unknown, inputs?: unknown, options?: unknown) =>
      new Switch(declareGate('switch', decider(value, inputs, options))),
    triggerDagRun: (...args: readonly unknown[]) => {
      const [first, second, third] = args
      const [taskId, spec, options] = isRecord(first)
        ? [first.taskId, withoutTaskId(first), second]
        : [first, second, third]
      return placeTask(declareTask(place, [taskId, triggerDagRun(spec as TriggerDagRunSpec), options]), undefined)
    },
  }
}

function withoutTaskId(spec: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(spec).filter(([name]) => name !== 'taskId'))
}

/** What an asynchronous function declares after its first `await` comes too late to be seen. */
function buildSaga(place: Place, saga: Group, build: (saga: Group) => unknown): void {
  const site = callSite()
  const result = build(saga)
  if (!isRecord(result) || typeof result.then !== 'function' || nodeRecord(result) !== undefined) return
  place.dag.mistakes.push({
    code: 'bad-saga',
    message: `The saga "${saga.groupId}" is built by an asynchronous function: it returned ${describe(result)}.`,
    remedy: 'Declare its tasks without await; what has to be awaited belongs into a task.',
    site,
  })
}

class Group extends GraphNode {
  readonly groupId: string

  constructor(group: GroupDeclaration) {
    super()
    this.groupId = group.groupId
    brand(this, 'group', group)
    Object.assign(this, scopeMethods({ dag: group.dag, group }))
  }
}
