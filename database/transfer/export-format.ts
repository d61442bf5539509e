/**
 * The export file: gzipped lines. Lines of ours begin with `#` and JSON: a header, one before each table, a trailer with
 * row count and SHA-256 of all lines before it. Every other line is one row as PostgreSQL's own JSON, never parsed by
 * us. Invariant: a file without its trailer, or with another checksum, is refused as a whole.
 */

/** Raised when the lines themselves change; the schema has its own version in the header. */
export const EXPORT_FORMAT = 1

export interface ExportHeader {
  readonly tradewind: 'export'
  readonly format: number
  readonly schemaVersion: number
  /** ISO 8601. */
  readonly createdAt: string
  readonly serverVersion: string
}

export interface ExportTable {
  readonly table: string
  readonly columns: readonly string[]
  /** For partitioned tables: the partitions to make. */
  readonly firstId?: number
  readonly lastId?: number
}

export interface ExportTrailer {
  readonly end: true
  readonly rows: number
  readonly sha256: string
}

/**
 * All tables that hold something, in the order of the file. `event` and what belongs to one Dag last: the long ones.
 * `schema_migration` is the schema's own.
 */
export const TABLES: readonly string[] = [
  'lease',
  'heartbeat',
  'platform_state',
  'id_floor',
  'app_user',
  'api_token',
  'session',
  'pool',
  'variable',
  'connection',
  'bundle',
  'dag',
  'dag_version',
  'import_error',
  'command',
  'dag_run',
  'open_run',
  'task_instance',
  'try',
  'active',
  'xcom',
  'task_note',
  'compensation',
  'ti_override',
  'dead_letter',
  'secret_access',
  'event',
]

/** Filled by migrations or by a program that only looked: no sign that a database is in use. */
export const SEEDED_TABLES: ReadonlySet<string> = new Set(['lease', 'heartbeat', 'pool', 'platform_state', 'id_floor'])

export const quoteName = (name: string): string => `"${name.replaceAll('"', '""')}"`
