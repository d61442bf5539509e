/** Dags, their versions and structure, as the API shows them. */
import { type Static, Type } from 'typebox'
import { ERROR_STRATEGIES } from '../../core/serialized-dag.ts'
import { describeSchedule } from '../../core/timetable/index.ts'
import type { DagRow, RecentRun } from '../../database/queries/dag-overview.ts'
import type { Version } from '../api-parts.ts'
import { Closed, Instant, MaybeInstant, MaybeText, Nullable } from './shapes.ts'
import { iso, RunState, seconds } from './values.ts'

export const DagTag = Closed({ name: Type.String(), dag_id: Type.String(), dag_display_name: Type.String() })

const RecentRunBody = Closed({
  id: Type.Integer({ description: 'Number of the run.' }),
  dag_run_id: Type.String(),
  state: RunState,
  logical_date: MaybeInstant,
  run_after: Instant,
  start_date: MaybeInstant,
  end_date: MaybeInstant,
  duration: Nullable(Type.Number()),
})

const dagFields = {
  dag_id: Type.String(),
  dag_display_name: Type.String(),
  is_paused: Type.Boolean(),
  is_stale: Type.Boolean({ description: 'Its file is gone or no longer declares it.' }),
  last_parsed_time: MaybeInstant,
  relative_fileloc: Type.String(),
  fileloc: Type.String(),
  description: MaybeText,
  timetable_summary: MaybeText,
  timetable_description: Type.String(),
  timezone: Type.String(),
  tags: Type.Array(DagTag),
  max_active_tasks: Type.Integer(),
  max_active_runs: Type.Integer(),
  has_task_concurrency_limits: Type.Boolean(),
  has_import_errors: Type.Boolean(),
  next_dagrun_logical_date: MaybeInstant,
  next_dagrun_data_interval_start: MaybeInstant,
  next_dagrun_data_interval_end: MaybeInstant,
  next_dagrun_run_after: MaybeInstant,
  owners: Type.Array(Type.String()),
  version_number: Type.Integer(),
  task_count: Type.Integer(),
  recent_runs: Type.Array(RecentRunBody, { description: 'Newest first.' }),
}

export const DagBody = Closed(dagFields)

export const DagDetails = Closed({
  ...dagFields,
  doc_md: MaybeText,
  catchup: Type.Boolean(),
  start_date: MaybeInstant,
  end_date: MaybeInstant,
  dag_run_timeout: Nullable(Type.Number({ description: 'Seconds.' })),
  is_paused_upon_creation: Nullable(Type.Boolean()),
  error_strategy: Type.Enum([...ERROR_STRATEGIES], { description: "The Dag's own, else the platform's." }),
  fail_fast: Type.Boolean(),
  correlation_id: Nullable(Type.String({ description: 'Template over params: `order-{params.orderId}`.' })),
  params: Nullable(Type.Unknown({ description: 'JSON Schema of conf, for the trigger form.' })),
  upcoming_runs: Type.Array(Instant, { description: 'Next fire times of the schedule.' }),
})

export const DagVersionBody = Closed({
  id: Type.String(),
  version_number: Type.Integer(),
  dag_id: Type.String(),
  dag_display_name: Type.String(),
  bundle_name: Type.String(),
  bundle_version: Type.String(),
  created_at: Instant,
})

export const Structure = Closed({
  dag_id: Type.String(),
  version_number: Type.Integer(),
  tasks: Type.Array(
    Closed({
      task_id: Type.String(),
      kind: Type.Union([Type.Literal('task'), Type.Literal('trigger')]),
      group_id: MaybeText,
      trigger_rule: Type.String(),
      retries: Type.Integer(),
      error_strategy: Type.Enum([...ERROR_STRATEGIES]),
      compensation: Type.Union([Closed({ also_when_failed: Type.Boolean(), retries: Type.Integer() }), Type.Null()], {
        description: 'How it is undone; null: it is not.',
      }),
      pool: Type.String(),
      pool_slots: Type.Integer(),
      priority_weight: Type.Integer(),
      timeout: Nullable(Type.Number({ description: 'Seconds.' })),
      is_branch: Type.Boolean(),
      triggers_dag_id: MaybeText,
      doc_md: MaybeText,
      line: Nullable(Type.Integer()),
    }),
  ),
  edges: Type.Array(
    Closed({
      source: Type.String(),
      target: Type.String(),
      label: Nullable(Type.String({ description: 'The branch that follows it.' })),
    }),
  ),
  groups: Type.Array(
    Closed({ group_id: Type.String(), parent_id: MaybeText, doc_md: MaybeText, is_saga: Type.Boolean() }),
  ),
})

export function shownDag(row: DagRow, version: Version, runs: readonly RecentRun[]): Static<typeof DagBody> {
  const { serialized, graph } = version
  const name = serialized.displayName ?? row.dagId
  const summary = describeSchedule(serialized.schedule, serialized.timezone)
  return {
    dag_id: row.dagId,
    dag_display_name: name,
    is_paused: row.isPaused,
    is_stale: !row.isActive,
    last_parsed_time: iso(row.parsedAt),
    relative_fileloc: row.file,
    fileloc: row.file,
    description: serialized.description ?? null,
    timetable_summary: serialized.schedule.kind === 'cron' ? serialized.schedule.expression : summary,
    timetable_description: summary,
    timezone: serialized.timezone,
    tags: serialized.tags.map((tag) => ({ name: tag, dag_id: row.dagId, dag_display_name: name })),
    max_active_tasks: graph.maxActiveTasks,
    max_active_runs: graph.maxActiveRuns,
    has_task_concurrency_limits: graph.tasks.some((task) => task.maxActiveTisPerDag !== null),
    has_import_errors: row.hasImportErrors,
    next_dagrun_logical_date: iso(row.nextLogicalDate),
    next_dagrun_data_interval_start: iso(row.nextLogicalDate),
    next_dagrun_data_interval_end: iso(row.nextLogicalDate),
    next_dagrun_run_after: iso(row.nextRunAfter),
    owners: [serialized.owner ?? 'tradewind'],
    version_number: row.versionNumber,
    task_count: graph.tasks.length,
    recent_runs: runs.map((run) => ({
      id: run.id,
      dag_run_id: run.runId,
      state: run.state,
      logical_date: iso(run.logicalDate),
      run_after: iso(run.runAfter),
      start_date: iso(run.startDate),
      end_date: iso(run.endDate),
      duration: seconds(run.startDate, run.endDate),
    })),
  }
}

export function shownStructure(version: Version): Static<typeof Structure> {
  const { serialized, graph } = version
  const labels = branchLabels(version)
  return {
    dag_id: version.dagId,
    version_number: version.versionNumber,
    tasks: graph.tasks.map((task) => ({
      task_id: task.taskId,
      kind: task.serialized.kind,
      group_id: task.serialized.groupId ?? null,
      trigger_rule: task.triggerRule,
      retries: task.retries,
      error_strategy: task.errorStrategy,
      compensation:
        task.compensate === null
          ? null
          : { also_when_failed: task.compensate.alsoWhenFailed, retries: task.compensate.retries },
      pool: task.pool,
      pool_slots: task.poolSlots,
      priority_weight: task.priority,
      timeout: task.timeoutMs === null ? null : task.timeoutMs / 1_000,
      is_branch: (task.serialized.branches ?? []).length > 0,
      triggers_dag_id: task.serialized.trigger?.dagId ?? null,
      doc_md: task.serialized.docMd ?? null,
      line: task.serialized.line ?? null,
    })),
    edges: serialized.tasks.flatMap((task) =>
      task.upstream.map((source) => ({
        source,
        target: task.taskId,
        label: labels.get(`${source}\n${task.taskId}`) ?? null,
      })),
    ),
    groups: serialized.groups.map((group) => ({
      group_id: group.groupId,
      parent_id: group.parentId ?? null,
      doc_md: group.docMd ?? null,
      is_saga: group.saga === true,
    })),
  }
}

function branchLabels({ serialized }: Version): ReadonlyMap<string, string> {
  const labels = new Map<string, string>()
  for (const task of serialized.tasks) {
    const label = (ids: readonly string[], text: string) => {
      for (const id of ids) labels.set(`${task.taskId}\n${id}`, text)
    }
    for (const branch of task.branches ?? []) {
      if (branch.kind === 'if') {
        label(branch.then, 'then')
        label(branch.else, 'else')
      } else {
        for (const one of branch.cases) {
          label(one.taskIds, typeof one.value === 'string' ? one.value : JSON.stringify(one.value))
        }
        label(branch.otherwise ?? [], 'otherwise')
      }
    }
  }
  return labels
}
