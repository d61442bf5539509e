/** Records of the database in the shapes that commands print. */

import type { TiRecord, TryRecord } from '../../core/records.ts'
import { describeSchedule } from '../../core/timetable/index.ts'
import type { DagListItem } from '../../database/queries/dags.ts'
import type { ShownEvent } from '../../database/queries/event-pages.ts'
import type { RunListItem } from '../../database/queries/runs.ts'
import type { Dag, Event, Run, TaskInstance, Try } from './platform.ts'

export function iso(at: number): string
export function iso(at: number | null): string | null
export function iso(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString()
}

/** The schedule itself and the last logical date are there on this machine only. */
export function shownDag(dag: DagListItem): Dag {
  const { schedule, timezone, tags } = dag.serialized
  const more = { schedule, last_logical_date: iso(dag.lastLogicalDate) }
  return {
    dag_id: dag.dagId,
    file: dag.file,
    is_paused: dag.isPaused,
    is_active: dag.isActive,
    schedule_text: describeSchedule(schedule, timezone),
    timezone,
    tags,
    version: dag.versionNumber,
    next_run_after: iso(dag.nextRunAfter),
    ...more,
  }
}

export function shownRun(run: RunListItem): Run {
  return {
    id: run.id,
    dag_id: run.dagId,
    dag_run_id: run.runId,
    run_type: run.runType,
    state: run.state,
    logical_date: iso(run.logicalDate),
    data_interval_start: iso(run.dataIntervalStart),
    data_interval_end: iso(run.dataIntervalEnd),
    run_after: iso(run.runAfter),
    queued_at: iso(run.queuedAt),
    start_date: iso(run.startDate),
    end_date: iso(run.endDate),
    conf: JSON.parse(run.conf) as unknown,
    note: run.note,
    triggered_by: run.triggeredBy,
    correlation_id: run.correlationId,
    trigger_key: run.triggerKey,
    version: run.versionNumber,
  }
}

export function shownTi(ti: TiRecord, lastTry: TryRecord | undefined): TaskInstance {
  return {
    id: ti.id,
    task_id: ti.taskId,
    map_index: ti.mapIndex,
    state: ti.state,
    try_number: ti.tryNumber,
    max_tries: ti.maxTries,
    start_date: iso(ti.startDate),
    end_date: iso(ti.endDate),
    retry_at: iso(ti.retryAt),
    cause: lastTry?.cause ?? null,
  }
}

export function shownTry(one: TryRecord): Try {
  return {
    try_number: one.tryNumber,
    state: one.state,
    queued_at: iso(one.queuedAt),
    start_date: iso(one.startDate),
    end_date: iso(one.endDate),
    host: one.host,
    pid: one.pid,
    cause: one.cause,
  }
}

export function shownEvent(event: ShownEvent): Event {
  return {
    id: event.id,
    at: iso(event.at),
    kind: event.kind,
    actor: event.actor,
    cause: event.cause,
    dag_id: event.dagId,
    dag_run_id: event.runId,
    task_id: event.taskId,
    map_index: event.mapIndex,
    try_number: event.tryNumber,
    dag_run_number: event.dagRunId,
    task_instance_number: event.tiId,
    data: event.data === null ? null : (JSON.parse(event.data) as unknown),
  }
}
