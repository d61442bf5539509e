/** Compensations as the API shows them: those that are or were carried out, and those that would be. */
import { type Static, Type } from 'typebox'
import type { ShownCompensation } from '../../database/queries/compensations.ts'
import type { PlannedCompensation } from '../plan-compensation.ts'
import { Closed, Instant, MaybeInstant, MaybeText, Nullable } from './shapes.ts'
import { iso, ShownTiState, shownTiState } from './values.ts'

const PlannedBody = Closed({
  task_id: Type.String(),
  map_index: Type.Integer(),
  exact_state: ShownTiState,
  forward_try: Type.Integer({ description: 'The try whose effects are undone.' }),
  after: Type.Array(Type.String(), { description: 'Tasks that are undone before it.' }),
})

/** What `compensate` does, or would do. */
export const CompensateBody = Closed({
  dag_id: Type.String(),
  dag_run_id: Type.String(),
  dry_run: Type.Boolean(),
  task_ids: Type.Array(Type.String(), { description: 'What is undone first stands first.' }),
  planned: Type.Array(PlannedBody, { description: 'Of a dry run.' }),
})

export function shownPlanned({ ti, forwardTry, after }: PlannedCompensation): Static<typeof PlannedBody> {
  return {
    task_id: ti.taskId,
    map_index: ti.mapIndex,
    exact_state: shownTiState(ti.state),
    forward_try: forwardTry,
    after: [...after],
  }
}

export const CompensationBody = Closed({
  task_instance_id: Type.String(),
  task_id: Type.String(),
  map_index: Type.Integer(),
  exact_state: Type.Union([ShownTiState], { description: 'Of the task instance, now.' }),
  state: Type.Enum(['compensating', 'compensated', 'compensation_failed', 'withdrawn'], {
    description: '`withdrawn`: called off before it began.',
  }),
  forward_try: Type.Integer({ description: 'The try whose effects are undone.' }),
  forward_state: Type.Enum(['success', 'failed']),
  scope: Nullable(Type.String({ description: 'The saga that was undone; null: the whole run.' })),
  tries: Type.Array(
    Closed({
      try_number: Type.Integer(),
      exact_state: ShownTiState,
      queued_at: Instant,
      start_date: MaybeInstant,
      end_date: MaybeInstant,
      message: Nullable(Type.String({ description: 'Why it failed.' })),
    }),
    { description: 'Of the task instance, those that ran the compensation.' },
  ),
  planned_at: Instant,
  ended_at: MaybeInstant,
  actor: Type.String(),
  failed_task: MaybeText,
  error: MaybeText,
})

export function shownCompensation(one: ShownCompensation): Static<typeof CompensationBody> {
  return {
    task_instance_id: String(one.tiId),
    task_id: one.taskId,
    map_index: one.mapIndex,
    exact_state: shownTiState(one.tiState),
    state: one.state,
    forward_try: one.forwardTry,
    forward_state: one.forwardState,
    scope: one.scope,
    tries: one.tries.map((each) => ({
      try_number: each.tryNumber,
      exact_state: shownTiState(each.state),
      queued_at: iso(each.queuedAt),
      start_date: iso(each.startDate),
      end_date: iso(each.endDate),
      message: each.cause?.message ?? null,
    })),
    planned_at: iso(one.plannedAt),
    ended_at: iso(one.endedAt),
    actor: one.actor,
    failed_task: one.failedTask,
    error: one.error,
  }
}
