/**
 * The words for states, and which transitions are legal. One table, every pair tested.
 * Words are Airflow's (airflow-behaviour 2.4); `removed` and the waiting states are here from the first day
 * because stored rows name them.
 */

/** State of a task instance (TI). `none` means: created, not yet dispatched. */
export const TI_STATES = [
  'none',
  'queued',
  'running',
  'success',
  'failed',
  'skipped',
  'upstream_failed',
  'removed',
  'up_for_retry',
  'deferred',
] as const
export type TiState = (typeof TI_STATES)[number]

/** State of a DagRun. */
export const RUN_STATES = ['queued', 'running', 'success', 'failed'] as const
export type RunState = (typeof RUN_STATES)[number]

/** How a run came to be. */
export type RunType = 'scheduled' | 'manual' | 'backfill'

/** TI states from which nothing moves on by itself. */
export const FINISHED_TI_STATES: ReadonlySet<TiState> = new Set([
  'success',
  'failed',
  'skipped',
  'upstream_failed',
  'removed',
])

/** Run states from which nothing moves on by itself. */
export const FINISHED_RUN_STATES: ReadonlySet<RunState> = new Set(['success', 'failed'])

/** Legal TI transitions. Leaving a finished state happens only by an operator's command (clear, mark). */
export const TI_TRANSITIONS: Readonly<Record<TiState, readonly TiState[]>> = {
  none: ['queued', 'skipped', 'upstream_failed', 'removed', 'failed'],
  queued: ['running', 'success', 'failed', 'skipped', 'up_for_retry', 'deferred', 'none'],
  running: ['success', 'failed', 'skipped', 'up_for_retry', 'deferred', 'none'],
  up_for_retry: ['queued', 'skipped', 'failed', 'upstream_failed', 'removed'],
  deferred: ['success', 'failed', 'skipped', 'up_for_retry', 'queued'],
  success: [],
  failed: [],
  skipped: [],
  upstream_failed: [],
  removed: [],
}

/** Legal run transitions. */
export const RUN_TRANSITIONS: Readonly<Record<RunState, readonly RunState[]>> = {
  queued: ['running', 'failed'],
  running: ['success', 'failed'],
  success: [],
  failed: [],
}
