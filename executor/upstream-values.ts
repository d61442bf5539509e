/**
 * Return values of upstream tries as JSON text, for a dispatch: from what the host saw pass lately, the rest by one call.
 * A chain of tasks on one host so needs no query. Only values that exist are remembered (a try's value never changes once
 * it has ended), bounded by size.
 */
import { type TryKey, tryKeyText } from '../core/ids.ts'
import type { Dispatch } from '../core/ports/executor.ts'
import type { WorkerApi } from '../core/ports/worker-api.ts'
import type { InputBinding } from '../core/serialized-dag.ts'

export interface UpstreamValues {
  /** At once when all is known (or nothing is needed), else a promise. Keys are task ids (see `RunOrder.values`). */
  valuesFor(dispatch: Dispatch): Record<string, string | null> | Promise<Record<string, string | null>>
  remember(key: TryKey, json: string): void
  /** Somebody wrote a `return_value` by hand: what is remembered may be wrong. */
  forgetAll(): void
}

const MAX_CHARS = 32 * 1024 * 1024
const MAX_CHARS_EACH = 1024 * 1024

export function createUpstreamValues(api: WorkerApi): UpstreamValues {
  const known = new Map<string, string>()
  let chars = 0

  function forget(key: string): void {
    const json = known.get(key)
    if (json === undefined) return
    known.delete(key)
    chars -= json.length
  }

  return {
    valuesFor(dispatch) {
      const tries = triesToRead(dispatch)
      const values: Record<string, string | null> = {}
      if (tries.size === 0) return values
      const undone = dispatch.compensation?.forwardTry
      // What is remembered may be of a later try than the undone one was given.
      if (undone !== undefined) {
        return api
          .getReturnValues([...tries.values()], undone)
          .then((found) => Object.fromEntries([...tries.keys()].map((taskId, index) => [taskId, found[index] ?? null])))
      }
      const missing: { readonly taskId: string; readonly key: TryKey }[] = []
      for (const [taskId, key] of tries) {
        const json = known.get(tryKeyText(key))
        if (json === undefined) missing.push({ taskId, key })
        else values[taskId] = json
      }
      if (missing.length === 0) return values
      return api.getReturnValues(missing.map((item) => item.key)).then((found) => {
        missing.forEach((item, index) => {
          const json = found[index] ?? null
          values[item.taskId] = json
          if (json !== null) this.remember(item.key, json)
        })
        return values
      })
    },

    remember(key, json) {
      if (json.length > MAX_CHARS_EACH) return
      const text = tryKeyText(key)
      forget(text)
      known.set(text, json)
      chars += json.length
      for (const oldest of known.keys()) {
        if (chars <= MAX_CHARS) break
        forget(oldest)
      }
    },

    forgetAll() {
      known.clear()
      chars = 0
    },
  }
}

/** By task id: those of the upstreams that an argument needs, and what a compensation undoes. */
function triesToRead(dispatch: Dispatch): Map<string, TryKey> {
  const { inputs, trigger, compensation, upstreamTries } = dispatch
  const ids = new Set<string>()
  for (const name in inputs) collect(inputs[name], ids)
  if (trigger?.conf !== undefined && compensation === undefined) collect(trigger.conf, ids)
  const tries = new Map<string, TryKey>()
  for (const id of ids) {
    const key = upstreamTries[id]
    if (key !== undefined) tries.set(id, key)
  }
  if (compensation !== undefined) tries.set(dispatch.taskId, compensation.forwardTry)
  return tries
}

function collect(binding: InputBinding | undefined, ids: Set<string>): void {
  if (binding === undefined) return
  if (binding.kind === 'xcom') ids.add(binding.taskId)
  else if (binding.kind === 'list') for (const item of binding.items) collect(item, ids)
  else if (binding.kind === 'object') for (const name in binding.fields) collect(binding.fields[name], ids)
}
