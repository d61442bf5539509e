/**
 * What undoes a task, in the child: the author's code with what the handler was given and what it returned, or, for a task
 * that started a run, the request that this run be undone. That it ends without an error is all that counts: what it returns
 * is of no use to anybody, so a value that JSON does not carry is dropped with a word in the log and fails nothing.
 */
import type { Json } from '../core/json.ts'
import type { ChildResult, RunOrder } from '../core/ports/child-protocol.ts'
import type { CompensateAnswer } from '../core/ports/worker-api.ts'
import type { TriggerSpec } from '../core/serialized-dag.ts'
import type { CompensationArguments } from '../sdk/compensation.ts'
import { ResultError, toResultJson } from './result-json.ts'
import type { HostCalls } from './task-client.ts'

/** What the compensating code is called with. */
export function compensationArguments(order: RunOrder, input: Record<string, Json>): CompensationArguments {
  return { input, output: outputOf(order), error: order.compensation?.error ?? null }
}

/** `undefined` where nothing is kept: the task failed, was marked by hand, or keeps no return value. */
function outputOf({ values, taskId }: RunOrder): Json | undefined {
  const json = values[taskId]
  return json === undefined || json === null ? undefined : (JSON.parse(json) as Json)
}

/** Undoes the run that the task started. */
export async function compensateStartedRun(
  order: RunOrder,
  { dagId }: TriggerSpec,
  seq: number,
  calls: HostCalls,
): Promise<CompensateAnswer> {
  const output = outputOf(order)
  const { idempotencyKey } = order.context
  return await calls.ask(seq, 'compensateDagRun', {
    dagId,
    runId: hasRunId(output) ? output.runId : null,
    // The key of the task itself is the one under which it started the run.
    triggerKey: idempotencyKey.replace(/\/compensate$/, ''),
    key: `${idempotencyKey}/${order.compensation?.forwardTry.tryNumber ?? 0}`,
  })
}

function hasRunId(output: Json | undefined): output is { runId: string } {
  return typeof output === 'object' && output !== null && !Array.isArray(output) && typeof output.runId === 'string'
}

/** `tell`: for the log. */
export function compensationSuccess(
  { doXcomPush }: RunOrder,
  value: unknown,
  maxXComBytes: number,
  tell: (line: string) => void,
): ChildResult {
  if (!doXcomPush || value === undefined) return { state: 'success', json: null }
  try {
    return { state: 'success', json: toResultJson(value, 'return value of the compensation', maxXComBytes) }
  } catch (error) {
    if (!(error instanceof ResultError)) throw error
    tell(`${error.message} It is not kept; the compensation has succeeded all the same.`)
    return { state: 'success', json: null }
  }
}
