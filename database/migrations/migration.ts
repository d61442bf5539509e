/**
 * What a migration is. Invariant: numbered, forward-only, unchanged once released. It yields SQL and runs nothing, so
 * that migrating, importing an older export and testing use the same ones inside one transaction of their own.
 */
import type { Knex } from 'knex'

export interface Migration {
  /** 1, 2, 3, ... without gaps. */
  readonly version: number
  readonly name: string
  /** The statements, in order. `schema` builds, it has no connection. */
  statements(schema: Knex): readonly string[]
}
