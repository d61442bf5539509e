/** Dead letters as the API shows them: in a list, in groups of probably the same fault, one in full. */
import { type Static, Type } from 'typebox'
import { ERROR_STRATEGIES } from '../../core/serialized-dag.ts'
import type { ShownLetter } from '../../database/queries/dead-letters.ts'
import type { LetterGroup } from '../../database/queries/letter-groups.ts'
import { letterId } from '../letters/letter-id.ts'
import { Closed, Instant, instantQuery, MaybeInstant, MaybeText, Nullable } from './shapes.ts'
import { InputBody } from './task-input.ts'
import { Cause } from './task-instance.ts'
import { iso, RunState } from './values.ts'

const name = Type.Optional(Type.String({ maxLength: 250 }))

/** By what letters are chosen, in lists and in changes alike. */
export const letterFilter = {
  dag_id: name,
  dag_run_id: Type.Optional(Type.String({ maxLength: 250, description: 'With dag_id.' })),
  task_id: name,
  kind: Type.Optional(Type.Enum(['task', 'compensation'])),
  fingerprint: name,
  correlation_id: name,
  at_gte: instantQuery,
  at_lte: instantQuery,
  text: Type.Optional(Type.String({ minLength: 1, maxLength: 200, description: 'Part of the message.' })),
}
export type LetterQuery = Static<ReturnType<typeof Closed<typeof letterFilter>>>

export const LetterStatus = Type.Enum(['open', 'redriven', 'discarded'])

export const LetterId = Type.String({
  pattern: '^[0-9]{1,15}-[0-9]{1,9}$',
  maxLength: 30,
  description: '`<number of the task instance>-<try>`',
})

const letterFields = {
  id: LetterId,
  task_instance_id: Type.String(),
  try_number: Type.Integer(),
  dag_id: Type.String(),
  dag_run_id: Type.String(),
  task_id: Type.String(),
  map_index: Type.Integer(),
  run_state: Type.Union([RunState], { description: 'Exact.' }),
  correlation_id: MaybeText,
  version_number: Nullable(Type.Integer()),
  kind: Type.Enum(['task', 'compensation']),
  strategy: Type.Enum([...ERROR_STRATEGIES]),
  fingerprint: Type.String({ description: 'Equal for failures that are probably the same fault.' }),
  cause_kind: Type.String(),
  message: Type.String({ description: 'At most 500 characters; the whole cause is with the letter itself.' }),
  at: Instant,
  compensation: Type.Enum(['none', 'compensating', 'compensated', 'compensation_failed'], {
    description: 'Whether what was completed was undone because of it.',
  }),
  status: LetterStatus,
  reason: MaybeText,
  actor: Nullable(Type.String({ description: 'Who redrove or discarded it.' })),
  settled_at: MaybeInstant,
  log_url: Type.String({ description: 'Of its try.' }),
}

export const LetterBody = Closed(letterFields)

export const LetterDetails = Closed({
  ...letterFields,
  cause: Nullable(Cause),
  start_date: MaybeInstant,
  end_date: MaybeInstant,
  hostname: MaybeText,
  forward_try: Type.Integer({ description: 'Of a compensation: the try that was to be undone; else its own.' }),
  inputs: Type.Array(InputBody, { description: 'Of the forward try.' }),
  input_overrides: Type.Unknown({ description: 'Arguments that an operator replaced; null: none.' }),
  life: Type.Integer({ description: 'How often new idempotency keys were asked for.' }),
  newest_version_number: Nullable(Type.Integer({ description: 'What a redrive on the newest version would take.' })),
})

export const GroupBody = Closed({
  fingerprint: Type.String(),
  count: Type.Integer({ description: 'Counting stops at 10,000.' }),
  first_at: Instant,
  last_at: Instant,
  message: Type.String({ description: 'Of the newest letter.' }),
  cause_kind: Type.String(),
  sample_id: LetterId,
  tasks: Type.Array(Closed({ dag_id: Type.String(), task_id: Type.String() })),
})

export function shownLetter(letter: ShownLetter): Static<typeof LetterBody> {
  const part = encodeURIComponent
  const mapped = letter.mapIndex < 0 ? '' : `?map_index=${letter.mapIndex}`
  return {
    id: letterId(letter),
    task_instance_id: String(letter.tiId),
    try_number: letter.tryNumber,
    dag_id: letter.dagId,
    dag_run_id: letter.runId,
    task_id: letter.taskId,
    map_index: letter.mapIndex,
    run_state: letter.runState,
    correlation_id: letter.correlationId,
    version_number: letter.versionNumber,
    kind: letter.kind,
    strategy: letter.strategy,
    fingerprint: letter.fingerprint,
    cause_kind: letter.causeKind,
    message: letter.message,
    at: iso(letter.at),
    compensation: letter.compensation,
    status: letter.status,
    reason: letter.reason,
    actor: letter.actor,
    settled_at: iso(letter.settledAt),
    log_url:
      `/api/v2/dags/${part(letter.dagId)}/dagRuns/${part(letter.runId)}/taskInstances/${part(letter.taskId)}` +
      `/logs/${letter.tryNumber}${mapped}`,
  }
}

export function shownGroup(group: LetterGroup): Static<typeof GroupBody> {
  return {
    fingerprint: group.fingerprint,
    count: group.count,
    first_at: iso(group.firstAt),
    last_at: iso(group.lastAt),
    message: group.message,
    cause_kind: group.causeKind,
    sample_id: letterId(group.newest),
    tasks: group.places.map(({ dagId, taskId }) => ({ dag_id: dagId, task_id: taskId })),
  }
}
