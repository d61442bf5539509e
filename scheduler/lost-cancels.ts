/**
 * What a new term asks of the executor again. Tries are cancelled after the commit that wants their end; when that commit's
 * answer was lost nobody did it. The tables tell who it was, and the executor ignores whom it has asked before.
 */
import type { SchedulerMemory } from '../core/engine/memory.ts'
import { DRAIN } from '../core/engine/results.ts'
import { type TryKey, tryKeyText } from '../core/ids.ts'
import type { CancelReason } from '../core/ports/executor.ts'
import { supersededTries } from './superseded-tries.ts'

export interface LostCancel {
  readonly keys: readonly TryKey[]
  readonly reason: CancelReason
}

/** @param running what the executor has: running, or waiting for a slot. */
export function lostCancels(memory: SchedulerMemory, running: readonly TryKey[]): LostCancel[] {
  const here = new Set(running.map(tryKeyText))
  const unknown = running.filter((key) => !memory.executions.has(tryKeyText(key)))
  const superseded = supersededTries(memory).filter((key) => here.has(tryKeyText(key)))
  const cancels: LostCancel[] = [{ keys: [...unknown, ...superseded], reason: { by: 'stale try' } }]
  for (const [text, { tryRecord }] of memory.executions) {
    const { tiId, tryNumber, cause } = tryRecord
    if (cause !== null && here.has(text)) cancels.push({ keys: [{ tiId, tryNumber }], reason: { by: cause.by ?? '' } })
  }
  if (memory.draining) cancels.push({ keys: running, reason: { by: DRAIN, ifWaiting: true } })
  return cancels.filter(({ keys }) => keys.length > 0)
}
