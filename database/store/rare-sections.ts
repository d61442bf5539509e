/**
 * What some ticks write: runs, Dags and their versions, pools, import errors, the state of the platform, answers to
 * commands. What deletes runs is in `delete-sections.ts`.
 *
 * Served by the primary keys. Locks: the rows themselves. `open_run` follows the state of runs, so that a load finds the
 * unfinished ones without an index on a state. What is fixed when a run is created is not written again.
 */
import type { TickWrites } from '../../core/ports/store.ts'
import type { DagRecord, DagVersionRecord, ImportErrorRecord, PoolRecord, RunRecord } from '../../core/records.ts'
import { FINISHED_RUN_STATES } from '../../core/states.ts'
import { bool, type Column, columnParameters, int4, int8, ms, text } from './column-arrays.ts'
import { deleteSection, insertSection, updateSection, type WriteSection } from './write-section.ts'

const isOpen = (run: RunRecord) => !FINISHED_RUN_STATES.has(run.state)
const runKey: readonly Column<RunRecord>[] = [int8('dag_run_id', (run) => run.id)]

const runState: readonly Column<RunRecord>[] = [
  text('state', (run) => run.state),
  int8('version_id', (run) => run.versionId),
  ms('queued_at', (run) => run.queuedAt),
  ms('start_date', (run) => run.startDate),
  ms('end_date', (run) => run.endDate),
  text('note', (run) => run.note),
]

const runSections: readonly WriteSection[] = [
  insertSection<RunRecord>({
    name: 'inserted_runs',
    table: 'dag_run',
    rows: (writes) => writes.insertedRuns,
    columns: [
      int8('id', (run) => run.id),
      text('dag_id', (run) => run.dagId),
      text('run_id', (run) => run.runId),
      text('run_type', (run) => run.runType),
      ms('logical_date', (run) => run.logicalDate),
      ms('data_interval_start', (run) => run.dataIntervalStart),
      ms('data_interval_end', (run) => run.dataIntervalEnd),
      ms('run_after', (run) => run.runAfter),
      text('conf', (run) => run.conf),
      text('triggered_by', (run) => run.triggeredBy),
      text('correlation_id', (run) => run.correlationId),
      text('trigger_key', (run) => run.triggerKey),
      ...runState,
    ],
    // A run that was deleted leaves its name, its date and its trigger key to a new one.
    after: 'deleted_runs',
  }),
  updateSection<RunRecord>({
    name: 'updated_runs',
    table: 'dag_run',
    rows: (writes) => writes.updatedRuns,
    columns: [int8('id', (run) => run.id), ...runState],
    keys: 1,
  }),
  insertSection<RunRecord>({
    name: 'opened_runs',
    table: 'open_run',
    // A finished run that goes on (an operator's command) is open again.
    rows: (writes) => [...writes.insertedRuns.filter(isOpen), ...writes.updatedRuns.filter(isOpen)],
    columns: runKey,
    onConflict: 'nothing',
    lenient: true,
  }),
  deleteSection<RunRecord>({
    name: 'closed_runs',
    table: 'open_run',
    rows: (writes) => writes.updatedRuns.filter((run) => !isOpen(run)),
    columns: runKey,
    lenient: true,
  }),
]

const dagSections: readonly WriteSection[] = [
  insertSection<DagRecord>({
    name: 'dags',
    table: 'dag',
    rows: (writes) => writes.dags,
    columns: [
      text('dag_id', (dag) => dag.dagId),
      text('file', (dag) => dag.file),
      bool('is_paused', (dag) => dag.isPaused),
      bool('is_active', (dag) => dag.isActive),
      int8('version_id', (dag) => dag.versionId),
      ms('last_logical_date', (dag) => dag.lastLogicalDate),
      ms('last_interval_end', (dag) => dag.lastIntervalEnd),
      ms('schedule_since', (dag) => dag.scheduleSince),
      ms('next_run_after', (dag) => dag.nextRunAfter),
      ms('next_logical_date', (dag) => dag.nextLogicalDate),
    ],
    onConflict: { replaceBy: ['dag_id'] },
  }),
  deleteSection<number>({
    name: 'deleted_versions',
    table: 'dag_version',
    rows: (writes) => writes.deletedVersions,
    columns: [int8('version_id', (id) => id)],
  }),
  insertSection<DagVersionRecord>({
    name: 'inserted_versions',
    table: 'dag_version',
    rows: (writes) => writes.insertedVersions,
    columns: [
      int8('version_id', (version) => version.versionId),
      text('dag_id', (version) => version.dagId),
      int4('version_number', (version) => version.versionNumber),
      text('content_hash', (version) => version.contentHash),
      text('bundle_hash', (version) => version.bundleHash),
      text('serialized', (version) => JSON.stringify(version.serialized)),
      ms('created_at', (version) => version.createdAt),
    ],
    // The new version takes over the number of the one nobody used.
    after: 'deleted_versions',
  }),
  insertSection<PoolRecord>({
    name: 'pools',
    table: 'pool',
    rows: (writes) => writes.pools,
    columns: [
      text('name', (pool) => pool.name),
      int4('slots', (pool) => pool.slots),
      text('description', (pool) => pool.description),
    ],
    onConflict: { replaceBy: ['name'] },
  }),
  insertSection<ImportErrorRecord>({
    name: 'import_errors',
    table: 'import_error',
    rows: (writes) => writes.importErrors,
    columns: [
      text('file', (error) => error.file),
      text('problems', (error) => JSON.stringify(error.problems)),
      ms('at', (error) => error.at),
    ],
    onConflict: { replaceBy: ['file'] },
  }),
  deleteSection<string>({
    name: 'cleared_import_errors',
    table: 'import_error',
    rows: (writes) => writes.clearedImportErrors,
    columns: [text('file', (file) => file)],
    lenient: true,
  }),
]

type TiNote = TickWrites['tiNotes'][number]

const stateSections: readonly WriteSection[] = [
  deleteSection<string>({
    name: 'deleted_pools',
    table: 'pool',
    rows: (writes) => writes.deletedPools,
    columns: [text('name', (name) => name)],
  }),
  insertSection<TiNote>({
    name: 'ti_notes',
    table: 'task_note',
    rows: (writes) => writes.tiNotes.filter((row) => row.note !== null),
    columns: [int8('ti_id', (row) => row.tiId), text('note', (row) => row.note)],
    onConflict: { replaceBy: ['ti_id'] },
  }),
  deleteSection<TiNote>({
    name: 'cleared_ti_notes',
    table: 'task_note',
    rows: (writes) => writes.tiNotes.filter((row) => row.note === null),
    columns: [int8('ti_id', (row) => row.tiId)],
    lenient: true,
  }),
  updateSection<boolean>({
    name: 'draining',
    table: 'platform_state',
    rows: (writes) => (writes.draining === null ? [] : [writes.draining]),
    columns: [bool('is_only_row', () => true), bool('draining', (draining) => draining)],
    keys: 1,
  }),
]

type Answer = TickWrites['answers'][number]

/**
 * Index: `command` by id. Only an open command is answered, so none is answered twice. A refusal frees its idempotency
 * key: whoever asks again with the same key deserves a new look.
 */
const answers: WriteSection = {
  name: 'answers',
  count: (writes) => writes.answers.length,
  width: 5,
  parameters: (writes) => columnParameters(answerColumns, writes.answers),
  sql: (first) =>
    `answers as (update command as x set answer = t.answer, answered_at = clock_timestamp(), ` +
    `last_event_id = t.last_event_id, request = coalesce(t.request, x.request), idempotency_key = case when t.ok then x.idempotency_key end ` +
    `from held, unnest($${first}::bigint[], $${first + 1}::text[], $${first + 2}::bigint[], $${first + 3}::boolean[], $${first + 4}::text[]) ` +
    'as t (id, answer, last_event_id, ok, request) where x.id = t.id and x.answer is null returning 1)',
}

const answerColumns: readonly Column<Answer>[] = [
  int8('id', (row) => row.commandId),
  text('answer', (row) => JSON.stringify(row.answer)),
  int8('last_event_id', (row) => row.lastEventId),
  bool('ok', (row) => row.answer.ok),
  text('request', (row) => row.request ?? null),
]

export const rareSections: readonly WriteSection[] = [...runSections, ...dagSections, ...stateSections, answers]
