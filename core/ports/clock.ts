/** Wall time and timers, as a parameter. The real one lives in one file (`scheduler/system-clock.ts`). */
export interface Clock {
  /** Epoch milliseconds. Jumps when somebody sets the machine's clock. */
  now(): number
  /** Milliseconds since some instant; never jumps. For leases and heartbeats. */
  monotonic(): number
  /** Calls back once when `now()` is `at` or later; returns a function that cancels. For what falls due by the calendar. */
  setTimer(at: number, callback: () => void): () => void
  /** Calls back once after `ms` by `monotonic()`, however wall time jumps; returns a function that cancels. */
  setDelay(ms: number, callback: () => void): () => void
}
