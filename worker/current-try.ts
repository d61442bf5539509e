/**
 * Which try this child runs, and to which try a piece of running code belongs: the two differ when a try that has ended
 * left something running. AsyncLocalStorage tells, also in handlers of uncaught errors and of `exit`.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { RunOrder } from '../core/ports/child-protocol.ts'

export interface CurrentTry {
  /** Its number within this child. */
  readonly seq: number
  readonly order: RunOrder
  readonly abort: AbortController
  /** User code has looked at the signal: it may obey. */
  signalRead: boolean
  startedAt: number | null
  spawned: boolean
  /** An error outside of what the handler awaits ends the try with it. `null` before user code runs and after its end. */
  crash: ((error: unknown) => void) | null
}

const storage = new AsyncLocalStorage<CurrentTry>()
let current: CurrentTry | null = null

/** The try this child has been given and not yet answered. */
export function runningTry(): CurrentTry | null {
  return current
}

/** The try the calling code stems from, ended or not; code that stems from none counts for the running one. */
export function tryOfThisCode(): CurrentTry | null {
  return storage.getStore() ?? current
}

export function beginTry(next: CurrentTry): void {
  current = next
}

export function endTry(): void {
  current = null
}

export function asCodeOf<T>(owner: CurrentTry, fn: () => T): T {
  return storage.run(owner, fn)
}
