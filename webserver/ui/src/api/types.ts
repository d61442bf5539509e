/** Shapes of the API as the page reads them. Instants are ISO text; fields are Airflow's, in snake case. */

export type RunState = 'queued' | 'running' | 'success' | 'failed'
export type TiState =
  | 'none'
  | 'queued'
  | 'running'
  | 'success'
  | 'failed'
  | 'skipped'
  | 'upstream_failed'
  | 'removed'
  | 'up_for_retry'
  | 'deferred'
export type Role = 'viewer' | 'operator' | 'admin'
export type JsonSchema = Readonly<Record<string, unknown>>

export interface Identity {
  readonly name: string
  readonly role: Role
  /** Goes back in `X-CSRF-Token` with every change. */
  readonly csrf_token: string
}

export interface Tag {
  readonly name: string
}

export interface Dag {
  readonly dag_id: string
  readonly dag_display_name: string
  readonly description: string | null
  readonly is_paused: boolean
  /** Its file is gone or no longer declares it. */
  readonly is_stale: boolean
  readonly timetable_summary: string | null
  readonly timetable_description: string | null
  readonly timezone: string
  readonly tags: readonly Tag[]
  readonly relative_fileloc: string | null
  readonly next_dagrun_logical_date: string | null
  readonly next_dagrun_run_after: string | null
  readonly has_import_errors?: boolean
  /** Newest first. */
  readonly recent_runs?: readonly RecentRun[]
}

export interface RecentRun {
  readonly dag_run_id: string
  readonly state: RunState
  readonly run_after: string | null
  readonly start_date: string | null
  readonly end_date: string | null
}

export interface DagDetails extends Dag {
  /** JSON Schema of conf. */
  readonly params: JsonSchema | null
  /** Next fire times. */
  readonly upcoming_runs?: readonly string[]
  readonly catchup: boolean
  readonly start_date: string | null
  readonly end_date: string | null
  readonly max_active_runs: number
  readonly max_active_tasks: number
  readonly owners: readonly string[]
  readonly doc_md: string | null
  readonly last_parsed_time: string | null
  readonly version_number: number
  readonly dag_run_timeout: number | null
}

export interface Run {
  readonly dag_id: string
  readonly dag_run_id: string
  readonly logical_date: string | null
  readonly data_interval_start: string | null
  readonly data_interval_end: string | null
  readonly run_after: string
  readonly queued_at: string | null
  readonly start_date: string | null
  readonly end_date: string | null
  readonly duration: number | null
  readonly run_type: string
  readonly state: RunState
  readonly triggered_by: string | null
  readonly conf: Readonly<Record<string, unknown>> | null
  readonly note: string | null
  /** Numeric: the correlation id of events. */
  readonly id?: number
  readonly dag_versions: readonly { readonly version_number: number }[]
}

export interface TaskInstance {
  readonly dag_id: string
  readonly dag_run_id: string
  readonly task_id: string
  readonly map_index: number
  readonly state: TiState | null
  readonly try_number: number
  readonly max_tries: number
  readonly start_date: string | null
  readonly end_date: string | null
  readonly queued_when?: string | null
  readonly duration: number | null
  readonly pool: string
  readonly pool_slots: number
  readonly hostname: string | null
  readonly pid: number | null
  readonly note: string | null
  readonly retry_at?: string | null
  readonly group_id: string | null
  readonly cause?: CauseOfDeath | null
}

export interface CauseOfDeath {
  readonly kind: string
  readonly message: string
  readonly stack?: string
  readonly exitCode?: number
  readonly signal?: string
  readonly by?: string
}

export interface Reason {
  readonly name: string
  readonly reason: string
}

export interface LogLine {
  readonly timestamp: string
  readonly level: string
  readonly source: string
  readonly event: string
  readonly fields?: Readonly<Record<string, unknown>>
}

export interface XComEntry {
  readonly key: string
  readonly timestamp?: string | null
  readonly value?: unknown
}

export interface ImportError {
  readonly filename: string
  readonly timestamp: string
  readonly stack_trace: string
  readonly problems?: readonly ImportProblem[]
}

export interface ImportProblem {
  readonly code: string
  readonly message: string
  readonly remedy: string
  readonly file: string
  readonly line?: number | null
  readonly column?: number | null
}

export interface Pool {
  readonly name: string
  readonly slots: number
  readonly description: string | null
  readonly occupied_slots?: number
  readonly running_slots?: number
  readonly queued_slots?: number
  readonly open_slots?: number
}

export interface Variable {
  readonly key: string
  readonly value: string | null
  readonly description: string | null
  readonly is_encrypted: boolean
}

export interface Connection {
  readonly connection_id: string
  readonly conn_type: string
  readonly description: string | null
  readonly host: string | null
  readonly login: string | null
  readonly schema: string | null
  readonly port: number | null
  readonly has_password: boolean
  readonly has_extra: boolean
}

export interface EventLog {
  readonly event_log_id: number
  readonly when: string
  readonly dag_id: string | null
  readonly task_id: string | null
  readonly run_id: string | null
  readonly try_number: number | null
  readonly event: string
  readonly owner: string | null
  readonly extra: string | null
}

export interface Health {
  readonly metadatabase: { readonly status: string | null }
  readonly scheduler: { readonly status: string | null; readonly latest_scheduler_heartbeat: string | null }
  readonly dag_processor?: { readonly status: string | null }
  /** No new tries until `resume`. */
  readonly draining?: boolean
}

export interface StructureTask {
  readonly task_id: string
  readonly group_id: string | null
  readonly trigger_rule: string
  readonly is_branch?: boolean
  readonly line?: number | null
}

export interface StructureGroup {
  readonly group_id: string
  readonly parent_id: string | null
}

export interface Structure {
  readonly tasks: readonly StructureTask[]
  /** `label`: the branch that follows it. */
  readonly edges: readonly { readonly source: string; readonly target: string; readonly label: string | null }[]
  readonly groups: readonly StructureGroup[]
}
