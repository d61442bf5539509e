/**
 * From what a child says about the end of a try to the outcome the scheduler gets: masked, bounded, with large return
 * values stored before they are reported.
 */

import type { ChildResult } from '../core/ports/child-protocol.ts'
import type { Dispatch, TryOutcome } from '../core/ports/executor.ts'
import type { WorkerApi } from '../core/ports/worker-api.ts'
import { notStartedCause, tidyCause } from './cause-texts.ts'
import type { Masker } from './masking.ts'
import { RETURN_VALUE } from './serve-client-calls.ts'
import type { UpstreamValues } from './upstream-values.ts'

/** More travels by reference. */
export const MAX_INLINE_JSON = 64 * 1024

export interface OutcomeContext {
  readonly api: WorkerApi
  readonly masker: Masker
  readonly values: UpstreamValues
}

/** Synchronous but for a large value, which is stored first. */
export function toOutcome(
  result: ChildResult,
  dispatch: Dispatch,
  context: OutcomeContext,
): TryOutcome | Promise<TryOutcome> {
  const mask = context.masker.mask
  if (result.state === 'skipped') return { state: 'skipped', message: mask(result.message).replaceAll('\0', '\\x00') }
  if (result.state === 'failed') {
    const { kind, error } = result
    const cause =
      kind === 'not-started' ? { ...notStartedCause(error.message), stack: error.stack } : { kind, ...error }
    return { state: 'failed', cause: tidyCause(cause, mask) }
  }
  const followed = result.followed === undefined ? {} : { followed: result.followed }
  if (result.json === null) return { state: 'success', xcoms: [], ...followed }
  const json = context.masker.maskJson(result.json)
  if (json.length <= MAX_INLINE_JSON && Buffer.byteLength(json) <= MAX_INLINE_JSON) {
    context.values.remember(dispatch.key, json)
    return { state: 'success', xcoms: [{ key: RETURN_VALUE, json, stored: false }], ...followed }
  }
  return storeLarge(json, dispatch, context).then((failure) => {
    if (failure !== null) return { state: 'failed', cause: tidyCause({ kind: 'error', message: failure }, mask) }
    context.values.remember(dispatch.key, json)
    return { state: 'success', xcoms: [{ key: RETURN_VALUE, json: null, stored: true }], ...followed }
  })
}

async function storeLarge(json: string, dispatch: Dispatch, context: OutcomeContext): Promise<string | null> {
  const { dagId, runId, taskId, mapIndex } = dispatch
  const target = { key: RETURN_VALUE, dagId, runId, taskId, mapIndex, includePriorDates: false }
  try {
    await context.api.setXCom(dispatch.key, target, json)
    return null
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    return `The return value (${Math.ceil(json.length / 1024)} KiB) could not be stored: ${why}`
  }
}
