/**
 * How many tries are queued beyond the executor's slots. They wait on the host, in order of priority, and begin the moment
 * a child is free, without a commit in between: short tries would otherwise spend most of a slot's time waiting for the
 * next tick. Only as far ahead as begins within about `HORIZON_MS` at the pace of late, so that nothing waits there
 * that could better be decided later; where tries take longer than that, nothing is queued ahead.
 */

const HORIZON_MS = 10
/** Instants are whole milliseconds: shorter tries look alike. */
const SHORTEST_MS = 1
/** What a try counts at most: a long one among thousands of short ones is forgotten soon. */
const LONGEST_MS = 1_000
/** Weight of the newest try. */
const WEIGHT = 1 / 16

/** Nothing is known yet: nothing is queued ahead. */
export const UNKNOWN_PACE = LONGEST_MS

/** Milliseconds a try takes, averaged over the last few. */
export function nextPace(pace: number, durationMs: number): number {
  const bounded = Math.min(LONGEST_MS, Math.max(SHORTEST_MS, durationMs))
  return pace + (bounded - pace) * WEIGHT
}

/** Executions at once as the scheduler counts them: those that run and those that wait on the host. */
export function slotsWithAhead(slots: number, mostAhead: number, pace: number): number {
  return slots + Math.min(mostAhead, Math.floor((slots * HORIZON_MS) / pace))
}
