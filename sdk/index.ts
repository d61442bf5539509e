/**
 * What a Dag file imports as `tradewind`. At import it records and never runs: it starts nothing and reads nothing.
 */
export type {
  Compensable,
  CompensableTrigger,
  Compensation,
  CompensationArguments,
  CompensationCause,
  CompensationSettings,
  TriggerCompensation,
} from './compensation.ts'
export { Dag } from './dag.ts'
export { type TriggerTask, triggerDagRun } from './declare-task.ts'
export { ConnectionNotFoundError, FailError, SkipError, VariableNotFoundError } from './errors.ts'
export type { Condition, ConditionElse, Switch, SwitchValue } from './gate.ts'
export type { Node } from './graph-node.ts'
export { once, type SqlConnection, type SqlTransaction } from './once.ts'
export type {
  CalendarPeriod,
  DagOptions,
  DateInput,
  DefaultTaskOptions,
  Duration,
  ScheduleExtras,
  ScheduleInput,
  TaskGroupOptions,
  TaskOptions,
  TriggerDagRunSpec,
} from './options.ts'
export type { JsonSchema, ParamSpec, ParamsOf, ParamsSpec } from './params.ts'
export { HttpError, type RequestOptions, request } from './request.ts'
export {
  type ConnectionResult,
  type GetXComOpts,
  getClient,
  getContext,
  type SetXComOpts,
  type TaskClient,
  type TaskContext,
  type TaskLogger,
} from './task-context.ts'
export type { TaskFactory, TaskFunction, TriggerFactory } from './task-factory.ts'
export type { Input, Inputs, JsonInput, ParamRef, TaskRef } from './task-ref.ts'
export type { TaskGroup, TaskScope } from './task-scope.ts'
