/** Task instances and their tries as the API shows them. */
import { type Static, Type } from 'typebox'
import type { RunRecord, TiRecord, TryRecord } from '../../core/records.ts'
import type { Version } from '../api-parts.ts'
import { Closed, Instant, MaybeInstant, MaybeText, Nullable } from './shapes.ts'
import { AirflowTiState, airflowTiState, iso, ShownTiState, seconds, shownTiState } from './values.ts'

export const Cause = Closed({
  kind: Type.String(),
  message: Type.String(),
  stack: Type.Optional(Type.String()),
  exitCode: Type.Optional(Type.Integer()),
  signal: Type.Optional(Type.String()),
  by: Type.Optional(Type.String()),
})

export const TiBody = Closed({
  id: Type.String(),
  task_id: Type.String(),
  dag_id: Type.String(),
  dag_run_id: Type.String(),
  map_index: Type.Integer(),
  logical_date: MaybeInstant,
  run_after: Instant,
  start_date: MaybeInstant,
  end_date: MaybeInstant,
  duration: Nullable(Type.Number({ description: 'Seconds.' })),
  state: AirflowTiState,
  exact_state: ShownTiState,
  try_number: Type.Integer(),
  max_tries: Type.Integer({ description: 'Repeats it may have after the first try, as in Airflow.' }),
  task_display_name: Type.String(),
  dag_display_name: Type.String(),
  hostname: MaybeText,
  pid: Nullable(Type.Integer()),
  pool: Type.String(),
  pool_slots: Type.Integer(),
  priority_weight: Nullable(Type.Integer()),
  operator: MaybeText,
  queued_when: MaybeInstant,
  note: MaybeText,
  rendered_map_index: MaybeText,
  retry_at: Nullable(Type.String({ format: 'date-time', description: 'When an up_for_retry one is ready again.' })),
  cause: Nullable(Cause),
  compensates_try: Nullable(Type.Integer({ description: 'Where the try ran the compensation: which try it undid.' })),
  group_id: MaybeText,
  dag_version: Nullable(Closed({ id: Type.String(), version_number: Type.Integer(), dag_id: Type.String() })),
})

const UndoneTasks = Type.Array(Type.String(), {
  description: 'Preview of a clear: those of them that come along because they were undone, or lie below what was.',
})

export const TiList = Closed({
  task_instances: Type.Array(TiBody),
  total_entries: Type.Integer({ description: 'Over many runs: how many are known so far.' }),
  next_cursor: Type.Optional(MaybeText),
  undone: Type.Optional(UndoneTasks),
})

/** What a clear or a mark did, or would do. */
export const TiChange = Closed({
  task_instances: Type.Array(TiBody),
  total_entries: Type.Integer(),
  cleared: Type.Array(TiBody, { description: 'Of a mark: failed ones below, cleared so that the run goes on.' }),
  undone: Type.Optional(UndoneTasks),
})

export interface TiFacts {
  readonly run: RunRecord
  readonly version: Version | undefined
  readonly lastTry: TryRecord | undefined
  readonly note: string | undefined
  readonly undone: UndoneTries
}

/** Which try a try undid; `null`: none, it ran the task. */
export type UndoneTries = (tiId: number, tryNumber: number) => number | null

export function shownTi(ti: TiRecord, { run, version, lastTry, note, undone }: TiFacts): Static<typeof TiBody> {
  const index = version?.graph.indexOf.get(ti.taskId)
  const task = index === undefined ? undefined : version?.graph.tasks[index]
  return {
    id: String(ti.id),
    task_id: ti.taskId,
    dag_id: run.dagId,
    dag_run_id: run.runId,
    map_index: ti.mapIndex,
    logical_date: iso(run.logicalDate),
    run_after: iso(run.runAfter),
    start_date: iso(ti.startDate),
    end_date: iso(ti.endDate),
    duration: seconds(ti.startDate, ti.endDate),
    state: airflowTiState(ti.state),
    exact_state: shownTiState(ti.state),
    try_number: ti.tryNumber,
    max_tries: Math.max(0, ti.maxTries - 1),
    task_display_name: ti.taskId,
    dag_display_name: version?.serialized.displayName ?? run.dagId,
    hostname: lastTry?.host ?? null,
    pid: lastTry?.pid ?? null,
    pool: task?.pool ?? 'default_pool',
    pool_slots: task?.poolSlots ?? 1,
    priority_weight: task?.priority ?? null,
    operator: task?.serialized.kind ?? null,
    queued_when: iso(lastTry?.queuedAt ?? null),
    note: note ?? null,
    rendered_map_index: null,
    retry_at: iso(ti.retryAt),
    cause: lastTry?.cause ?? null,
    compensates_try: undone(ti.id, lastTry?.tryNumber ?? 0),
    group_id: task?.serialized.groupId ?? null,
    dag_version:
      version === undefined
        ? null
        : { id: String(version.versionId), version_number: version.versionNumber, dag_id: version.dagId },
  }
}

/** A try in the form of the TI it belonged to, as Airflow shows its history. */
export function shownTry(one: TryRecord, ti: TiRecord, facts: Omit<TiFacts, 'lastTry'>): Static<typeof TiBody> {
  return {
    ...shownTi(ti, { ...facts, lastTry: one }),
    try_number: one.tryNumber,
    state: airflowTiState(one.state),
    exact_state: shownTiState(one.state),
    start_date: iso(one.startDate),
    end_date: iso(one.endDate),
    duration: seconds(one.startDate, one.endDate),
    retry_at: one.tryNumber === ti.tryNumber ? iso(ti.retryAt) : null,
  }
}
