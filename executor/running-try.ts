/** One try from the moment it has a slot, and what of its dispatch travels to the child. */
import type { CauseOfDeath } from '../core/cause-of-death.ts'
import type { ChildToHost, RunOrder } from '../core/ports/child-protocol.ts'
import type { Dispatch, TryOutcome } from '../core/ports/executor.ts'
import type { TryLog } from './try-log.ts'

export type DoneMessage = Extract<ChildToHost, { readonly t: 'done' }>

export interface RunningTry {
  readonly dispatch: Dispatch
  readonly log: TryLog
  /** Its number within its child. */
  seq: number
  /** The order has gone to the child. */
  sent: boolean
  startedAt: number | null
  /** Deadlines to drop at its end. */
  readonly drops: (() => void)[]
  /** Why the host ends it: set once, and it decides the outcome unless the result came first. */
  doom: CauseOfDeath | null
  result: DoneMessage | null
  finishing: boolean
  /** What its result comes to: at once, or when a large value has been stored. */
  deciding: TryOutcome | Promise<TryOutcome> | null
  /** Decided, but its processes are not gone yet. */
  outcome: TryOutcome | null
  hasProcesses: boolean
}

export function createRunningTry(dispatch: Dispatch, log: TryLog): RunningTry {
  return {
    dispatch,
    log,
    seq: 0,
    sent: false,
    startedAt: null,
    drops: [],
    doom: null,
    result: null,
    finishing: false,
    deciding: null,
    outcome: null,
    hasProcesses: false,
  }
}

export function toOrder(dispatch: Dispatch, values: Record<string, string | null>, tellStart: boolean): RunOrder {
  return {
    dagId: dispatch.dagId,
    runId: dispatch.runId,
    taskId: dispatch.taskId,
    mapIndex: dispatch.mapIndex,
    tryNumber: dispatch.key.tryNumber,
    kind: dispatch.kind,
    bundleHash: dispatch.bundleHash,
    inputs: dispatch.inputs,
    ...(dispatch.inputOverrides === undefined ? {} : { inputOverrides: dispatch.inputOverrides }),
    ...(dispatch.compensation === undefined ? {} : { compensation: dispatch.compensation }),
    values,
    ...(dispatch.branches === undefined ? {} : { branches: dispatch.branches }),
    ...(dispatch.trigger === undefined ? {} : { trigger: dispatch.trigger }),
    context: dispatch.context,
    doXcomPush: dispatch.doXcomPush,
    tellStart,
  }
}
