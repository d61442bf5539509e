/** Bodies of the REST API as the commands read them, and their way into the shapes the commands print. */
import type { CauseOfDeath } from '../../core/cause-of-death.ts'
import type { LogLine } from '../../core/ports/log-store.ts'
import type { RunState, TiState } from '../../core/states.ts'
import type { Connection, Dag, Event, Run, TaskInstance, Try, Variable } from '../platform/platform.ts'

export interface DagBody {
  readonly dag_id: string
  readonly relative_fileloc: string
  readonly is_paused: boolean
  readonly is_stale: boolean
  readonly timetable_description: string
  readonly timezone: string
  readonly tags: readonly { readonly name: string }[]
  readonly version_number: number
  readonly next_dagrun_run_after: string | null
}

export interface RunBody extends Omit<Run, 'version' | 'state'> {
  readonly exact_state: RunState
  readonly dag_versions: readonly { readonly version_number: number }[]
}

export interface TiBody {
  readonly id: string
  readonly task_id: string
  readonly map_index: number
  readonly exact_state: TiState | null
  readonly try_number: number
  readonly max_tries: number
  readonly start_date: string | null
  readonly end_date: string | null
  readonly retry_at: string | null
  readonly queued_when: string | null
  readonly hostname: string | null
  readonly pid: number | null
  readonly cause: CauseOfDeath | null
}

export interface TiChange {
  readonly task_instances: readonly TiBody[]
  readonly cleared: readonly TiBody[]
  readonly undone?: readonly string[]
}

export interface EventBody {
  readonly event_log_id: number
  readonly when: string
  readonly dag_id: string | null
  readonly run_id: string | null
  readonly task_id: string | null
  readonly map_index: number | null
  readonly try_number: number | null
  readonly dag_run_number: number | null
  readonly task_instance_number: number | null
  readonly event: string
  readonly owner: string
  readonly extra: string | null
  readonly data: string | null
}

export interface LogBody {
  readonly content: readonly {
    readonly timestamp: string
    readonly level: LogLine['level']
    readonly source: LogLine['source']
    readonly event: string
    readonly fields?: NonNullable<LogLine['fields']>
  }[]
  readonly continuation_token: string | null
}

export interface VariableBody extends Variable {
  readonly updated_at: string
}

export interface ConnectionBody extends Omit<Connection, 'id' | 'type'> {
  readonly connection_id: string
  readonly conn_type: string
}

export interface PlatformBody {
  readonly draining: boolean
  readonly open_task_instances: Readonly<Record<string, number>>
}

export function readDag(body: DagBody): Dag {
  return {
    dag_id: body.dag_id,
    file: body.relative_fileloc,
    is_paused: body.is_paused,
    is_active: !body.is_stale,
    schedule_text: body.timetable_description,
    timezone: body.timezone,
    tags: body.tags.map((tag) => tag.name),
    version: body.version_number,
    next_run_after: body.next_dagrun_run_after,
  }
}

export function readRun(body: RunBody): Run {
  return {
    id: body.id,
    dag_id: body.dag_id,
    dag_run_id: body.dag_run_id,
    run_type: body.run_type,
    state: body.exact_state,
    logical_date: body.logical_date,
    data_interval_start: body.data_interval_start,
    data_interval_end: body.data_interval_end,
    run_after: body.run_after,
    queued_at: body.queued_at,
    start_date: body.start_date,
    end_date: body.end_date,
    conf: body.conf,
    note: body.note,
    triggered_by: body.triggered_by,
    correlation_id: body.correlation_id,
    trigger_key: body.trigger_key,
    version: body.dag_versions.at(-1)?.version_number ?? null,
  }
}

export function readTi(body: TiBody): TaskInstance {
  return {
    id: Number(body.id),
    task_id: body.task_id,
    map_index: body.map_index,
    state: body.exact_state ?? 'none',
    try_number: body.try_number,
    // The API counts repeats, the commands count tries.
    max_tries: body.max_tries + 1,
    start_date: body.start_date,
    end_date: body.end_date,
    retry_at: body.retry_at,
    cause: body.cause,
  }
}

export function readTry(body: TiBody): Try {
  return {
    try_number: body.try_number,
    state: body.exact_state ?? 'none',
    queued_at: body.queued_when,
    start_date: body.start_date,
    end_date: body.end_date,
    host: body.hostname,
    pid: body.pid,
    cause: body.cause,
  }
}

export function readEvent(body: EventBody): Event {
  return {
    id: body.event_log_id,
    at: body.when,
    kind: body.event,
    actor: body.owner,
    cause: body.extra,
    dag_id: body.dag_id,
    dag_run_id: body.run_id,
    task_id: body.task_id,
    map_index: body.map_index,
    try_number: body.try_number,
    dag_run_number: body.dag_run_number,
    task_instance_number: body.task_instance_number,
    data: body.data === null ? null : (JSON.parse(body.data) as unknown),
  }
}

export function readConnection({ connection_id, conn_type, ...rest }: ConnectionBody): Connection {
  return { id: connection_id, type: conn_type, ...rest }
}

export function readLine({ timestamp, level, source, event, fields }: LogBody['content'][number]): LogLine {
  return { at: Date.parse(timestamp), level, source, text: event, ...(fields === undefined ? {} : { fields }) }
}
