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
  // Sagas (docs/adr/0010-sagas.md).
  'compensating',
  'compensated',
  'compensation_failed',
] as const
export type TiState = (typeof TI_STATES)[number]

/** State of a DagRun. */
export const RUN_STATES = ['queued', 'running', 'compensating', 'success', 'failed'] as const
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
  'compensated',
  'compensation_failed',
])

/** Run states from which nothing moves on by itself. */
export const FINISHED_RUN_STATES: ReadonlySet<RunState> = new Set(['success', 'failed'])

/** Legal TI transitions. Leaving a finished state happens only by an operator's command (clear, mark) and in a saga. */
export const TI_TRANSITIONS: Readonly<Record<TiState, readonly TiState[]>> = {
  none: ['queued', 'skipped', 'upstream_failed', 'removed', 'failed'],
  queued: ['running', 'success', 'failed', 'skipped', 'up_for_retry', 'deferred', 'none'],
  running: ['success', 'failed', 'skipped', 'up_for_retry', 'deferred', 'none'],
  up_for_retry: ['queued', 'skipped', 'failed', 'upstream_failed', 'removed'],
  deferred: ['success', 'failed', 'skipped', 'up_for_retry', 'queued'],
  success: ['compensating'],
  failed: ['compensating'],
  skipped: [],
  upstream_failed: [],
  removed: [],
  // Back to what it was: the rest of a compensation was called off.
  compensating: ['compensated', 'compensation_failed', 'success', 'failed'],
  compensated: [],
  compensation_failed: ['compensating'],
}

/** Legal run transitions. */
export const RUN_TRANSITIONS: Readonly<Record<RunState, readonly RunState[]>> = {
  // A finished run that is compensated by hand waits in the queue first.
  queued: ['running', 'compensating', 'failed'],
  running: ['success', 'failed', 'compensating'],
  compensating: ['failed', 'success'],
  success: [],
  failed: [],
}
