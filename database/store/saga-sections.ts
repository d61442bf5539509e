/**
 * What sagas and final failures write: compensations, dead letters and what became of them, overrides. Few ticks have any
 * of it, and a statement without them has nothing of this file in it. Served by the primary keys. Locks: the rows.
 */
import type { CompensationRecord, DeadLetterOutcome, DeadLetterRecord, TiOverrideRecord } from '../../core/records.ts'
import { type Column, columnParameters, columnValue, int4, int8, ms, text, unnestColumns } from './column-arrays.ts'
import { insertSection, type WriteSection } from './write-section.ts'

const outcomeColumns: readonly Column<DeadLetterOutcome>[] = [
  int8('ti_id', (row) => row.tiId),
  int4('try_number', (row) => row.tryNumber),
  text('status', (row) => row.status),
  text('reason', (row) => row.reason),
  text('actor', (row) => row.actor),
  ms('settled_at', (row) => row.at),
]

/** A letter has one outcome: of two commands the first counts. */
const outcomes: WriteSection = {
  name: 'dead_letter_outcomes',
  count: (writes) => writes.deadLetterOutcomes.length,
  parameters: (writes) => columnParameters(outcomeColumns, writes.deadLetterOutcomes),
  width: outcomeColumns.length,
  sql: (first) =>
    'dead_letter_outcomes as (update dead_letter as x set ' +
    `${outcomeColumns
      .slice(2)
      .map((column) => `"${column.name}" = ${columnValue(column)}`)
      .join(', ')} ` +
    `from held, ${unnestColumns(outcomeColumns, first)} ` +
    "where x.ti_id = t.ti_id and x.try_number = t.try_number and x.status = 'open' returning 1)",
  lenient: true,
}

export const sagaSections: readonly WriteSection[] = [
  insertSection<CompensationRecord>({
    name: 'compensations',
    table: 'compensation',
    rows: (writes) => writes.compensations,
    columns: [
      int8('ti_id', (row) => row.tiId),
      int4('forward_try', (row) => row.forwardTry),
      int8('dag_run_id', (row) => row.dagRunId),
      text('forward_state', (row) => row.forwardState),
      text('state', (row) => row.state),
      text('scope', (row) => row.scope),
      int4('first_try', (row) => row.firstTry),
      int4('last_try', (row) => row.lastTry),
      ms('planned_at', (row) => row.plannedAt),
      ms('ended_at', (row) => row.endedAt),
      text('actor', (row) => row.actor),
      text('failed_task', (row) => row.failedTask),
      text('error', (row) => row.error),
    ],
    onConflict: { replaceBy: ['ti_id', 'forward_try'] },
  }),
  insertSection<DeadLetterRecord & { readonly outcome?: DeadLetterOutcome }>({
    name: 'dead_letters',
    table: 'dead_letter',
    rows: (writes) => writes.deadLetters,
    columns: [
      int8('ti_id', (row) => row.tiId),
      int4('try_number', (row) => row.tryNumber),
      int8('dag_run_id', (row) => row.dagRunId),
      text('dag_id', (row) => row.dagId),
      text('task_id', (row) => row.taskId),
      int4('map_index', (row) => row.mapIndex),
      int8('version_id', (row) => row.versionId),
      text('kind', (row) => row.kind),
      text('strategy', (row) => row.strategy),
      text('fingerprint', (row) => row.fingerprint),
      text('cause_kind', (row) => row.causeKind),
      text('message', (row) => row.message),
      ms('at', (row) => row.at),
      text('status', (row) => row.outcome?.status ?? 'open'),
      text('reason', (row) => row.outcome?.reason ?? null),
      text('actor', (row) => row.outcome?.actor ?? null),
      ms('settled_at', (row) => row.outcome?.at ?? null),
    ],
    onConflict: 'nothing',
    lenient: true,
  }),
  outcomes,
  insertSection<TiOverrideRecord>({
    name: 'ti_overrides',
    table: 'ti_override',
    rows: (writes) => writes.tiOverrides,
    columns: [
      int8('ti_id', (row) => row.tiId),
      int8('dag_run_id', (row) => row.dagRunId),
      int4('life', (row) => row.life),
      text('inputs', (row) => row.inputs),
    ],
    onConflict: { replaceBy: ['ti_id'] },
  }),
]
