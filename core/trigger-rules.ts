/**
 * Trigger rules: what a task does, given how its direct upstream tasks stand (airflow-behaviour 2.1, without mapping).
 *
 * Invariant: the answer other than `wait` never depends on the order in which upstream results arrive. Once it is given,
 * no later result changes it. Where Airflow lets whichever of a skip and a failure is seen first win (`all_success`),
 * a skip is decided here only when nothing unfinished could still fail: see docs/trigger-rules.md.
 */
import type { TriggerRule } from './serialized-dag.ts'

/** How many direct upstream tasks are in which final state; `total` counts all of them, unfinished ones included. */
export interface UpstreamCounts {
  readonly success: number
  readonly failed: number
  readonly skipped: number
  readonly upstreamFailed: number
  /** Vanished from the Dag after the run began: counted as if it had never been upstream. */
  readonly removed: number
  readonly total: number
}

/** `skipped` and `upstream_failed` are forced: the task ends in that state without a try. */
export type RuleVerdict = 'wait' | 'run' | 'skipped' | 'upstream_failed'

/** Applies one rule. A task without (remaining) upstream tasks runs under every rule. */
export function evaluateTriggerRule(rule: TriggerRule, c: UpstreamCounts): RuleVerdict {
  const expected = c.total - c.removed
  if (expected <= 0) return 'run'
  const failures = c.failed + c.upstreamFailed
  const done = c.success + c.skipped + failures >= expected
  // First what is forced, then whether the task may run; `wait` is what remains.
  switch (rule) {
    case 'all_success':
      if (failures > 0) return 'upstream_failed'
      if (!done) return 'wait'
      return c.skipped > 0 ? 'skipped' : 'run'
    case 'all_failed':
      if (c.success + c.skipped > 0) return 'skipped'
      return done ? 'run' : 'wait'
    case 'all_done':
      return done ? 'run' : 'wait'
    case 'all_skipped':
      if (c.success + failures > 0) return 'skipped'
      return done ? 'run' : 'wait'
    case 'one_success':
      if (c.success > 0) return 'run'
      if (!done) return 'wait'
      return failures > 0 ? 'upstream_failed' : 'skipped'
    case 'one_failed':
      if (failures > 0) return 'run'
      return done ? 'skipped' : 'wait'
    case 'one_done':
      if (c.success + c.failed > 0) return 'run'
      return done ? 'skipped' : 'wait'
    case 'none_failed':
      if (failures > 0) return 'upstream_failed'
      return done ? 'run' : 'wait'
    case 'none_failed_min_one_success':
      if (failures > 0) return 'upstream_failed'
      if (!done) return 'wait'
      return c.success > 0 ? 'run' : 'skipped'
    case 'none_skipped':
      if (c.skipped > 0) return 'skipped'
      return done ? 'run' : 'wait'
    case 'all_done_min_one_success':
      if (c.skipped > 0) return 'skipped'
      if (!done) return 'wait'
      return c.success > 0 ? 'run' : 'upstream_failed'
    case 'always':
      return 'run'
  }
}
