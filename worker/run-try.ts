/**
 * One try in this child: find the handler, or the code that undoes it, give it its arguments and its scope, and turn what
 * comes back (or is thrown) into a result. Exactly one result, whatever user code does; process-level damage is the caller's to put right.
 */
import type { Json } from '../core/json.ts'
import type { ChildResult, ChildSettings, RunOrder } from '../core/ports/child-protocol.ts'
import { resolveBinding, resolveInputs } from '../core/resolve-inputs.ts'
import type { TriggerSpec } from '../core/serialized-dag.ts'
import { chooseBranches, compensationOf, handlerOf, isFailError, isSkipError, runInScope } from '../sdk/internal.ts'
import type { CurrentTry } from './current-try.ts'
import { errorFacts } from './error-facts.ts'
import type { HeldBundle } from './held-bundles.ts'
import type { OwnOutput } from './own-output.ts'
import { toResultJson } from './result-json.ts'
import { compensateStartedRun, compensationArguments, compensationSuccess } from './run-compensation.ts'
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
    const { order, seq } = current
    if (order.kind === 'compensation' && isSkipError(error)) {
      createTaskLogger(seq, tools.output).info(`There was nothing to undo: ${(error as Error).message}`)
      return { state: 'success', json: null }
    }
    return failureOf(error, mapStack)
  } finally {
    current.crash = null
  }
}

/** Throws what the handler throws; a synchronous throw is a rejection too. */
async function startHandler(current: CurrentTry, bundle: HeldBundle | null, tools: TryTools): Promise<unknown> {
  const { order, seq } = current
  const from = { values: order.values, params: order.context.params }
  if (order.trigger !== undefined) return await startRun(current, order.trigger, tools)
  if (order.kind === 'trigger') {
    throw new Error(`The task "${order.taskId}" is to start a run, but of which Dag is not said.`)
  }
  const run = codeOf(order, bundle)
  const logger = createTaskLogger(seq, tools.output)
  const context = createTaskContext(current, tools.settings.filesDir, logger)
  const client = createTaskClient(current, tools.calls, tools.settings.maxXComBytes)
  const overrides = order.inputOverrides === undefined ? {} : (JSON.parse(order.inputOverrides) as Record<string, Json>)
  return await runInScope({ context, client }, () => run({ ...resolveInputs(order.inputs, from), ...overrides }))
}

/** A task that starts a run, or the undoing of one that it started. */
async function startRun(current: CurrentTry, trigger: TriggerSpec, tools: TryTools): Promise<unknown> {
  const { order, seq } = current
  if (order.kind === 'compensation') {
    const { message } = await compensateStartedRun(order, trigger, seq, tools.calls)
    createTaskLogger(seq, tools.output).info(message)
    return undefined
  }
  const { conf, ...request } = trigger
  const from = { values: order.values, params: order.context.params }
  const resolved = conf === undefined ? {} : resolveBinding(conf, from)
  return await tools.calls.ask(seq, 'triggerDagRun', { ...request, conf: resolved })
}

/** The author's code for this try, to be called with the task's arguments. */
function codeOf(order: RunOrder, bundle: HeldBundle | null): (input: Record<string, Json>) => unknown {
  const { dagId, taskId } = order
  const dag = bundle?.loaded.dags.find((item) => item.dagId === dagId)
  const isCompensation = order.kind === 'compensation'
  if (dag !== undefined && isCompensation) {
    const run = compensationOf(dag, taskId)
    if (run !== undefined) return (input) => run(compensationArguments(order, input))
  }
  const handler = dag === undefined || isCompensation ? undefined : handlerOf(dag, taskId)
  if (handler !== undefined) return handler
  const task = `the task "${taskId}" of the Dag "${dagId}"`
  const what = dag === undefined ? `the Dag "${dagId}"` : isCompensation ? `a compensation of ${task}` : task
  throw new Error(
    `The Dag file did not declare ${what} when it was loaded to run, although it did when it was parsed. ` +
      'Declare Dags and tasks the same way each time: no conditions on time, environment or network.',
  )
}

function successOf({ order, seq }: CurrentTry, value: unknown, { settings, output }: TryTools): ChildResult {
  if (order.kind === 'compensation') {
    const tell = (line: string) => createTaskLogger(seq, output).warn(line)
    return compensationSuccess(order, value, settings.maxXComBytes, tell)
  }
  const followed = order.branches === undefined ? undefined : chooseBranches(order.branches, value)
  const keep = order.doXcomPush && value !== undefined
  const json = keep ? toResultJson(value, 'return value', settings.maxXComBytes) : null
  return followed === undefined ? { state: 'success', json } : { state: 'success', json, followed }
}

export function failureOf(error: unknown, mapStack: (stack: string) => string): ChildResult {
  const facts = errorFacts(error, mapStack)
  if (isSkipError(error)) return { state: 'skipped', message: (error as Error).message }
  return { state: 'failed', kind: isFailError(error) ? 'fail' : 'error', error: facts }
}
