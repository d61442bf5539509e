/**
 * Sagas, dead letters and correlation (docs/adr/0010-sagas.md). What few runs have stands in tables of its own, so the hot
 * tables stay as they are; the two new columns of `dag_run` are fixed when a run is made, so their indexes end no HOT update.
 *
 * Every listing of letters is of one status at a time, hence `status` first in its indexes; each goes on by (at, ti_id,
 * try_number), so that a page costs the same wherever it begins.
 */
import type { Knex } from 'knex'
import type { Migration } from './migration.ts'

export const sagas: Migration = {
  version: 3,
  name: 'sagas, dead letters, correlation',
  statements: (knex) => [...compensationTables(knex), ...letterTables(knex), ...runColumns(knex)],
}

type Table = Knex.CreateTableBuilder
const instant = (table: Table, name: string) => table.timestamp(name, { useTz: true, precision: 6 })

/** Rows that are written two or three times and then never again. */
const SETTINGS = '(fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 1000)'

function compensationTables(knex: Knex): string[] {
  return [
    knex.schema
      .createTable('compensation', (table) => {
        table.bigInteger('ti_id').notNullable()
        table.integer('forward_try').notNullable().comment('the try that is undone')
        table.bigInteger('dag_run_id').notNullable()
        table.text('forward_state').notNullable()
        table.text('state').notNullable()
        table.text('scope').comment('saga (group) id; null: the whole run')
        table.integer('first_try').comment('tries that undid it')
        table.integer('last_try')
        instant(table, 'planned_at').notNullable()
        instant(table, 'ended_at')
        table.text('actor').notNullable()
        table.text('failed_task')
        table.text('error')
        table.primary(['ti_id', 'forward_try'])
        table.index(['dag_run_id', 'ti_id', 'forward_try'])
      })
      .createTable('ti_override', (table) => {
        table.bigInteger('ti_id').primary()
        table.bigInteger('dag_run_id').notNullable().index()
        table.integer('life').notNullable()
        table.text('inputs').comment('JSON')
      })
      .toQuery(),
    `alter table compensation set ${SETTINGS}`,
    "alter table compensation add constraint compensation_forward_state check (forward_state in ('success', 'failed'))",
    'alter table compensation add constraint compensation_state ' +
      "check (state in ('compensating', 'compensated', 'compensation_failed', 'withdrawn'))",
  ]
}

function letterTables(knex: Knex): string[] {
  return [
    knex.schema
      .createTable('dead_letter', (table) => {
        table.bigInteger('ti_id').notNullable()
        table.integer('try_number').notNullable()
        table.bigInteger('dag_run_id').notNullable()
        table.text('dag_id').notNullable()
        table.text('task_id').notNullable()
        table.integer('map_index').notNullable()
        table.bigInteger('version_id').notNullable()
        table.text('kind').notNullable()
        table.text('strategy').notNullable()
        table.text('fingerprint').notNullable()
        table.text('cause_kind').notNullable()
        table.text('message').notNullable()
        instant(table, 'at').notNullable()
        table.text('status').notNullable().defaultTo('open')
        table.text('reason').comment('of its outcome')
        table.text('actor').comment('of its outcome')
        instant(table, 'settled_at')
        table.primary(['ti_id', 'try_number'])
        table.index(['status', 'at', 'ti_id', 'try_number'])
        table.index(['status', 'dag_id', 'at', 'ti_id', 'try_number'])
        table.index(['status', 'fingerprint', 'at', 'ti_id', 'try_number'])
        table.index(['dag_run_id', 'at', 'ti_id', 'try_number'])
      })
      .toQuery(),
    `alter table dead_letter set ${SETTINGS}`,
    // For the groups of one Dag.
    'create index dead_letter_group_index on dead_letter (status, dag_id, fingerprint, at, ti_id, try_number)',
    // Retention deletes by it.
    'create index dead_letter_settled_at_index on dead_letter (settled_at) where settled_at is not null',
    "alter table dead_letter add constraint dead_letter_kind check (kind in ('task', 'compensation'))",
    'alter table dead_letter add constraint dead_letter_status ' +
      "check (status in ('open', 'redriven', 'discarded') and (status = 'open') = (settled_at is null))",
  ]
}

function runColumns(knex: Knex): string[] {
  return [
    knex.schema
      .alterTable('dag_run', (table) => {
        table.text('correlation_id')
        table.text('trigger_key')
      })
      .toQuery(),
    // `text_pattern_ops`: for what begins with a text as well as for equality.
    'create index dag_run_correlation_id_index on dag_run (correlation_id text_pattern_ops, id) ' +
      'where correlation_id is not null',
    'create unique index dag_run_dag_id_trigger_key_unique on dag_run (dag_id, trigger_key) where trigger_key is not null',
  ]
}
