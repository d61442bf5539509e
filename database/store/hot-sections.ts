/**
 * What nearly every tick writes: TIs, tries, live executions, XComs, events.
 *
 * Served by: primary keys of `task_instance` (id), `try` and `active` (ti_id, try_number), `xcom` (ti_id, try_number,
 * key); events go into the last partition. Locks: the rows themselves; updates change no indexed column, so they stay
 * HOT. What is fixed at creation (`dag_run_id`, `task_id`, `map_index`, `queued_at`) is not written again.
 */
import type { EventRecord, ExecutionRecord, TiRecord, TryRecord, XComRecord } from '../../core/records.ts'
import { type Column, int4, int8, ms, text } from './column-arrays.ts'
import { deleteSection, insertSection, updateSection, type WriteSection } from './write-section.ts'

const tiState: readonly Column<TiRecord>[] = [
  text('state', (ti) => ti.state),
  int4('try_number', (ti) => ti.tryNumber),
  int4('max_tries', (ti) => ti.maxTries),
  int4('failures', (ti) => ti.failures),
  int4('losses', (ti) => ti.losses),
  ms('retry_at', (ti) => ti.retryAt),
  ms('start_date', (ti) => ti.startDate),
  ms('end_date', (ti) => ti.endDate),
  text('branch_skips', (ti) => ti.branchSkips),
]

const tryState: readonly Column<TryRecord>[] = [
  ms('start_date', (row) => row.startDate),
  ms('end_date', (row) => row.endDate),
  text('state', (row) => row.state),
  text('host', (row) => row.host),
  int4('pid', (row) => row.pid),
  text('cause', (row) => (row.cause === null ? null : JSON.stringify(row.cause))),
]

type TryRef = { readonly tiId: number; readonly tryNumber: number }
const tryKey: readonly Column<TryRef>[] = [int8('ti_id', (row) => row.tiId), int4('try_number', (row) => row.tryNumber)]

export const hotSections: readonly WriteSection[] = [
  updateSection<TiRecord>({
    name: 'updated_tis',
    table: 'task_instance',
    rows: (writes) => writes.updatedTis,
    columns: [int8('id', (ti) => ti.id), ...tiState],
    keys: 1,
  }),
  insertSection<TiRecord>({
    name: 'inserted_tis',
    table: 'task_instance',
    rows: (writes) => writes.insertedTis,
    columns: [
      int8('id', (ti) => ti.id),
      int8('dag_run_id', (ti) => ti.dagRunId),
      text('task_id', (ti) => ti.taskId),
      int4('map_index', (ti) => ti.mapIndex),
      ...tiState,
    ],
  }),
  updateSection<TryRecord>({
    name: 'updated_tries',
    table: 'try',
    rows: (writes) => writes.updatedTries,
    columns: [...tryKey, ...tryState],
    keys: 2,
  }),
  insertSection<TryRecord>({
    name: 'inserted_tries',
    table: 'try',
    rows: (writes) => writes.insertedTries,
    columns: [
      ...tryKey,
      int8('dag_run_id', (row) => row.dagRunId),
      ms('queued_at', (row) => row.queuedAt),
      ...tryState,
    ],
  }),
  deleteSection<TryRef>({
    name: 'deleted_executions',
    table: 'active',
    rows: (writes) => writes.deletedExecutions,
    columns: tryKey,
  }),
  insertSection<ExecutionRecord>({
    name: 'inserted_executions',
    table: 'active',
    rows: (writes) => writes.insertedExecutions,
    columns: [
      ...tryKey,
      int8('dag_run_id', (row) => row.dagRunId),
      text('host', (row) => row.host),
      int8('epoch', (row) => row.epoch),
      text('units', (row) => row.units),
    ],
  }),
  insertSection<XComRecord>({
    name: 'xcoms',
    table: 'xcom',
    rows: (writes) => writes.xcoms,
    columns: [
      ...tryKey,
      text('key', (row) => row.key),
      int8('dag_run_id', (row) => row.dagRunId),
      text('json', (row) => row.json),
    ],
    onConflict: { replaceBy: ['ti_id', 'try_number', 'key'] },
  }),
  insertSection<EventRecord>({
    name: 'events',
    table: 'event',
    rows: (writes) => writes.events,
    columns: [
      int8('id', (event) => event.id),
      ms('at', (event) => event.at),
      int8('dag_run_id', (event) => event.dagRunId),
      text('dag_id', (event) => event.dagId),
      int8('ti_id', (event) => event.tiId),
      int4('try_number', (event) => event.tryNumber),
      text('kind', (event) => event.kind),
      text('actor', (event) => event.actor),
      text('cause', (event) => event.cause),
      text('data', (event) => event.data),
    ],
  }),
]
