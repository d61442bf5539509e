/** Wall time and timers, as a parameter. The real one lives in one file (`scheduler/system-clock.ts`). */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number
  /** Milliseconds since some instant; never jumps. For leases and heartbeats. */
  monotonic(): number
  /** Calls back once at or after `at`; returns a function that cancels. */
  setTimer(at: number, callback: () => void): () => void
}
