/**
 * How a task is undone: what an author writes as `compensate`. The types follow from the handler, so that a compensation is
 * given what the handler was given and what it returned. Which code that is, is asked when a compensation runs.
 */
import type { TaskDeclaration } from './declarations.ts'
import { isRecord } from './declare-task.ts'
import type { Duration } from './options.ts'
import type { TaskFunction } from './task-factory.ts'

/** The failure that led to it. */
export interface CompensationCause {
  readonly taskId: string
  readonly message: string
}

/** What a compensation is called with. */
export interface CompensationArguments<Input = unknown, Output = unknown> {
  /** The arguments the handler was called with. */
  readonly input: Input
  /** What the handler returned; `undefined` when it failed, was marked by hand or keeps no return value. */
  readonly output: Output
  /** `null` when it was started by hand on a run in which nothing failed. */
  readonly error: CompensationCause | null
}

/** Its own, not the task's; what is not set takes the platform's default for tasks. */
export interface CompensationSettings {
  /** Further tries after a failure. */
  readonly retries?: number | undefined
  /** Wait before the first retry. */
  readonly retryDelay?: Duration | undefined
  /** Each further wait is this many times longer; 1 keeps it fixed. */
  readonly retryBackoff?: number | undefined
  /** No wait between tries is longer. */
  readonly maxRetryDelay?: Duration | undefined
  /** Running time of one try after which it is ended; `null` for none. */
  readonly timeout?: Duration | null | undefined
}

type InputOf<H extends TaskFunction> =
  Parameters<H> extends readonly []
    ? Readonly<Record<string, never>>
    : unknown extends Parameters<H>[0]
      ? Readonly<Record<string, unknown>>
      : NonNullable<Parameters<H>[0]>

type Undo<H extends TaskFunction, Output> = (given: CompensationArguments<InputOf<H>, Output>) => unknown

interface CompensationOptions<H extends TaskFunction, Also extends boolean> extends CompensationSettings {
  readonly run: Undo<H, Also extends true ? Awaited<ReturnType<H>> | undefined : Awaited<ReturnType<H>>>
  /** Also when the task failed for good: it may have done part of its work. There is no `output` then. */
  readonly alsoWhenFailed?: Also | undefined
}

/** The function that undoes what `H` did, or that with options. `Also`: there may be no output. */
export type Compensation<H extends TaskFunction, Also extends boolean = boolean> =
  | Undo<H, Awaited<ReturnType<H>>>
  | CompensationOptions<H, Also>

/** Of a task that starts a run: that run is undone. */
export type TriggerCompensation = boolean | (CompensationSettings & { readonly alsoWhenFailed?: boolean | undefined })

/** A task's options with its compensation. */
export interface Compensable<H extends TaskFunction, Also extends boolean = boolean> {
  /** Undoes what the task did when a later failure ends its run (or saga): see "Sagas" in docs/dags.md. */
  readonly compensate?: Compensation<H, Also> | undefined
}

export interface CompensableTrigger {
  /** `true`: undoing the task undoes the run it started. */
  readonly compensate?: TriggerCompensation | undefined
}

/** A compensation ready to be called. */
export type BoundCompensation = (given: CompensationArguments) => unknown

/** The code that undoes a task, or `undefined` when there is none. */
export function compensationOfTask({ options }: TaskDeclaration): BoundCompensation | undefined {
  const compensate = isRecord(options) ? options.compensate : undefined
  const run = isRecord(compensate) ? compensate.run : compensate
  return typeof run === 'function' ? (run as BoundCompensation) : undefined
}
