/**
 * The first schema. Rules it keeps, and later ones must:
 * - `dag_run`, `task_instance`, `try`, `active`: no index on, and no partial predicate over, a column that changes with
 *   state (it would end HOT updates), no foreign keys, room for updates in each page, vacuum early;
 * - `event` is append-only and partitioned by id, so that retention drops partitions;
 * - JSON of users is text: the database never parses it;
 * - unfinished runs and live executions stand in small tables of their own, which recovery reads.
 */
import type { Knex } from 'knex'
import type { Migration } from './migration.ts'

/** Rows that are updated a few times and then never again. */
const HOT_SETTINGS =
  '(fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000, ' +
  'autovacuum_analyze_scale_factor = 0.05)'
/** Tables that stay small and whose rows come and go. */
const CHURN_SETTINGS = '(fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000)'

export const firstSchema: Migration = {
  version: 1,
  name: 'first schema',
  statements: (knex) => [...dagTables(knex), ...runTables(knex), ...historyTables(knex), ...operatorTables(knex)],
}

type Table = Knex.CreateTableBuilder
const instant = (table: Table, name: string) => table.timestamp(name, { useTz: true, precision: 6 })

function dagTables(knex: Knex): string[] {
  return [
    knex.schema
      .createTable('dag', (table) => {
        table.text('dag_id').primary()
        table.text('file').notNullable()
        table.boolean('is_paused').notNullable()
        table.boolean('is_active').notNullable()
        table.bigInteger('version_id').notNullable()
        instant(table, 'last_logical_date')
        instant(table, 'last_interval_end')
        instant(table, 'schedule_since').notNullable()
        instant(table, 'next_run_after')
        instant(table, 'next_logical_date')
      })
      .createTable('dag_version', (table) => {
        table.bigInteger('version_id').primary()
        table.text('dag_id').notNullable()
        table.integer('version_number').notNullable()
        table.text('content_hash').notNullable()
        table.text('bundle_hash').notNullable()
        table.text('serialized').notNullable()
        instant(table, 'created_at').notNullable()
        table.unique(['dag_id', 'version_number'])
      })
      .createTable('bundle', (table) => {
        table.text('hash').primary()
        table.text('format').notNullable()
        table.binary('code').notNullable().comment('gzip')
        table.binary('source_map').comment('gzip')
        table.text('manifest').comment('JSON')
        instant(table, 'created_at').notNullable().defaultTo(knex.raw('now()'))
      })
      .createTable('import_error', (table) => {
        table.text('file').primary()
        table.text('problems').notNullable().comment('JSON')
        instant(table, 'at').notNullable()
      })
      .toQuery(),
    // Already gzipped: compressing it again is a waste of time.
    'alter table bundle alter column code set storage external, alter column source_map set storage external',
  ]
}

function runTables(knex: Knex): string[] {
  return [
    knex.schema
      .createTable('dag_run', (table) => {
        table.bigInteger('id').primary()
        table.text('dag_id').notNullable()
        table.text('run_id').notNullable()
        table.text('run_type').notNullable()
        table.text('state').notNullable()
        table.bigInteger('version_id').notNullable()
        instant(table, 'logical_date')
        instant(table, 'data_interval_start')
        instant(table, 'data_interval_end')
        instant(table, 'run_after').notNullable()
        instant(table, 'queued_at').notNullable()
        instant(table, 'start_date')
        instant(table, 'end_date')
        table.text('conf').notNullable().comment('JSON')
        table.text('note')
        table.text('triggered_by').notNullable()
        table.unique(['dag_id', 'run_id'])
        table.index(['dag_id', 'id'])
        table.index(['version_id'])
      })
      .createTable('open_run', (table) => {
        table.bigInteger('dag_run_id').primary()
      })
      .createTable('task_instance', (table) => {
        table.bigInteger('id').primary()
        table.bigInteger('dag_run_id').notNullable()
        table.text('task_id').notNullable()
        table.integer('map_index').notNullable()
        table.text('state').notNullable()
        table.integer('try_number').notNullable()
        table.integer('max_tries').notNullable()
        table.integer('failures').notNullable()
        table.integer('losses').notNullable()
        instant(table, 'retry_at')
        instant(table, 'start_date')
        instant(table, 'end_date')
        table.text('branch_skips').comment('JSON')
        table.unique(['dag_run_id', 'task_id', 'map_index'])
      })
      .createTable('try', (table) => {
        table.bigInteger('ti_id').notNullable()
        table.integer('try_number').notNullable()
        table.bigInteger('dag_run_id').notNullable()
        instant(table, 'queued_at').notNullable()
        instant(table, 'start_date')
        instant(table, 'end_date')
        table.text('state').notNullable()
        table.text('host')
        table.integer('pid')
        table.text('cause').comment('JSON')
        table.primary(['ti_id', 'try_number'])
      })
      .createTable('active', (table) => {
        table.bigInteger('ti_id').notNullable()
        table.integer('try_number').notNullable()
        table.bigInteger('dag_run_id').notNullable()
        table.text('host').notNullable()
        table.bigInteger('epoch').notNullable()
        table.text('units').notNullable().comment('JSON')
        table.primary(['ti_id', 'try_number'])
      })
      .createTable('xcom', (table) => {
        table.bigInteger('ti_id').notNullable()
        table.integer('try_number').notNullable()
        table.text('key').notNullable()
        table.bigInteger('dag_run_id').notNullable()
        table.text('json').notNullable()
        table.primary(['ti_id', 'try_number', 'key'])
      })
      .toQuery(),
    // A run is unique per Dag and logical date, whatever crashes. The date never changes, so HOT updates are safe.
    'create unique index dag_run_dag_id_logical_date_unique on dag_run (dag_id, logical_date) where logical_date is not null',
    ...['dag_run', 'task_instance', 'try'].map((name) => `alter table ${name} set ${HOT_SETTINGS}`),
    ...['active', 'open_run'].map((name) => `alter table ${name} set ${CHURN_SETTINGS}`),
  ]
}

/** Ids come from the leader and rise with the commits; partitions are made ahead (`store/event-partitions.ts`). */
function historyTables(_knex: Knex): string[] {
  return [
    `create table event (
       id bigint not null,
       at timestamptz not null,
       dag_run_id bigint,
       dag_id text,
       ti_id bigint,
       try_number integer,
       kind text not null,
       actor text not null,
       cause text
     ) partition by range (id)`,
    'create index event_dag_run_id_id_index on event (dag_run_id, id)',
    // A few bytes for each megabyte; what a reader with a cursor ("after id N") needs to skip the rest.
    'create index event_id_brin on event using brin (id) with (pages_per_range = 8)',
  ]
}

function operatorTables(knex: Knex): string[] {
  return [
    knex.schema
      .createTable('command', (table) => {
        table.specificType('id', 'bigint generated always as identity').primary()
        table.text('request').notNullable().comment('JSON')
        table.text('actor').notNullable()
        instant(table, 'created_at').notNullable()
        instant(table, 'not_after')
        table.text('idempotency_key').unique()
        table.text('answer').comment('JSON')
        instant(table, 'answered_at')
        table.bigInteger('last_event_id')
      })
      .createTable('pool', (table) => {
        table.text('name').primary()
        table.integer('slots').notNullable()
        table.text('description')
      })
      .createTable('variable', (table) => {
        table.text('key').primary()
        table.text('value').notNullable().comment('encrypted when is_secret')
        table.boolean('is_secret').notNullable()
        table.text('description')
        instant(table, 'updated_at').notNullable()
      })
      .createTable('connection', (table) => {
        table.text('id').primary()
        table.text('type').notNullable()
        table.text('description')
        table.text('host')
        table.text('schema')
        table.text('login')
        table.text('password').comment('encrypted')
        table.integer('port')
        table.text('extra').comment('encrypted JSON')
        instant(table, 'updated_at').notNullable()
      })
      .createTable('secret_access', (table) => {
        table.specificType('id', 'bigint generated always as identity').primary()
        instant(table, 'at').notNullable()
        table.bigInteger('ti_id').notNullable()
        table.integer('try_number').notNullable()
        table.text('action').notNullable()
        table.text('kind').notNullable()
        table.text('name').notNullable()
        table.index(['ti_id', 'try_number'])
      })
      .createTable('lease', (table) => {
        table.text('name').primary()
        table.bigInteger('epoch').notNullable()
        table.text('holder')
        table.text('token')
        table.integer('backend_pid')
        instant(table, 'backend_start')
        instant(table, 'renewed_at')
        instant(table, 'expires_at').notNullable()
      })
      .createTable('heartbeat', (table) => {
        table.text('component').primary()
        table.text('holder').notNullable()
        instant(table, 'at').notNullable()
      })
      .toQuery(),
    'create index command_open on command (id) where answer is null',
    ...['lease', 'heartbeat'].map((name) => `alter table ${name} set (fillfactor = 20)`),
    "insert into pool (name, slots, description) values ('default_pool', 128, 'The pool of tasks that name none')",
    "insert into lease (name, epoch, expires_at) values ('scheduler', 0, now())",
  ]
}
