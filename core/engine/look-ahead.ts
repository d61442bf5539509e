/**
 * How many tries are queued beyond the executor's slots. They wait on the host, in order of priority, and begin the moment
 * a child is free, without a commit in between: short tries would otherwise spend most of a slot's time waiting for the
 * next tick. Only as far ahead as begins within about `HORIZON_MS` at the pace of late, so that nothing waits there
 * that could better be decided later; where tries take longer than that, nothing is queued ahead.
 */

import type { PoolRecord } from '../records.ts'
import type { ExecutionMemory, SchedulerMemory } from './memory.ts'

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

/** Tries that may wait on the host, at this pace. */
function aheadAt(slots: number, mostAhead: number, pace: number): number {
  return Math.min(mostAhead, Math.floor((slots * HORIZON_MS) / pace))
}

/** What the limits have to give, with what may wait on the host. */
export interface Capacities {
  /** Tries that run at once: the executor keeps to it, whatever is queued. */
  readonly slots: number
  readonly ahead: number
  /**
   * A cap on the tries of a run or a task that is not below `slots` cannot be exceeded by those that run here, so those that
   * wait on the host are let in beyond it. Not while another host may be running some.
   */
  readonly aheadOfCaps: number
  readonly pools: ReadonlyMap<string, PoolRecord>
}

export function capacitiesOf(
  memory: Pick<SchedulerMemory, 'slots' | 'mostAhead' | 'host' | 'pools' | 'pace'>,
  executions: Iterable<Pick<ExecutionMemory, 'record'>>,
): Capacities {
  const { slots, mostAhead, host, pools, pace } = memory
  const ahead = aheadAt(slots, mostAhead, pace)
  let isAlone = true
  if (ahead > 0) for (const { record } of executions) isAlone &&= record.host === host
  return { slots, ahead, aheadOfCaps: isAlone ? ahead : 0, pools }
}
