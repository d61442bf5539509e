/**
 * One try in this child: find the handler, give it its arguments and its scope, and turn what comes back (or is thrown)
 * into a result. Exactly one result, whatever user code does; process-level damage is the caller's to put right.
 */
import type { ChildResult, ChildSettings } from '../core/ports/child-protocol.ts'
import { resolveBinding, resolveInputs } from '../core/resolve-inputs.ts'
import { chooseBranches, handlerOf, isFailError, isSkipError, runInScope } from '../sdk/internal.ts'
import type { CurrentTry } from './current-try.ts'
import { errorFacts } from './error-facts.ts'
import type { HeldBundle } from './held-bundles.ts'
import type { OwnOutput } from './own-output.ts'
import { toResultJson } from './result-json.ts'
import { createTaskClient, type HostCalls } from './task-client.ts'
import { createTaskContext } from './task-context.ts'
import { createTaskLogger } from './task-logger.ts'

export interface TryTools {
  readonly settings: ChildSettings
  readonly output: OwnOutput
  readonly calls: HostCalls
}

/** Call within `asCodeOf(current, ...)`. */
export async function runTry(current: CurrentTry, bundle: HeldBundle | null, tools: TryTools): Promise<ChildResult> {
  const mapStack = (stack: string) => bundle?.loaded.mapStack(stack) ?? stack
  try {
    const crashed = new Promise<never>((_resolve, reject) => {
      current.crash = reject
    })
    const value = await Promise.race([startHandler(current, bundle, tools), crashed])
    return successOf(current, value, tools)
  } catch (error) {
    return failureOf(error, mapStack)
  } finally {
    current.crash = null
  }
}

/** Throws what the handler throws; a synchronous throw is a rejection too. */
async function startHandler(current: CurrentTry, bundle: HeldBundle | null, tools: TryTools): Promise<unknown> {
  const { order, seq } = current
  const from = { values: order.values, params: order.context.params }
  if (order.kind === 'trigger') {
    const spec = order.trigger
    if (spec === undefined)
      throw new Error(`The task "${order.taskId}" is to start a run, but of which Dag is not said.`)
    const { conf, ...request } = spec
    const resolved = conf === undefined ? {} : resolveBinding(conf, from)
    return await tools.calls.ask(seq, 'triggerDagRun', { ...request, conf: resolved })
  }
  const dag = bundle?.loaded.dags.find((item) => item.dagId === order.dagId)
  const handler = dag === undefined ? undefined : handlerOf(dag, order.taskId)
  if (handler === undefined) {
    const what =
      dag === undefined ? `the Dag "${order.dagId}"` : `the task "${order.taskId}" of the Dag "${order.dagId}"`
    throw new Error(
      `The Dag file did not declare ${what} when it was loaded to run, although it did when it was parsed. ` +
        'Declare Dags and tasks the same way each time: no conditions on time, environment or network.',
    )
  }
  const context = createTaskContext(current, tools.settings.filesDir, createTaskLogger(seq, tools.output))
  const client = createTaskClient(current, tools.calls, tools.settings.maxXComBytes)
  return await runInScope({ context, client }, () => handler(resolveInputs(order.inputs, from)))
}

function successOf(current: CurrentTry, value: unknown, tools: TryTools): ChildResult {
  const { order } = current
  const followed = order.branches === undefined ? undefined : chooseBranches(order.branches, value)
  const keep = order.doXcomPush && value !== undefined
  const json = keep ? toResultJson(value, 'return value', tools.settings.maxXComBytes) : null
  return followed === undefined ? { state: 'success', json } : { state: 'success', json, followed }
}

export function failureOf(error: unknown, mapStack: (stack: string) => string): ChildResult {
  const facts = errorFacts(error, mapStack)
  if (isSkipError(error)) return { state: 'skipped', message: (error as Error).message }
  return { state: 'failed', kind: isFailError(error) ? 'fail' : 'error', error: facts }
}
