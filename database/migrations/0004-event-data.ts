/**
 * What a rebuild of the state tables needs beside an event's words (docs/adr/0011-event-log.md). Null for most; without a
 * default, so that no partition is written anew.
 */
import type { Migration } from './migration.ts'

export const eventData: Migration = {
  version: 4,
  name: 'data of events',
  statements: (knex) => [knex.schema.alterTable('event', (table) => table.text('data').comment('JSON')).toQuery()],
}
