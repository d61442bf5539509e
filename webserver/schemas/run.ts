/** DagRuns as the API shows them. */
import { type Static, Type } from 'typebox'
import type { RunRecord } from '../../core/records.ts'
import type { Version } from '../api-parts.ts'
import { Closed, Instant, MaybeInstant, MaybeText, Nullable } from './shapes.ts'
import { AirflowRunState, airflowRunState, iso, RunState, RunType, seconds } from './values.ts'

const VersionOfRun = Closed({ id: Type.String(), version_number: Type.Integer(), dag_id: Type.String() })

export const RunBody = Closed({
  id: Type.Integer({ description: 'Number of the run: the correlation id of the event log.' }),
  dag_run_id: Type.String(),
  dag_id: Type.String(),
  dag_display_name: Type.String(),
  logical_date: MaybeInstant,
  queued_at: MaybeInstant,
  start_date: MaybeInstant,
  end_date: MaybeInstant,
  duration: Nullable(Type.Number({ description: 'Seconds.' })),
  data_interval_start: MaybeInstant,
  data_interval_end: MaybeInstant,
  run_after: Instant,
  last_scheduling_decision: Type.Null(),
  run_type: RunType,
  state: AirflowRunState,
  exact_state: RunState,
  triggered_by: Type.String(),
  triggering_user_name: MaybeText,
  conf: Nullable(Type.Unknown()),
  note: MaybeText,
  correlation_id: Type.Union([Type.String(), Type.Null()], { description: 'Business id, such as an order number.' }),
  trigger_key: MaybeText,
  dag_versions: Type.Array(VersionOfRun),
  bundle_version: MaybeText,
})

export const RunList = Closed({
  dag_runs: Type.Array(RunBody),
  total_entries: Type.Integer({ description: 'Counting stops at 10,000.' }),
  next_cursor: MaybeText,
})

export function shownRun(run: RunRecord, version: Version | undefined): Static<typeof RunBody> {
  return {
    id: run.id,
    dag_run_id: run.runId,
    dag_id: run.dagId,
    dag_display_name: version?.serialized.displayName ?? run.dagId,
    logical_date: iso(run.logicalDate),
    queued_at: iso(run.queuedAt),
    start_date: iso(run.startDate),
    end_date: iso(run.endDate),
    duration: seconds(run.startDate, run.endDate),
    data_interval_start: iso(run.dataIntervalStart),
    data_interval_end: iso(run.dataIntervalEnd),
    run_after: iso(run.runAfter),
    last_scheduling_decision: null,
    run_type: run.runType,
    state: airflowRunState(run.state),
    exact_state: run.state,
    triggered_by: run.triggeredBy,
    triggering_user_name: run.triggeredBy.startsWith('user:') ? run.triggeredBy.slice('user:'.length) : null,
    conf: JSON.parse(run.conf) as unknown,
    note: run.note,
    correlation_id: run.correlationId,
    trigger_key: run.triggerKey,
    dag_versions:
      version === undefined
        ? []
        : [{ id: String(version.versionId), version_number: version.versionNumber, dag_id: version.dagId }],
    bundle_version: version?.bundleHash ?? null,
  }
}
