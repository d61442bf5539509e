/**
 * What `apache-airflow-ts-sdk` and `@apache-airflow/ts-sdk` resolve to, so that a Dag file written for Airflow's own SDK
 * (its beta or 1.0) runs unchanged. Dags made here have no timeout unless they set one.
 */
export { Dag, type DagSpec, type TaskSpec } from './airflow/airflow-dag.ts'
export { Bundle, type Registerable, TaskHandler } from './airflow/bundle.ts'
export { DagRegistry, SUPERVISOR_API_VERSION, serveDags, type TaskHandlerArgs } from './airflow/dag-registry.ts'
export { Label } from './airflow/label.ts'
export { type ArgNameMap, withArgNames } from './airflow/with-arg-names.ts'
export { type TriggerTask, triggerDagRun } from './declare-task.ts'
export { ConnectionNotFoundError, VariableNotFoundError } from './errors.ts'
export type { Condition, ConditionElse } from './gate.ts'
export type { Node } from './graph-node.ts'
export type { TaskGroupOptions, TriggerDagRunSpec } from './options.ts'
export {
  type ConnectionResult,
  type GetXComOpts,
  getClient,
  getContext,
  type SetXComOpts,
  type TaskClient,
  type TaskContext,
} from './task-context.ts'
export type { TaskFactory, TaskFunction } from './task-factory.ts'
export type { Inputs as TaskInputs, JsonInput as TaskInput, TaskRef } from './task-ref.ts'
export type { TaskGroup as TaskGroupRef } from './task-scope.ts'

import type { Json } from '../core/json.ts'
import type { TaskSpec } from './airflow/airflow-dag.ts'

/** Airflow's names for types that are called otherwise here. */
export type TaskOptions = TaskSpec
export type JsonValue = Json
