/** Written from webserver/openapi.json by `npm run openapi`; not to be edited. */

export interface paths {
  "/auth/login": {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    get?: never
    put?: never
    post: {
      parameters: { query?: never; header?: never; path?: never; cookie?: never }
      requestBody: { content: { "application/json": { name: string; password: string } } }
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": { name: string; role: "viewer" | "operator" | "admin"; csrf_token: string | null } } }
        "4XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
        "5XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
      }
    }
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  "/auth/logout": {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    get?: never
    put?: never
    post: {
      parameters: { query?: never; header?: never; path?: never; cookie?: never }
      requestBody?: never
      responses: {
        204: { headers: { [name: string]: unknown }; content?: never }
        "4XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
        "5XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
      }
    }
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  "/auth/me": {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    get: {
      parameters: { query?: never; header?: never; path?: never; cookie?: never }
      requestBody?: never
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": { name: string; role: "viewer" | "operator" | "admin"; csrf_token: string | null } } }
        "4XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
        "5XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
      }
    }
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  "/auth/token": {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    get?: never
    put?: never
    post: {
      parameters: { query?: never; header?: never; path?: never; cookie?: never }
      requestBody: { content: { "application/json": { username: string; password: string } } }
      responses: {
        201: { headers: { [name: string]: unknown }; content: { "application/json": { access_token: string } } }
        "4XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
        "5XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
      }
    }
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  "/api/v2/dags": {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    get: {
      parameters: { query?: { limit?: number; offset?: number; order_by?: string; dag_id_pattern?: string; dag_display_name_pattern?: string; tags?: string[]; tags_match_mode?: "any" | "all"; owners?: string[]; paused?: boolean; only_active?: boolean; exclude_stale?: boolean; has_import_errors?: boolean; last_dag_run_state?: "queued" | "running" | "compensating" | "success" | "failed"; dag_runs_limit?: number }; header?: never; path?: never; cookie?: never }
      requestBody?: never
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": { dags: ({ dag_id: string; dag_display_name: string; is_paused: boolean; /** Its file is gone or no longer declares it. */ is_stale: boolean; last_parsed_time: string | null; relative_fileloc: string; fileloc: string; description: string | null; timetable_summary: string | null; timetable_description: string; timezone: string; tags: ({ name: string; dag_id: string; dag_display_name: string })[]; max_active_tasks: number; max_active_runs: number; has_task_concurrency_limits: boolean; has_import_errors: boolean; next_dagrun_logical_date: string | null; next_dagrun_data_interval_start: string | null; next_dagrun_data_interval_end: string | null; next_dagrun_run_after: string | null; owners: string[]; version_number: number; task_count: number; /** Newest first. */ recent_runs: ({ /** Number of the run. */ id: number; dag_run_id: string; state: "queued" | "running" | "compensating" | "success" | "failed"; logical_date: string | null; run_after: string; start_date: string | null; end_date: string | null; duration: number | null })[] })[]; total_entries: number } } }
        "4XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
        "5XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
      }
    }
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  "/api/v2/dags/{dag_id}": {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    get: {
      parameters: { query?: never; header?: never; path: { dag_id: string }; cookie?: never }
      requestBody?: never
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": { dag_id: string; dag_display_name: string; is_paused: boolean; /** Its file is gone or no longer declares it. */ is_stale: boolean; last_parsed_time: string | null; relative_fileloc: string; fileloc: string; description: string | null; timetable_summary: string | null; timetable_description: string; timezone: string; tags: ({ name: string; dag_id: string; dag_display_name: string })[]; max_active_tasks: number; max_active_runs: number; has_task_concurrency_limits: boolean; has_import_errors: boolean; next_dagrun_logical_date: string | null; next_dagrun_data_interval_start: string | null; next_dagrun_data_interval_end: string | null; next_dagrun_run_after: string | null; owners: string[]; version_number: number; task_count: number; /** Newest first. */ recent_runs: ({ /** Number of the run. */ id: number; dag_run_id: string; state: "queued" | "running" | "compensating" | "success" | "failed"; logical_date: string | null; run_after: string; start_date: string | null; end_date: string | null; duration: number | null })[] } } }
        "4XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
        "5XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
      }
    }
    put?: never
    post?: never
    delete: {
      parameters: { query?: never; header?: never; path: { dag_id: string }; cookie?: never }
      requestBody?: never
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": { dag_id: string; detail: string } } }
        202: { headers: { [name: string]: unknown }; content: { "application/json": { detail: string; command_id: number } } }
        "4XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
        "5XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
      }
    }
    options?: never
    head?: never
    patch: {
      parameters: { query?: { update_mask?: "is_paused"[] }; header?: never; path: { dag_id: string }; cookie?: never }
      requestBody: { content: { "application/json": { is_paused: boolean } } }
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": { dag_id: string; dag_display_name: string; is_paused: boolean; /** Its file is gone or no longer declares it. */ is_stale: boolean; last_parsed_time: string | null; relative_fileloc: string; fileloc: string; description: string | null; timetable_summary: string | null; timetable_description: string; timezone: string; tags: ({ name: string; dag_id: string; dag_display_name: string })[]; max_active_tasks: number; max_active_runs: number; has_task_concurrency_limits: boolean; has_import_errors: boolean; next_dagrun_logical_date: string | null; next_dagrun_data_interval_start: string | null; next_dagrun_data_interval_end: string | null; next_dagrun_run_after: string | null; owners: string[]; version_number: number; task_count: number; /** Newest first. */ recent_runs: ({ /** Number of the run. */ id: number; dag_run_id: string; state: "queued" | "running" | "compensating" | "success" | "failed"; logical_date: string | null; run_after: string; start_date: string | null; end_date: string | null; duration: number | null })[] } } }
        202: { headers: { [name: string]: unknown }; content: { "application/json": { detail: string; command_id: number } } }
        "4XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
        "5XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
      }
    }
    trace?: never
  }
  "/api/v2/dags/{dag_id}/details": {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    get: {
      parameters: { query?: never; header?: never; path: { dag_id: string }; cookie?: never }
      requestBody?: never
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": { dag_id: string; dag_display_name: string; is_paused: boolean; /** Its file is gone or no longer declares it. */ is_stale: boolean; last_parsed_time: string | null; relative_fileloc: string; fileloc: string; description: string | null; timetable_summary: string | null; timetable_description: string; timezone: string; tags: ({ name: string; dag_id: string; dag_display_name: string })[]; max_active_tasks: number; max_active_runs: number; has_task_concurrency_limits: boolean; has_import_errors: boolean; next_dagrun_logical_date: string | null; next_dagrun_data_interval_start: string | null; next_dagrun_data_interval_end: string | null; next_dagrun_run_after: string | null; owners: string[]; version_number: number; task_count: number; /** Newest first. */ recent_runs: ({ /** Number of the run. */ id: number; dag_run_id: string; state: "queued" | "running" | "compensating" | "success" | "failed"; logical_date: string | null; run_after: string; start_date: string | null; end_date: string | null; duration: number | null })[]; doc_md: string | null; catchup: boolean; start_date: string | null; end_date: string | null; dag_run_timeout: number | null; is_paused_upon_creation: boolean | null; /** The Dag's own, else the platform's. */ error_strategy: "retry" | "compensate" | "dead-letter" | "retry-then-compensate"; fail_fast: boolean; correlation_id: string | null; params: unknown | null; /** Next fire times of the schedule. */ upcoming_runs: string[] } } }
        "4XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
        "5XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
      }
    }
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  "/api/v2/dagTags": {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    get: {
      parameters: { query?: { limit?: number; offset?: number; tag_name_pattern?: string }; header?: never; path?: never; cookie?: never }
      requestBody?: never
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": { tags: string[]; total_entries: number } } }
        "4XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
        "5XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
      }
    }
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  "/api/v2/dags/{dag_id}/dagVersions": {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    get: {
      parameters: { query?: { limit?: number; offset?: number; order_by?: string }; header?: never; path: { dag_id: string }; cookie?: never }
      requestBody?: never
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": { dag_versions: ({ id: string; version_number: number; dag_id: string; dag_display_name: string; bundle_name: string; bundle_version: string; created_at: string })[]; total_entries: number } } }
        "4XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
        "5XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
      }
    }
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  "/api/v2/dags/{dag_id}/dagVersions/{version_number}": {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    get: {
      parameters: { query?: never; header?: never; path: { dag_id: string; version_number: number }; cookie?: never }
      requestBody?: never
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": { id: string; version_number: number; dag_id: string; dag_display_name: string; bundle_name: string; bundle_version: string; created_at: string } } }
        "4XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
        "5XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
      }
    }
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  "/api/v2/dags/{dag_id}/structure": {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    get: {
      parameters: { query?: { version_number?: number }; header?: never; path: { dag_id: string }; cookie?: never }
      requestBody?: never
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": { dag_id: string; version_number: number; tasks: ({ task_id: string; kind: "task" | "trigger"; group_id: string | null; trigger_rule: string; retries: number; error_strategy: "retry" | "compensate" | "dead-letter" | "retry-then-compensate"; /** How it is undone; null: it is not. */ compensation: { also_when_failed: boolean; retries: number } | null; pool: string; pool_slots: number; priority_weight: number; timeout: number | null; is_branch: boolean; triggers_dag_id: string | null; doc_md: string | null; line: number | null })[]; edges: ({ source: string; target: string; label: string | null })[]; groups: ({ group_id: string; parent_id: string | null; doc_md: string | null; is_saga: boolean })[] } } }
        "4XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
        "5XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
      }
    }
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  "/api/v2/dagSources/{dag_id}": {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    get: {
      parameters: { query?: { version_number?: number }; header?: never; path: { dag_id: string }; cookie?: never }
      requestBody?: never
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": { /** The file that declares it, as its author wrote it. */ content: string; dag_id: string; dag_display_name: string; version_number: number; file: string } } }
        "4XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
        "5XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
      }
    }
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  "/api/v2/dags/{dag_id}/grid": {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    get: {
      parameters: { query?: { limit?: number; before?: number; run?: number[] }; header?: never; path: { dag_id: string }; cookie?: never }
      requestBody?: never
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": { dag_id: string; state_names: string[]; /** Task ids: those of the newest version in its order, then those only older runs have. */ tasks: string[]; structure: { dag_id: string; version_number: number; tasks: ({ task_id: string; kind: "task" | "trigger"; group_id: string | null; trigger_rule: string; retries: number; error_strategy: "retry" | "compensate" | "dead-letter" | "retry-then-compensate"; /** How it is undone; null: it is not. */ compensation: { also_when_failed: boolean; retries: number } | null; pool: string; pool_slots: number; priority_weight: number; timeout: number | null; is_branch: boolean; triggers_dag_id: string | null; doc_md: string | null; line: number | null })[]; edges: ({ source: string; target: string; label: string | null })[]; groups: ({ group_id: string; parent_id: string | null; doc_md: string | null; is_saga: boolean })[] }; runs: ({ id: number; dag_run_id: string; state: "queued" | "running" | "compensating" | "success" | "failed"; run_type: "scheduled" | "manual" | "backfill"; logical_date: string | null; run_after: string; start_date: string | null; end_date: string | null; duration: number | null; note: string | null; version_number: number | null; /** Id of the task instance, by which events name it; null where the run has none of that task. */ ti_ids: (number | null)[]; /** Index into state_names. */ states: (number | null)[]; /** Current or last try. */ try_numbers: (number | null)[]; /** Epoch milliseconds; of those that wait for a retry. */ retry_ats: (number | null)[] })[]; /** Give as `before` for older runs. */ next_before: number | null } } }
        "4XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
        "5XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
      }
    }
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  "/api/v2/dags/{dag_id}/dagRuns": {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    get: {
      parameters: { query?: { limit?: number; offset?: number; order_by?: string; cursor?: string; state?: ("queued" | "running" | "compensating" | "success" | "failed")[]; exact_state?: ("queued" | "running" | "compensating" | "success" | "failed")[]; run_type?: ("scheduled" | "manual" | "backfill")[]; correlation_id?: string; run_id_pattern?: string; logical_date_gte?: string; logical_date_lte?: string; run_after_gte?: string; run_after_lte?: string; start_date_gte?: string; start_date_lte?: string; end_date_gte?: string; end_date_lte?: string }; header?: never; path: { dag_id: string }; cookie?: never }
      requestBody?: never
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": { dag_runs: ({ /** Number of the run: the correlation id of the event log. */ id: number; dag_run_id: string; dag_id: string; dag_display_name: string; logical_date: string | null; queued_at: string | null; start_date: string | null; end_date: string | null; duration: number | null; data_interval_start: string | null; data_interval_end: string | null; run_after: string; last_scheduling_decision: null; run_type: "scheduled" | "manual" | "backfill"; /** In Airflow's words: `running` while it is compensated; see exact_state. */ state: "queued" | "running" | "success" | "failed"; exact_state: "queued" | "running" | "compensating" | "success" | "failed"; triggered_by: string; triggering_user_name: string | null; conf: unknown | null; note: string | null; /** Business id, such as an order number. */ correlation_id: string | null; trigger_key: string | null; dag_versions: ({ id: string; version_number: number; dag_id: string })[]; bundle_version: string | null })[]; /** Counting stops at 10,000. */ total_entries: number; next_cursor: string | null } } }
        "4XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
        "5XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
      }
    }
    put?: never
    post: {
      parameters: { query?: never; header?: never; path: { dag_id: string }; cookie?: never }
      requestBody: { content: { "application/json": { dag_run_id?: string | null; logical_date?: string | null; data_interval_start?: null; data_interval_end?: null; run_after?: null; conf?: { [name: string]: unknown } | null; note?: string | null; trigger_key?: string | null; correlation_id?: string | null } } }
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": { /** Number of the run: the correlation id of the event log. */ id: number; dag_run_id: string; dag_id: string; dag_display_name: string; logical_date: string | null; queued_at: string | null; start_date: string | null; end_date: string | null; duration: number | null; data_interval_start: string | null; data_interval_end: string | null; run_after: string; last_scheduling_decision: null; run_type: "scheduled" | "manual" | "backfill"; /** In Airflow's words: `running` while it is compensated; see exact_state. */ state: "queued" | "running" | "success" | "failed"; exact_state: "queued" | "running" | "compensating" | "success" | "failed"; triggered_by: string; triggering_user_name: string | null; conf: unknown | null; note: string | null; /** Business id, such as an order number. */ correlation_id: string | null; trigger_key: string | null; dag_versions: ({ id: string; version_number: number; dag_id: string })[]; bundle_version: string | null } } }
        202: { headers: { [name: string]: unknown }; content: { "application/json": { detail: string; command_id: number } } }
        "4XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
        "5XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
      }
    }
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}": {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    get: {
      parameters: { query?: never; header?: never; path: { dag_id: string; dag_run_id: string }; cookie?: never }
      requestBody?: never
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": { /** Number of the run: the correlation id of the event log. */ id: number; dag_run_id: string; dag_id: string; dag_display_name: string; logical_date: string | null; queued_at: string | null; start_date: string | null; end_date: string | null; duration: number | null; data_interval_start: string | null; data_interval_end: string | null; run_after: string; last_scheduling_decision: null; run_type: "scheduled" | "manual" | "backfill"; /** In Airflow's words: `running` while it is compensated; see exact_state. */ state: "queued" | "running" | "success" | "failed"; exact_state: "queued" | "running" | "compensating" | "success" | "failed"; triggered_by: string; triggering_user_name: string | null; conf: unknown | null; note: string | null; /** Business id, such as an order number. */ correlation_id: string | null; trigger_key: string | null; dag_versions: ({ id: string; version_number: number; dag_id: string })[]; bundle_version: string | null } } }
        "4XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
        "5XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
      }
    }
    put?: never
    post?: never
    delete: {
      parameters: { query?: never; header?: never; path: { dag_id: string; dag_run_id: string }; cookie?: never }
      requestBody?: never
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": unknown } }
        202: { headers: { [name: string]: unknown }; content: { "application/json": { detail: string; command_id: number } } }
        204: { headers: { [name: string]: unknown }; content?: never }
        "4XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
        "5XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
      }
    }
    options?: never
    head?: never
    patch: {
      parameters: { query?: { update_mask?: ("state" | "note")[] }; header?: never; path: { dag_id: string; dag_run_id: string }; cookie?: never }
      requestBody: { content: { "application/json": { state?: "queued" | "success" | "failed"; note?: string | null } } }
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": { /** Number of the run: the correlation id of the event log. */ id: number; dag_run_id: string; dag_id: string; dag_display_name: string; logical_date: string | null; queued_at: string | null; start_date: string | null; end_date: string | null; duration: number | null; data_interval_start: string | null; data_interval_end: string | null; run_after: string; last_scheduling_decision: null; run_type: "scheduled" | "manual" | "backfill"; /** In Airflow's words: `running` while it is compensated; see exact_state. */ state: "queued" | "running" | "success" | "failed"; exact_state: "queued" | "running" | "compensating" | "success" | "failed"; triggered_by: string; triggering_user_name: string | null; conf: unknown | null; note: string | null; /** Business id, such as an order number. */ correlation_id: string | null; trigger_key: string | null; dag_versions: ({ id: string; version_number: number; dag_id: string })[]; bundle_version: string | null } } }
        202: { headers: { [name: string]: unknown }; content: { "application/json": { detail: string; command_id: number } } }
        "4XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
        "5XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
      }
    }
    trace?: never
  }
  "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/clear": {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    get?: never
    put?: never
    post: {
      parameters: { query?: never; header?: never; path: { dag_id: string; dag_run_id: string }; cookie?: never }
      requestBody: { content: { "application/json": { dry_run?: boolean; only_failed?: boolean; /** What was done before is to be done again: keys of effects are new. */ new_idempotency_keys?: boolean; /** The run goes on with the newest version of its Dag. */ run_on_latest_version?: boolean } } }
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": { task_instances: ({ id: string; task_id: string; dag_id: string; dag_run_id: string; map_index: number; logical_date: string | null; run_after: string; start_date: string | null; end_date: string | null; duration: number | null; state: "queued" | "running" | "success" | "failed" | "skipped" | "upstream_failed" | "removed" | "up_for_retry" | "deferred" | null; exact_state: "queued" | "running" | "success" | "failed" | "skipped" | "upstream_failed" | "removed" | "up_for_retry" | "deferred" | "compensating" | "compensated" | "compensation_failed" | null; try_number: number; /** Repeats it may have after the first try, as in Airflow. */ max_tries: number; task_display_name: string; dag_display_name: string; hostname: string | null; pid: number | null; pool: string; pool_slots: number; priority_weight: number | null; operator: string | null; queued_when: string | null; note: string | null; rendered_map_index: string | null; retry_at: string | null; cause: { kind: string; message: string; stack?: string; exitCode?: number; signal?: string; by?: string } | null; compensates_try: number | null; group_id: string | null; dag_version: { id: string; version_number: number; dag_id: string } | null })[]; /** Over many runs: how many are known so far. */ total_entries: number; next_cursor?: string | null; /** Preview of a clear: those of them that come along because they were undone, or lie below what was. */ undone?: string[] } | { /** Number of the run: the correlation id of the event log. */ id: number; dag_run_id: string; dag_id: string; dag_display_name: string; logical_date: string | null; queued_at: string | null; start_date: string | null; end_date: string | null; duration: number | null; data_interval_start: string | null; data_interval_end: string | null; run_after: string; last_scheduling_decision: null; run_type: "scheduled" | "manual" | "backfill"; /** In Airflow's words: `running` while it is compensated; see exact_state. */ state: "queued" | "running" | "success" | "failed"; exact_state: "queued" | "running" | "compensating" | "success" | "failed"; triggered_by: string; triggering_user_name: string | null; conf: unknown | null; note: string | null; /** Business id, such as an order number. */ correlation_id: string | null; trigger_key: string | null; dag_versions: ({ id: string; version_number: number; dag_id: string })[]; bundle_version: string | null } } }
        202: { headers: { [name: string]: unknown }; content: { "application/json": { detail: string; command_id: number } } }
        "4XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
        "5XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
      }
    }
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/cancel": {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    get?: never
    put?: never
    post: {
      parameters: { query?: never; header?: never; path: { dag_id: string; dag_run_id: string }; cookie?: never }
      requestBody: { content: { "application/json": { task_ids?: string[]; /** Of the whole run: false leaves what it completed as it is. */ compensate?: boolean } } }
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": { dag_id: string; dag_run_id: string; task_ids: string[] } } }
        202: { headers: { [name: string]: unknown }; content: { "application/json": { detail: string; command_id: number } } }
        "4XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
        "5XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
      }
    }
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/dry_run": {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    get?: never
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch: {
      parameters: { query?: never; header?: never; path: { dag_id: string; dag_run_id: string }; cookie?: never }
      requestBody: { content: { "application/json": { state: "success" | "failed" } } }
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": { changes: ({ task_id: string; map_index: number; state: "queued" | "running" | "success" | "failed" | "skipped" | "upstream_failed" | "removed" | "up_for_retry" | "deferred" | "compensating" | "compensated" | "compensation_failed" | null; new_state: "queued" | "running" | "success" | "failed" | "skipped" | "upstream_failed" | "removed" | "up_for_retry" | "deferred" | "compensating" | "compensated" | "compensation_failed" | null })[]; total_entries: number; /** Of a cancel: tasks that would be undone then, the first at the front, as far as it can be told now. */ undone: string[] } } }
        "4XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
        "5XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
      }
    }
    trace?: never
  }
  "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/cancel/dry_run": {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    get?: never
    put?: never
    post: {
      parameters: { query?: never; header?: never; path: { dag_id: string; dag_run_id: string }; cookie?: never }
      requestBody: { content: { "application/json": { task_ids?: string[]; compensate?: boolean } } }
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": { changes: ({ task_id: string; map_index: number; state: "queued" | "running" | "success" | "failed" | "skipped" | "upstream_failed" | "removed" | "up_for_retry" | "deferred" | "compensating" | "compensated" | "compensation_failed" | null; new_state: "queued" | "running" | "success" | "failed" | "skipped" | "upstream_failed" | "removed" | "up_for_retry" | "deferred" | "compensating" | "compensated" | "compensation_failed" | null })[]; total_entries: number; /** Of a cancel: tasks that would be undone then, the first at the front, as far as it can be told now. */ undone: string[] } } }
        "4XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
        "5XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
      }
    }
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/compensate": {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    get?: never
    put?: never
    post: {
      parameters: { query?: never; header?: never; path: { dag_id: string; dag_run_id: string }; cookie?: never }
      requestBody: { content: { "application/json": { /** Only list what would be undone. */ dry_run?: boolean; task_ids?: string[] } } }
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": { dag_id: string; dag_run_id: string; dry_run: boolean; /** What is undone first stands first. */ task_ids: string[]; /** Of a dry run. */ planned: ({ task_id: string; map_index: number; exact_state: "queued" | "running" | "success" | "failed" | "skipped" | "upstream_failed" | "removed" | "up_for_retry" | "deferred" | "compensating" | "compensated" | "compensation_failed" | null; /** The try whose effects are undone. */ forward_try: number; /** Tasks that are undone before it. */ after: string[] })[] } } }
        202: { headers: { [name: string]: unknown }; content: { "application/json": { detail: string; command_id: number } } }
        "4XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
        "5XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
      }
    }
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/compensations": {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    get: {
      parameters: { query?: { limit?: number; cursor?: string }; header?: never; path: { dag_id: string; dag_run_id: string }; cookie?: never }
      requestBody?: never
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": { /** By task instance, then by try. */ compensations: ({ task_instance_id: string; task_id: string; map_index: number; /** Of the task instance, now. */ exact_state: "queued" | "running" | "success" | "failed" | "skipped" | "upstream_failed" | "removed" | "up_for_retry" | "deferred" | "compensating" | "compensated" | "compensation_failed" | null; /** `withdrawn`: called off before it began. */ state: "compensating" | "compensated" | "compensation_failed" | "withdrawn"; /** The try whose effects are undone. */ forward_try: number; forward_state: "success" | "failed"; scope: string | null; /** Of the task instance, those that ran the compensation. */ tries: ({ try_number: number; exact_state: "queued" | "running" | "success" | "failed" | "skipped" | "upstream_failed" | "removed" | "up_for_retry" | "deferred" | "compensating" | "compensated" | "compensation_failed" | null; queued_at: string; start_date: string | null; end_date: string | null; message: string | null })[]; planned_at: string; ended_at: string | null; actor: string; failed_task: string | null; error: string | null })[]; next_cursor: string | null } } }
        "4XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
        "5XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
      }
    }
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances": {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    get: {
      parameters: { query?: { limit?: number; offset?: number; order_by?: string; cursor?: string; state?: ("none" | "queued" | "running" | "success" | "failed" | "skipped" | "upstream_failed" | "removed" | "up_for_retry" | "deferred" | "compensating" | "compensated" | "compensation_failed" | "no_status")[]; exact_state?: ("none" | "queued" | "running" | "success" | "failed" | "skipped" | "upstream_failed" | "removed" | "up_for_retry" | "deferred" | "compensating" | "compensated" | "compensation_failed")[]; correlation_id?: string; task_id?: string[]; pool?: string[]; map_index?: number[]; start_date_gte?: string; start_date_lte?: string }; header?: never; path: { dag_id: string; dag_run_id: string }; cookie?: never }
      requestBody?: never
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": { task_instances: ({ id: string; task_id: string; dag_id: string; dag_run_id: string; map_index: number; logical_date: string | null; run_after: string; start_date: string | null; end_date: string | null; duration: number | null; state: "queued" | "running" | "success" | "failed" | "skipped" | "upstream_failed" | "removed" | "up_for_retry" | "deferred" | null; exact_state: "queued" | "running" | "success" | "failed" | "skipped" | "upstream_failed" | "removed" | "up_for_retry" | "deferred" | "compensating" | "compensated" | "compensation_failed" | null; try_number: number; /** Repeats it may have after the first try, as in Airflow. */ max_tries: number; task_display_name: string; dag_display_name: string; hostname: string | null; pid: number | null; pool: string; pool_slots: number; priority_weight: number | null; operator: string | null; queued_when: string | null; note: string | null; rendered_map_index: string | null; retry_at: string | null; cause: { kind: string; message: string; stack?: string; exitCode?: number; signal?: string; by?: string } | null; compensates_try: number | null; group_id: string | null; dag_version: { id: string; version_number: number; dag_id: string } | null })[]; /** Over many runs: how many are known so far. */ total_entries: number; next_cursor?: string | null; /** Preview of a clear: those of them that come along because they were undone, or lie below what was. */ undone?: string[] } } }
        "4XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
        "5XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
      }
    }
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}": {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    get: {
      parameters: { query?: { map_index?: number }; header?: never; path: { dag_id: string; dag_run_id: string; task_id: string }; cookie?: never }
      requestBody?: never
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": { id: string; task_id: string; dag_id: string; dag_run_id: string; map_index: number; logical_date: string | null; run_after: string; start_date: string | null; end_date: string | null; duration: number | null; state: "queued" | "running" | "success" | "failed" | "skipped" | "upstream_failed" | "removed" | "up_for_retry" | "deferred" | null; exact_state: "queued" | "running" | "success" | "failed" | "skipped" | "upstream_failed" | "removed" | "up_for_retry" | "deferred" | "compensating" | "compensated" | "compensation_failed" | null; try_number: number; /** Repeats it may have after the first try, as in Airflow. */ max_tries: number; task_display_name: string; dag_display_name: string; hostname: string | null; pid: number | null; pool: string; pool_slots: number; priority_weight: number | null; operator: string | null; queued_when: string | null; note: string | null; rendered_map_index: string | null; retry_at: string | null; cause: { kind: string; message: string; stack?: string; exitCode?: number; signal?: string; by?: string } | null; compensates_try: number | null; group_id: string | null; dag_version: { id: string; version_number: number; dag_id: string } | null } } }
        "4XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
        "5XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
      }
    }
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch: {
      parameters: { query?: { map_index?: number; update_mask?: ("new_state" | "note")[] }; header?: never; path: { dag_id: string; dag_run_id: string; task_id: string }; cookie?: never }
      requestBody: { content: { "application/json": { new_state?: "success" | "failed" | "skipped"; note?: string | null; include_upstream?: boolean; include_downstream?: boolean; include_future?: false; include_past?: false } } }
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": { task_instances: ({ id: string; task_id: string; dag_id: string; dag_run_id: string; map_index: number; logical_date: string | null; run_after: string; start_date: string | null; end_date: string | null; duration: number | null; state: "queued" | "running" | "success" | "failed" | "skipped" | "upstream_failed" | "removed" | "up_for_retry" | "deferred" | null; exact_state: "queued" | "running" | "success" | "failed" | "skipped" | "upstream_failed" | "removed" | "up_for_retry" | "deferred" | "compensating" | "compensated" | "compensation_failed" | null; try_number: number; /** Repeats it may have after the first try, as in Airflow. */ max_tries: number; task_display_name: string; dag_display_name: string; hostname: string | null; pid: number | null; pool: string; pool_slots: number; priority_weight: number | null; operator: string | null; queued_when: string | null; note: string | null; rendered_map_index: string | null; retry_at: string | null; cause: { kind: string; message: string; stack?: string; exitCode?: number; signal?: string; by?: string } | null; compensates_try: number | null; group_id: string | null; dag_version: { id: string; version_number: number; dag_id: string } | null })[]; total_entries: number; /** Of a mark: failed ones below, cleared so that the run goes on. */ cleared: ({ id: string; task_id: string; dag_id: string; dag_run_id: string; map_index: number; logical_date: string | null; run_after: string; start_date: string | null; end_date: string | null; duration: number | null; state: "queued" | "running" | "success" | "failed" | "skipped" | "upstream_failed" | "removed" | "up_for_retry" | "deferred" | null; exact_state: "queued" | "running" | "success" | "failed" | "skipped" | "upstream_failed" | "removed" | "up_for_retry" | "deferred" | "compensating" | "compensated" | "compensation_failed" | null; try_number: number; /** Repeats it may have after the first try, as in Airflow. */ max_tries: number; task_display_name: string; dag_display_name: string; hostname: string | null; pid: number | null; pool: string; pool_slots: number; priority_weight: number | null; operator: string | null; queued_when: string | null; note: string | null; rendered_map_index: string | null; retry_at: string | null; cause: { kind: string; message: string; stack?: string; exitCode?: number; signal?: string; by?: string } | null; compensates_try: number | null; group_id: string | null; dag_version: { id: string; version_number: number; dag_id: string } | null })[]; /** Preview of a clear: those of them that come along because they were undone, or lie below what was. */ undone?: string[] } } }
        202: { headers: { [name: string]: unknown }; content: { "application/json": { detail: string; command_id: number } } }
        "4XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
        "5XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
      }
    }
    trace?: never
  }
  "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/listMapped": {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    get: {
      parameters: { query?: { limit?: number; offset?: number; order_by?: string }; header?: never; path: { dag_id: string; dag_run_id: string; task_id: string }; cookie?: never }
      requestBody?: never
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": { task_instances: ({ id: string; task_id: string; dag_id: string; dag_run_id: string; map_index: number; logical_date: string | null; run_after: string; start_date: string | null; end_date: string | null; duration: number | null; state: "queued" | "running" | "success" | "failed" | "skipped" | "upstream_failed" | "removed" | "up_for_retry" | "deferred" | null; exact_state: "queued" | "running" | "success" | "failed" | "skipped" | "upstream_failed" | "removed" | "up_for_retry" | "deferred" | "compensating" | "compensated" | "compensation_failed" | null; try_number: number; /** Repeats it may have after the first try, as in Airflow. */ max_tries: number; task_display_name: string; dag_display_name: string; hostname: string | null; pid: number | null; pool: string; pool_slots: number; priority_weight: number | null; operator: string | null; queued_when: string | null; note: string | null; rendered_map_index: string | null; retry_at: string | null; cause: { kind: string; message: string; stack?: string; exitCode?: number; signal?: string; by?: string } | null; compensates_try: number | null; group_id: string | null; dag_version: { id: string; version_number: number; dag_id: string } | null })[]; /** Over many runs: how many are known so far. */ total_entries: number; next_cursor?: string | null; /** Preview of a clear: those of them that come along because they were undone, or lie below what was. */ undone?: string[] } } }
        "4XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
        "5XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
      }
    }
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/dependencies": {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    get: {
      parameters: { query?: { map_index?: number }; header?: never; path: { dag_id: string; dag_run_id: string; task_id: string }; cookie?: never }
      requestBody?: never
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": { dependencies: ({ name: string; reason: string })[] } } }
        "4XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
        "5XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
      }
    }
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/tries": {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    get: {
      parameters: { query?: { map_index?: number }; header?: never; path: { dag_id: string; dag_run_id: string; task_id: string }; cookie?: never }
      requestBody?: never
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": { task_instances: ({ id: string; task_id: string; dag_id: string; dag_run_id: string; map_index: number; logical_date: string | null; run_after: string; start_date: string | null; end_date: string | null; duration: number | null; state: "queued" | "running" | "success" | "failed" | "skipped" | "upstream_failed" | "removed" | "up_for_retry" | "deferred" | null; exact_state: "queued" | "running" | "success" | "failed" | "skipped" | "upstream_failed" | "removed" | "up_for_retry" | "deferred" | "compensating" | "compensated" | "compensation_failed" | null; try_number: number; /** Repeats it may have after the first try, as in Airflow. */ max_tries: number; task_display_name: string; dag_display_name: string; hostname: string | null; pid: number | null; pool: string; pool_slots: number; priority_weight: number | null; operator: string | null; queued_when: string | null; note: string | null; rendered_map_index: string | null; retry_at: string | null; cause: { kind: string; message: string; stack?: string; exitCode?: number; signal?: string; by?: string } | null; compensates_try: number | null; group_id: string | null; dag_version: { id: string; version_number: number; dag_id: string } | null })[]; /** Over many runs: how many are known so far. */ total_entries: number; next_cursor?: string | null; /** Preview of a clear: those of them that come along because they were undone, or lie below what was. */ undone?: string[] } } }
        "4XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
        "5XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
      }
    }
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/tries/{try_number}": {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    get: {
      parameters: { query?: { map_index?: number }; header?: never; path: { dag_id: string; dag_run_id: string; task_id: string; try_number: number }; cookie?: never }
      requestBody?: never
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": { id: string; task_id: string; dag_id: string; dag_run_id: string; map_index: number; logical_date: string | null; run_after: string; start_date: string | null; end_date: string | null; duration: number | null; state: "queued" | "running" | "success" | "failed" | "skipped" | "upstream_failed" | "removed" | "up_for_retry" | "deferred" | null; exact_state: "queued" | "running" | "success" | "failed" | "skipped" | "upstream_failed" | "removed" | "up_for_retry" | "deferred" | "compensating" | "compensated" | "compensation_failed" | null; try_number: number; /** Repeats it may have after the first try, as in Airflow. */ max_tries: number; task_display_name: string; dag_display_name: string; hostname: string | null; pid: number | null; pool: string; pool_slots: number; priority_weight: number | null; operator: string | null; queued_when: string | null; note: string | null; rendered_map_index: string | null; retry_at: string | null; cause: { kind: string; message: string; stack?: string; exitCode?: number; signal?: string; by?: string } | null; compensates_try: number | null; group_id: string | null; dag_version: { id: string; version_number: number; dag_id: string } | null } } }
        "4XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
        "5XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
      }
    }
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/dry_run": {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    get?: never
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch: {
      parameters: { query?: { map_index?: number }; header?: never; path: { dag_id: string; dag_run_id: string; task_id: string }; cookie?: never }
      requestBody: { content: { "application/json": { new_state?: "success" | "failed" | "skipped"; note?: string | null; include_upstream?: boolean; include_downstream?: boolean; include_future?: false; include_past?: false } } }
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": { task_instances: ({ id: string; task_id: string; dag_id: string; dag_run_id: string; map_index: number; logical_date: string | null; run_after: string; start_date: string | null; end_date: string | null; duration: number | null; state: "queued" | "running" | "success" | "failed" | "skipped" | "upstream_failed" | "removed" | "up_for_retry" | "deferred" | null; exact_state: "queued" | "running" | "success" | "failed" | "skipped" | "upstream_failed" | "removed" | "up_for_retry" | "deferred" | "compensating" | "compensated" | "compensation_failed" | null; try_number: number; /** Repeats it may have after the first try, as in Airflow. */ max_tries: number; task_display_name: string; dag_display_name: string; hostname: string | null; pid: number | null; pool: string; pool_slots: number; priority_weight: number | null; operator: string | null; queued_when: string | null; note: string | null; rendered_map_index: string | null; retry_at: string | null; cause: { kind: string; message: string; stack?: string; exitCode?: number; signal?: string; by?: string } | null; compensates_try: number | null; group_id: string | null; dag_version: { id: string; version_number: number; dag_id: string } | null })[]; total_entries: number; /** Of a mark: failed ones below, cleared so that the run goes on. */ cleared: ({ id: string; task_id: string; dag_id: string; dag_run_id: string; map_index: number; logical_date: string | null; run_after: string; start_date: string | null; end_date: string | null; duration: number | null; state: "queued" | "running" | "success" | "failed" | "skipped" | "upstream_failed" | "removed" | "up_for_retry" | "deferred" | null; exact_state: "queued" | "running" | "success" | "failed" | "skipped" | "upstream_failed" | "removed" | "up_for_retry" | "deferred" | "compensating" | "compensated" | "compensation_failed" | null; try_number: number; /** Repeats it may have after the first try, as in Airflow. */ max_tries: number; task_display_name: string; dag_display_name: string; hostname: string | null; pid: number | null; pool: string; pool_slots: number; priority_weight: number | null; operator: string | null; queued_when: string | null; note: string | null; rendered_map_index: string | null; retry_at: string | null; cause: { kind: string; message: string; stack?: string; exitCode?: number; signal?: string; by?: string } | null; compensates_try: number | null; group_id: string | null; dag_version: { id: string; version_number: number; dag_id: string } | null })[]; /** Preview of a clear: those of them that come along because they were undone, or lie below what was. */ undone?: string[] } } }
        "4XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
        "5XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
      }
    }
    trace?: never
  }
  "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/inputs": {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    get: {
      parameters: { query?: { map_index?: number; try_number?: number }; header?: never; path: { dag_id: string; dag_run_id: string; task_id: string }; cookie?: never }
      requestBody?: never
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": { try_number: number | null; inputs: ({ name: string; /** `task:<id>`, `param:<name>`; none for what the file says. */ sources: string[]; /** null when truncated. */ value: unknown; /** Size as JSON, as far as it is known. */ bytes: number; truncated: boolean; start: string | null })[] } } }
        "4XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
        "5XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
      }
    }
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  "/api/v2/dags/{dag_id}/clearTaskInstances": {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    get?: never
    put?: never
    post: {
      parameters: { query?: never; header?: never; path: { dag_id: string }; cookie?: never }
      requestBody: { content: { "application/json": { dry_run?: boolean; dag_run_id: string; /** Default: all of the run. */ task_ids?: string[]; only_failed?: boolean; only_running?: boolean; include_upstream?: boolean; include_downstream?: boolean; /** What was done before is to be done again: keys of effects are new. */ new_idempotency_keys?: boolean; /** The run goes on with the newest version of its Dag. */ run_on_latest_version?: boolean; reset_dag_runs?: true; include_future?: false; include_past?: false } } }
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": { task_instances: ({ id: string; task_id: string; dag_id: string; dag_run_id: string; map_index: number; logical_date: string | null; run_after: string; start_date: string | null; end_date: string | null; duration: number | null; state: "queued" | "running" | "success" | "failed" | "skipped" | "upstream_failed" | "removed" | "up_for_retry" | "deferred" | null; exact_state: "queued" | "running" | "success" | "failed" | "skipped" | "upstream_failed" | "removed" | "up_for_retry" | "deferred" | "compensating" | "compensated" | "compensation_failed" | null; try_number: number; /** Repeats it may have after the first try, as in Airflow. */ max_tries: number; task_display_name: string; dag_display_name: string; hostname: string | null; pid: number | null; pool: string; pool_slots: number; priority_weight: number | null; operator: string | null; queued_when: string | null; note: string | null; rendered_map_index: string | null; retry_at: string | null; cause: { kind: string; message: string; stack?: string; exitCode?: number; signal?: string; by?: string } | null; compensates_try: number | null; group_id: string | null; dag_version: { id: string; version_number: number; dag_id: string } | null })[]; total_entries: number; /** Of a mark: failed ones below, cleared so that the run goes on. */ cleared: ({ id: string; task_id: string; dag_id: string; dag_run_id: string; map_index: number; logical_date: string | null; run_after: string; start_date: string | null; end_date: string | null; duration: number | null; state: "queued" | "running" | "success" | "failed" | "skipped" | "upstream_failed" | "removed" | "up_for_retry" | "deferred" | null; exact_state: "queued" | "running" | "success" | "failed" | "skipped" | "upstream_failed" | "removed" | "up_for_retry" | "deferred" | "compensating" | "compensated" | "compensation_failed" | null; try_number: number; /** Repeats it may have after the first try, as in Airflow. */ max_tries: number; task_display_name: string; dag_display_name: string; hostname: string | null; pid: number | null; pool: string; pool_slots: number; priority_weight: number | null; operator: string | null; queued_when: string | null; note: string | null; rendered_map_index: string | null; retry_at: string | null; cause: { kind: string; message: string; stack?: string; exitCode?: number; signal?: string; by?: string } | null; compensates_try: number | null; group_id: string | null; dag_version: { id: string; version_number: number; dag_id: string } | null })[]; /** Preview of a clear: those of them that come along because they were undone, or lie below what was. */ undone?: string[] } } }
        202: { headers: { [name: string]: unknown }; content: { "application/json": { detail: string; command_id: number } } }
        "4XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
        "5XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
      }
    }
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/markTaskInstances": {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    get?: never
    put?: never
    post: {
      parameters: { query?: never; header?: never; path: { dag_id: string; dag_run_id: string }; cookie?: never }
      requestBody: { content: { "application/json": { dry_run?: boolean; task_ids: string[]; new_state: "success" | "failed" | "skipped"; include_upstream?: boolean; include_downstream?: boolean } } }
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": { task_instances: ({ id: string; task_id: string; dag_id: string; dag_run_id: string; map_index: number; logical_date: string | null; run_after: string; start_date: string | null; end_date: string | null; duration: number | null; state: "queued" | "running" | "success" | "failed" | "skipped" | "upstream_failed" | "removed" | "up_for_retry" | "deferred" | null; exact_state: "queued" | "running" | "success" | "failed" | "skipped" | "upstream_failed" | "removed" | "up_for_retry" | "deferred" | "compensating" | "compensated" | "compensation_failed" | null; try_number: number; /** Repeats it may have after the first try, as in Airflow. */ max_tries: number; task_display_name: string; dag_display_name: string; hostname: string | null; pid: number | null; pool: string; pool_slots: number; priority_weight: number | null; operator: string | null; queued_when: string | null; note: string | null; rendered_map_index: string | null; retry_at: string | null; cause: { kind: string; message: string; stack?: string; exitCode?: number; signal?: string; by?: string } | null; compensates_try: number | null; group_id: string | null; dag_version: { id: string; version_number: number; dag_id: string } | null })[]; total_entries: number; /** Of a mark: failed ones below, cleared so that the run goes on. */ cleared: ({ id: string; task_id: string; dag_id: string; dag_run_id: string; map_index: number; logical_date: string | null; run_after: string; start_date: string | null; end_date: string | null; duration: number | null; state: "queued" | "running" | "success" | "failed" | "skipped" | "upstream_failed" | "removed" | "up_for_retry" | "deferred" | null; exact_state: "queued" | "running" | "success" | "failed" | "skipped" | "upstream_failed" | "removed" | "up_for_retry" | "deferred" | "compensating" | "compensated" | "compensation_failed" | null; try_number: number; /** Repeats it may have after the first try, as in Airflow. */ max_tries: number; task_display_name: string; dag_display_name: string; hostname: string | null; pid: number | null; pool: string; pool_slots: number; priority_weight: number | null; operator: string | null; queued_when: string | null; note: string | null; rendered_map_index: string | null; retry_at: string | null; cause: { kind: string; message: string; stack?: string; exitCode?: number; signal?: string; by?: string } | null; compensates_try: number | null; group_id: string | null; dag_version: { id: string; version_number: number; dag_id: string } | null })[]; /** Preview of a clear: those of them that come along because they were undone, or lie below what was. */ undone?: string[] } } }
        202: { headers: { [name: string]: unknown }; content: { "application/json": { detail: string; command_id: number } } }
        "4XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
        "5XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
      }
    }
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/logs/{try_number}": {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    get: {
      parameters: { query?: { map_index?: number; full_content?: boolean; token?: string }; header?: never; path: { dag_id: string; dag_run_id: string; task_id: string; try_number: number }; cookie?: never }
      requestBody?: never
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": { content: ({ timestamp: string; level: string; source: string; event: string; fields?: { [name: string]: unknown } })[]; continuation_token: string | null } } }
        "4XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
        "5XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
      }
    }
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  "/api/v2/deadLetters": {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    get: {
      parameters: { query?: { dag_id?: string; dag_run_id?: string; task_id?: string; kind?: "task" | "compensation"; fingerprint?: string; correlation_id?: string; at_gte?: string; at_lte?: string; text?: string; status?: ("open" | "redriven" | "discarded")[]; limit?: number; cursor?: string }; header?: never; path?: never; cookie?: never }
      requestBody?: never
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": { dead_letters: ({ /** `<number of the task instance>-<try>` */ id: string; task_instance_id: string; try_number: number; dag_id: string; dag_run_id: string; task_id: string; map_index: number; /** Exact. */ run_state: "queued" | "running" | "compensating" | "success" | "failed"; correlation_id: string | null; version_number: number | null; kind: "task" | "compensation"; strategy: "retry" | "compensate" | "dead-letter" | "retry-then-compensate"; /** Equal for failures that are probably the same fault. */ fingerprint: string; cause_kind: string; /** At most 500 characters; the whole cause is with the letter itself. */ message: string; at: string; /** Whether what was completed was undone because of it. */ compensation: "none" | "compensating" | "compensated" | "compensation_failed"; status: "open" | "redriven" | "discarded"; reason: string | null; actor: string | null; settled_at: string | null; /** Of its try. */ log_url: string })[]; next_cursor: string | null } } }
        "4XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
        "5XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
      }
    }
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  "/api/v2/deadLetters/groups": {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    get: {
      parameters: { query?: { dag_id?: string; at_gte?: string; at_lte?: string; status?: ("open" | "redriven" | "discarded")[]; limit?: number; cursor?: string }; header?: never; path?: never; cookie?: never }
      requestBody?: never
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": { groups: ({ fingerprint: string; /** Counting stops at 10,000. */ count: number; first_at: string; last_at: string; /** Of the newest letter. */ message: string; cause_kind: string; /** `<number of the task instance>-<try>` */ sample_id: string; tasks: ({ dag_id: string; task_id: string })[] })[]; next_cursor: string | null } } }
        "4XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
        "5XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
      }
    }
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  "/api/v2/deadLetters/{letter_id}": {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    get: {
      parameters: { query?: never; header?: never; path: { letter_id: string }; cookie?: never }
      requestBody?: never
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": { /** `<number of the task instance>-<try>` */ id: string; task_instance_id: string; try_number: number; dag_id: string; dag_run_id: string; task_id: string; map_index: number; /** Exact. */ run_state: "queued" | "running" | "compensating" | "success" | "failed"; correlation_id: string | null; version_number: number | null; kind: "task" | "compensation"; strategy: "retry" | "compensate" | "dead-letter" | "retry-then-compensate"; /** Equal for failures that are probably the same fault. */ fingerprint: string; cause_kind: string; /** At most 500 characters; the whole cause is with the letter itself. */ message: string; at: string; /** Whether what was completed was undone because of it. */ compensation: "none" | "compensating" | "compensated" | "compensation_failed"; status: "open" | "redriven" | "discarded"; reason: string | null; actor: string | null; settled_at: string | null; /** Of its try. */ log_url: string; cause: { kind: string; message: string; stack?: string; exitCode?: number; signal?: string; by?: string } | null; start_date: string | null; end_date: string | null; hostname: string | null; /** Of a compensation: the try that was to be undone; else its own. */ forward_try: number; /** Of the forward try. */ inputs: ({ name: string; /** `task:<id>`, `param:<name>`; none for what the file says. */ sources: string[]; /** null when truncated. */ value: unknown; /** Size as JSON, as far as it is known. */ bytes: number; truncated: boolean; start: string | null })[]; /** Arguments that an operator replaced; null: none. */ input_overrides: unknown; /** How often new idempotency keys were asked for. */ life: number; newest_version_number: number | null } } }
        "4XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
        "5XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
      }
    }
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  "/api/v2/deadLetters/redrive": {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    get?: never
    put?: never
    post: {
      parameters: { query?: never; header?: never; path?: never; cookie?: never }
      requestBody: { content: { "application/json": { ids?: string[]; fingerprint?: string; filter?: { dag_id?: string; /** With dag_id. */ dag_run_id?: string; task_id?: string; kind?: "task" | "compensation"; fingerprint?: string; correlation_id?: string; at_gte?: string; at_lte?: string; /** Part of the message. */ text?: string }; /** Only list the letters that are chosen. */ dry_run?: boolean; /** What was done before is to be done again: keys of effects are new. */ new_idempotency_keys?: boolean; /** The run goes on with the newest version of its Dag. */ run_on_latest_version?: boolean; /** Arguments in place of those it had; for one letter by its id. */ inputs?: { [name: string]: unknown } } } }
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": { dry_run: boolean; letters: ({ /** `<number of the task instance>-<try>` */ id: string; dag_id: string; dag_run_id: string; task_id: string; map_index: number; kind: "task" | "compensation"; /** Before. */ status: "open" | "redriven" | "discarded"; /** `left`: not sent, since what was sent before it was not answered in time. */ outcome: "planned" | "done" | "refused" | "pending" | "left"; message: string | null })[]; /** Ids that no letter has. */ unknown: string[]; done: number; refused: number; /** More than 1000 are chosen, or some were left: ask again. */ more: boolean } } }
        202: { headers: { [name: string]: unknown }; content: { "application/json": { detail: string; command_id: number } } }
        "4XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
        "5XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
      }
    }
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  "/api/v2/deadLetters/discard": {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    get?: never
    put?: never
    post: {
      parameters: { query?: never; header?: never; path?: never; cookie?: never }
      requestBody: { content: { "application/json": { ids?: string[]; fingerprint?: string; filter?: { dag_id?: string; /** With dag_id. */ dag_run_id?: string; task_id?: string; kind?: "task" | "compensation"; fingerprint?: string; correlation_id?: string; at_gte?: string; at_lte?: string; /** Part of the message. */ text?: string }; /** Only list the letters that are chosen. */ dry_run?: boolean; reason: string } } }
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": { dry_run: boolean; letters: ({ /** `<number of the task instance>-<try>` */ id: string; dag_id: string; dag_run_id: string; task_id: string; map_index: number; kind: "task" | "compensation"; /** Before. */ status: "open" | "redriven" | "discarded"; /** `left`: not sent, since what was sent before it was not answered in time. */ outcome: "planned" | "done" | "refused" | "pending" | "left"; message: string | null })[]; /** Ids that no letter has. */ unknown: string[]; done: number; refused: number; /** More than 1000 are chosen, or some were left: ask again. */ more: boolean } } }
        202: { headers: { [name: string]: unknown }; content: { "application/json": { detail: string; command_id: number } } }
        "4XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
        "5XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
      }
    }
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/xcomEntries": {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    get: {
      parameters: { query?: { limit?: number; offset?: number; map_index?: number; try_number?: number; xcom_key?: string }; header?: never; path: { dag_id: string; dag_run_id: string; task_id: string }; cookie?: never }
      requestBody?: never
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": { xcom_entries: ({ key: string; timestamp: string | null; logical_date: string | null; map_index: number; task_id: string; dag_id: string; run_id: string; try_number: number; /** Size as JSON. */ bytes: number })[]; total_entries: number } } }
        "4XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
        "5XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
      }
    }
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/xcomEntries/{xcom_key}": {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    get: {
      parameters: { query?: { map_index?: number; try_number?: number; deserialize?: boolean; stringify?: boolean }; header?: never; path: { dag_id: string; dag_run_id: string; task_id: string; xcom_key: string }; cookie?: never }
      requestBody?: never
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": { key: string; timestamp: string | null; logical_date: string | null; map_index: number; task_id: string; dag_id: string; run_id: string; try_number: number; /** Size as JSON. */ bytes: number; value: unknown } } }
        "4XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
        "5XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
      }
    }
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  "/api/v2/variables": {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    get: {
      parameters: { query?: { limit?: number; offset?: number; order_by?: string; variable_key_pattern?: string }; header?: never; path?: never; cookie?: never }
      requestBody?: never
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": { variables: ({ key: string; /** null for a secret. */ value: string | null; description: string | null; is_secret: boolean; is_encrypted: boolean; updated_at: string })[]; total_entries: number } } }
        "4XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
        "5XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
      }
    }
    put?: never
    post: {
      parameters: { query?: never; header?: never; path?: never; cookie?: never }
      requestBody: { content: { "application/json": { key: string; /** Text; anything else is kept as JSON text. */ value: unknown; description?: string | null; is_secret?: boolean } } }
      responses: {
        201: { headers: { [name: string]: unknown }; content: { "application/json": { key: string; /** null for a secret. */ value: string | null; description: string | null; is_secret: boolean; is_encrypted: boolean; updated_at: string } } }
        202: { headers: { [name: string]: unknown }; content: { "application/json": { detail: string; command_id: number } } }
        "4XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
        "5XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
      }
    }
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  "/api/v2/variables/{variable_key}": {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    get: {
      parameters: { query?: never; header?: never; path: { variable_key: string }; cookie?: never }
      requestBody?: never
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": { key: string; /** null for a secret. */ value: string | null; description: string | null; is_secret: boolean; is_encrypted: boolean; updated_at: string } } }
        "4XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
        "5XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
      }
    }
    put?: never
    post?: never
    delete: {
      parameters: { query?: never; header?: never; path: { variable_key: string }; cookie?: never }
      requestBody?: never
      responses: {
        202: { headers: { [name: string]: unknown }; content: { "application/json": { detail: string; command_id: number } } }
        204: { headers: { [name: string]: unknown }; content?: never }
        "4XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
        "5XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
      }
    }
    options?: never
    head?: never
    patch: {
      parameters: { query?: { update_mask?: ("value" | "description" | "is_secret")[] }; header?: never; path: { variable_key: string }; cookie?: never }
      requestBody: { content: { "application/json": { key?: string; /** Text; anything else is kept as JSON text. */ value: unknown; description?: string | null; is_secret?: boolean } } }
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": { key: string; /** null for a secret. */ value: string | null; description: string | null; is_secret: boolean; is_encrypted: boolean; updated_at: string } } }
        202: { headers: { [name: string]: unknown }; content: { "application/json": { detail: string; command_id: number } } }
        "4XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
        "5XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
      }
    }
    trace?: never
  }
  "/api/v2/connections": {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    get: {
      parameters: { query?: { limit?: number; offset?: number; order_by?: string; connection_id_pattern?: string }; header?: never; path?: never; cookie?: never }
      requestBody?: never
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": { connections: ({ connection_id: string; conn_type: string; description: string | null; host: string | null; login: string | null; schema: string | null; port: number | null; has_password: boolean; has_extra: boolean; updated_at: string })[]; total_entries: number } } }
        "4XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
        "5XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
      }
    }
    put?: never
    post: {
      parameters: { query?: never; header?: never; path?: never; cookie?: never }
      requestBody: { content: { "application/json": { connection_id: string; conn_type: string; description?: string | null; host?: string | null; login?: string | null; schema?: string | null; port?: number | null; password?: string | null; /** JSON text of an object. */ extra?: string | null } } }
      responses: {
        201: { headers: { [name: string]: unknown }; content: { "application/json": { connection_id: string; conn_type: string; description: string | null; host: string | null; login: string | null; schema: string | null; port: number | null; has_password: boolean; has_extra: boolean; updated_at: string } } }
        202: { headers: { [name: string]: unknown }; content: { "application/json": { detail: string; command_id: number } } }
        "4XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
        "5XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
      }
    }
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  "/api/v2/connections/{connection_id}": {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    get: {
      parameters: { query?: never; header?: never; path: { connection_id: string }; cookie?: never }
      requestBody?: never
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": { connection_id: string; conn_type: string; description: string | null; host: string | null; login: string | null; schema: string | null; port: number | null; has_password: boolean; has_extra: boolean; updated_at: string } } }
        "4XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
        "5XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
      }
    }
    put?: never
    post?: never
    delete: {
      parameters: { query?: never; header?: never; path: { connection_id: string }; cookie?: never }
      requestBody?: never
      responses: {
        202: { headers: { [name: string]: unknown }; content: { "application/json": { detail: string; command_id: number } } }
        204: { headers: { [name: string]: unknown }; content?: never }
        "4XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
        "5XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
      }
    }
    options?: never
    head?: never
    patch: {
      parameters: { query?: { update_mask?: string[] }; header?: never; path: { connection_id: string }; cookie?: never }
      requestBody: { content: { "application/json": { connection_id?: string; conn_type?: string; description?: string | null; host?: string | null; login?: string | null; schema?: string | null; port?: number | null; password?: string | null; /** JSON text of an object. */ extra?: string | null } } }
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": { connection_id: string; conn_type: string; description: string | null; host: string | null; login: string | null; schema: string | null; port: number | null; has_password: boolean; has_extra: boolean; updated_at: string } } }
        202: { headers: { [name: string]: unknown }; content: { "application/json": { detail: string; command_id: number } } }
        "4XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
        "5XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
      }
    }
    trace?: never
  }
  "/api/v2/connections/test": {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    get?: never
    put?: never
    post: {
      parameters: { query?: never; header?: never; path?: never; cookie?: never }
      requestBody: { content: { "application/json": { connection_id: string; conn_type: string; description?: string | null; host?: string | null; login?: string | null; schema?: string | null; port?: number | null; password?: string | null; /** JSON text of an object. */ extra?: string | null } } }
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": { status: boolean; message: string } } }
        "4XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
        "5XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
      }
    }
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  "/api/v2/pools": {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    get: {
      parameters: { query?: { limit?: number; offset?: number; order_by?: string; pool_name_pattern?: string }; header?: never; path?: never; cookie?: never }
      requestBody?: never
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": { pools: ({ name: string; /** -1: unlimited. */ slots: number; description: string | null; include_deferred: boolean; occupied_slots: number; running_slots: number; queued_slots: number; scheduled_slots: number; deferred_slots: number; open_slots: number | null })[]; total_entries: number } } }
        "4XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
        "5XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
      }
    }
    put?: never
    post: {
      parameters: { query?: never; header?: never; path?: never; cookie?: never }
      requestBody: { content: { "application/json": { name: string; /** -1: unlimited. */ slots: number; description?: string | null; include_deferred?: false } } }
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": { name: string; /** -1: unlimited. */ slots: number; description: string | null; include_deferred: boolean; occupied_slots: number; running_slots: number; queued_slots: number; scheduled_slots: number; deferred_slots: number; open_slots: number | null } } }
        201: { headers: { [name: string]: unknown }; content: { "application/json": { name: string; /** -1: unlimited. */ slots: number; description: string | null; include_deferred: boolean; occupied_slots: number; running_slots: number; queued_slots: number; scheduled_slots: number; deferred_slots: number; open_slots: number | null } } }
        202: { headers: { [name: string]: unknown }; content: { "application/json": { detail: string; command_id: number } } }
        "4XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
        "5XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
      }
    }
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  "/api/v2/pools/{pool_name}": {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    get: {
      parameters: { query?: never; header?: never; path: { pool_name: string }; cookie?: never }
      requestBody?: never
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": { name: string; /** -1: unlimited. */ slots: number; description: string | null; include_deferred: boolean; occupied_slots: number; running_slots: number; queued_slots: number; scheduled_slots: number; deferred_slots: number; open_slots: number | null } } }
        "4XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
        "5XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
      }
    }
    put?: never
    post?: never
    delete: {
      parameters: { query?: never; header?: never; path: { pool_name: string }; cookie?: never }
      requestBody?: never
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": unknown } }
        202: { headers: { [name: string]: unknown }; content: { "application/json": { detail: string; command_id: number } } }
        204: { headers: { [name: string]: unknown }; content?: never }
        "4XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
        "5XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
      }
    }
    options?: never
    head?: never
    patch: {
      parameters: { query?: { update_mask?: ("slots" | "description" | "include_deferred")[] }; header?: never; path: { pool_name: string }; cookie?: never }
      requestBody: { content: { "application/json": { name?: string; pool?: string; /** -1: unlimited. */ slots?: number; description?: string | null; include_deferred?: false } } }
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": { name: string; /** -1: unlimited. */ slots: number; description: string | null; include_deferred: boolean; occupied_slots: number; running_slots: number; queued_slots: number; scheduled_slots: number; deferred_slots: number; open_slots: number | null } } }
        202: { headers: { [name: string]: unknown }; content: { "application/json": { detail: string; command_id: number } } }
        "4XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
        "5XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
      }
    }
    trace?: never
  }
  "/api/v2/importErrors": {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    get: {
      parameters: { query?: { limit?: number; offset?: number; order_by?: string; filename_pattern?: string }; header?: never; path?: never; cookie?: never }
      requestBody?: never
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": { import_errors: ({ /** The file: there is one entry for each. */ import_error_id: string; timestamp: string; filename: string; bundle_name: string; /** All problems as text. */ stack_trace: string; problems: ({ code: string; message: string; remedy: string; file: string; line?: number; column?: number; dag_id?: string; task_id?: string })[] })[]; total_entries: number } } }
        "4XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
        "5XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
      }
    }
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  "/api/v2/importErrors/{import_error_id}": {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    get: {
      parameters: { query?: never; header?: never; path: { import_error_id: string }; cookie?: never }
      requestBody?: never
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": { /** The file: there is one entry for each. */ import_error_id: string; timestamp: string; filename: string; bundle_name: string; /** All problems as text. */ stack_trace: string; problems: ({ code: string; message: string; remedy: string; file: string; line?: number; column?: number; dag_id?: string; task_id?: string })[] } } }
        "4XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
        "5XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
      }
    }
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  "/api/v2/eventLogs": {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    get: {
      parameters: { query?: { limit?: number; order_by?: string; cursor?: string; dag_id?: string; run_id?: string; task_id?: string; map_index?: number; try_number?: number; correlation_id?: string; state?: string[]; owner?: string; event?: string[]; included_events?: string[]; before?: string; after?: string }; header?: never; path?: never; cookie?: never }
      requestBody?: never
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": { event_logs: ({ event_log_id: number; when: string; dag_id: string | null; run_id: string | null; dag_run_number: number | null; task_id: string | null; task_instance_number: number | null; map_index: number | null; try_number: number | null; event: string; /** Who caused it: `scheduler`, `user:anna`, ... */ owner: string; /** The cause, as a sentence. */ extra: string | null; /** JSON: what the other fields do not say and a rebuild of the state needs (docs/event-log.md). */ data: string | null })[]; /** How many are known so far; /eventLogs/count counts them. */ total_entries: number; next_cursor: string | null } } }
        "4XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
        "5XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
      }
    }
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  "/api/v2/eventLogs/count": {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    get: {
      parameters: { query?: { by?: "kind" | "state" | "task" | "dag" | "actor" | "day"; cursor?: string; dag_id?: string; run_id?: string; task_id?: string; map_index?: number; try_number?: number; correlation_id?: string; state?: string[]; owner?: string; event?: string[]; included_events?: string[]; before?: string; after?: string }; header?: never; path?: never; cookie?: never }
      requestBody?: never
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": { total: number; groups: ({ key: string | null; count: number })[]; /** Not all are counted yet: ask again with it, and add. */ next_cursor: string | null } } }
        "4XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
        "5XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
      }
    }
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  "/api/v2/eventLogs/export": {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    get: {
      parameters: { query?: { cursor?: string; dag_id?: string; run_id?: string; task_id?: string; map_index?: number; try_number?: number; correlation_id?: string; state?: string[]; owner?: string; event?: string[]; included_events?: string[]; before?: string; after?: string }; header?: never; path?: never; cookie?: never }
      requestBody?: never
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/x-ndjson": string } }
        "4XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
        "5XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
      }
    }
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  "/api/v2/eventLogs/{event_log_id}": {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    get: {
      parameters: { query?: never; header?: never; path: { event_log_id: number }; cookie?: never }
      requestBody?: never
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": { event_log_id: number; when: string; dag_id: string | null; run_id: string | null; dag_run_number: number | null; task_id: string | null; task_instance_number: number | null; map_index: number | null; try_number: number | null; event: string; /** Who caused it: `scheduler`, `user:anna`, ... */ owner: string; /** The cause, as a sentence. */ extra: string | null; /** JSON: what the other fields do not say and a rebuild of the state needs (docs/event-log.md). */ data: string | null } } }
        "4XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
        "5XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
      }
    }
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  "/api/v2/search": {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    get: {
      parameters: { query: { q: string }; header?: never; path?: never; cookie?: never }
      requestBody?: never
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": { query: string; /** Newest first; the first ten are explained. */ runs: ({ run: { /** Number of the run: the correlation id of the event log. */ id: number; dag_run_id: string; dag_id: string; dag_display_name: string; logical_date: string | null; queued_at: string | null; start_date: string | null; end_date: string | null; duration: number | null; data_interval_start: string | null; data_interval_end: string | null; run_after: string; last_scheduling_decision: null; run_type: "scheduled" | "manual" | "backfill"; /** In Airflow's words: `running` while it is compensated; see exact_state. */ state: "queued" | "running" | "success" | "failed"; exact_state: "queued" | "running" | "compensating" | "success" | "failed"; triggered_by: string; triggering_user_name: string | null; conf: unknown | null; note: string | null; /** Business id, such as an order number. */ correlation_id: string | null; trigger_key: string | null; dag_versions: ({ id: string; version_number: number; dag_id: string })[]; bundle_version: string | null }; matched_by: "correlation_id" | "run_id" | "number" | "dead_letter" | "correlation_prefix"; explanation: { /** Why the run is where it is, in a sentence. */ summary: string; /** Those that say more than that they wait for others, or have ended well. */ task_instances: ({ task_id: string; map_index: number; exact_state: "queued" | "running" | "success" | "failed" | "skipped" | "upstream_failed" | "removed" | "up_for_retry" | "deferred" | "compensating" | "compensated" | "compensation_failed" | null; try_number: number; reasons: ({ code: string; message: string })[] })[]; /** Of them, how many were left out. */ more: number } | null; /** Open ones. */ dead_letters: ({ /** `<number of the task instance>-<try>` */ id: string; task_instance_id: string; try_number: number; dag_id: string; dag_run_id: string; task_id: string; map_index: number; /** Exact. */ run_state: "queued" | "running" | "compensating" | "success" | "failed"; correlation_id: string | null; version_number: number | null; kind: "task" | "compensation"; strategy: "retry" | "compensate" | "dead-letter" | "retry-then-compensate"; /** Equal for failures that are probably the same fault. */ fingerprint: string; cause_kind: string; /** At most 500 characters; the whole cause is with the letter itself. */ message: string; at: string; /** Whether what was completed was undone because of it. */ compensation: "none" | "compensating" | "compensated" | "compensation_failed"; status: "open" | "redriven" | "discarded"; reason: string | null; actor: string | null; settled_at: string | null; /** Of its try. */ log_url: string })[] })[]; more_runs: boolean; dags: ({ dag_id: string; is_paused: boolean })[]; tasks: ({ dag_id: string; task_id: string })[] } } }
        "4XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
        "5XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
      }
    }
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  "/api/v2/platform": {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    get: {
      parameters: { query?: never; header?: never; path?: never; cookie?: never }
      requestBody?: never
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": { /** A scheduler holds the lease. */ leading: boolean; leader: string | null; /** No new tries until it is resumed. */ draining: boolean; open_runs: { [name: string]: number }; open_task_instances: { [name: string]: number }; /** Counting stops at 10,000. */ open_dead_letters: number } } }
        "4XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
        "5XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
      }
    }
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  "/api/v2/platform/drain": {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    get?: never
    put?: never
    post: {
      parameters: { query?: never; header?: never; path?: never; cookie?: never }
      requestBody?: never
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": { /** A scheduler holds the lease. */ leading: boolean; leader: string | null; /** No new tries until it is resumed. */ draining: boolean; open_runs: { [name: string]: number }; open_task_instances: { [name: string]: number }; /** Counting stops at 10,000. */ open_dead_letters: number } } }
        202: { headers: { [name: string]: unknown }; content: { "application/json": { detail: string; command_id: number } } }
        "4XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
        "5XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
      }
    }
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  "/api/v2/platform/resume": {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    get?: never
    put?: never
    post: {
      parameters: { query?: never; header?: never; path?: never; cookie?: never }
      requestBody?: never
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": { /** A scheduler holds the lease. */ leading: boolean; leader: string | null; /** No new tries until it is resumed. */ draining: boolean; open_runs: { [name: string]: number }; open_task_instances: { [name: string]: number }; /** Counting stops at 10,000. */ open_dead_letters: number } } }
        202: { headers: { [name: string]: unknown }; content: { "application/json": { detail: string; command_id: number } } }
        "4XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
        "5XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
      }
    }
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  "/api/v2/commands/{command_id}": {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    get: {
      parameters: { query?: never; header?: never; path: { command_id: number }; cookie?: never }
      requestBody?: never
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": { command_id: number; kind: string; actor: string; created_at: string; answered_at: string | null; state: "pending" | "done" | "refused"; /** What it did, when done. */ value: unknown; code: string | null; detail: string | null; last_event_id: number | null } } }
        "4XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
        "5XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
      }
    }
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  "/api/v2/config": {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    get: {
      parameters: { query?: { section?: string }; header?: never; path?: never; cookie?: never }
      requestBody?: never
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": { sections: ({ name: string; options: ({ key: string; value: string; source: string })[] })[] } } }
        "4XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
        "5XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
      }
    }
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  "/api/v2/monitor/health": {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    get: {
      parameters: { query?: never; header?: never; path?: never; cookie?: never }
      requestBody?: never
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": { metadatabase: { status: "healthy" | "unhealthy" }; scheduler: { status: "healthy" | "unhealthy"; latest_scheduler_heartbeat: string | null; draining: boolean | null }; dag_processor: { status: "healthy" | "unhealthy"; latest_dag_processor_heartbeat: string | null } } } }
        "4XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
        "5XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
      }
    }
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  "/api/v2/version": {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    get: {
      parameters: { query?: never; header?: never; path?: never; cookie?: never }
      requestBody?: never
      responses: {
        200: { headers: { [name: string]: unknown }; content: { "application/json": { version: string } } }
        "4XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
        "5XX": { headers: { [name: string]: unknown }; content: { "application/json": { detail: string | ({ type: string; loc: string[]; msg: string })[] } } }
      }
    }
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
}
