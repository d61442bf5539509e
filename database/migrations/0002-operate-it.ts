/**
 * What operating it needs: users, tokens and sessions; notes of TIs in a table of their own, because `task_instance` is
 * hot; the state of the whole platform; the highest ids that were deleted.
 */
import type { Knex } from 'knex'
import type { Migration } from './migration.ts'

export const operateIt: Migration = {
  version: 2,
  name: 'operate it',
  statements: (knex) => [...signInTables(knex), ...stateTables(knex)],
}

type Table = Knex.CreateTableBuilder
const instant = (table: Table, name: string) => table.timestamp(name, { useTz: true, precision: 6 })

function signInTables(knex: Knex): string[] {
  return [
    knex.schema
      .createTable('app_user', (table) => {
        table.text('name').primary()
        table.text('password_hash').notNullable().comment('scrypt, with its parameters')
        table.text('role').notNullable()
        table.boolean('is_disabled').notNullable().defaultTo(false)
        instant(table, 'created_at').notNullable()
        instant(table, 'password_changed_at').notNullable()
      })
      .createTable('api_token', (table) => {
        table.specificType('id', 'bigint generated always as identity').primary()
        table.text('name').notNullable()
        table.text('token_hash').notNullable().unique().comment('SHA-256 of the token')
        table.text('role').notNullable()
        table.text('owner').notNullable().comment('a user, or `cli`')
        instant(table, 'created_at').notNullable()
        instant(table, 'expires_at')
        instant(table, 'revoked_at')
        instant(table, 'last_used_at')
      })
      .createTable('session', (table) => {
        table.text('id_hash').primary().comment('SHA-256 of what the cookie holds')
        table.text('user_name').notNullable()
        instant(table, 'created_at').notNullable()
        instant(table, 'expires_at').notNullable().comment('whatever happens')
        instant(table, 'seen_at').notNullable()
        table.index(['user_name'])
      })
      .toQuery(),
    "alter table app_user add constraint app_user_role check (role in ('viewer', 'operator', 'admin'))",
    "alter table api_token add constraint api_token_role check (role in ('viewer', 'operator', 'admin'))",
  ]
}

function stateTables(knex: Knex): string[] {
  return [
    knex.schema
      .createTable('task_note', (table) => {
        table.bigInteger('ti_id').primary()
        table.text('note').notNullable()
      })
      .createTable('platform_state', (table) => {
        table.boolean('is_only_row').primary().defaultTo(true)
        table.boolean('draining').notNullable()
      })
      .createTable('id_floor', (table) => {
        table.text('name').primary()
        table.bigInteger('last_id').notNullable().comment('highest id that was deleted')
      })
      .toQuery(),
    'alter table platform_state add constraint platform_state_only_row check (is_only_row)',
    'insert into platform_state (draining) values (false)',
    "insert into id_floor (name, last_id) values ('dag_run', 0), ('task_instance', 0)",
  ]
}
