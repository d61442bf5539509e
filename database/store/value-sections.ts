/**
 * Variables and connections that a tick writes. Secret ones come encrypted. Index: primary keys. Locks: the rows. A secret
 * of a connection that is left out stays: the row there is joined, which is sound because only the leader writes it.
 */
import type { TickWrites } from '../../core/ports/store.ts'
import { bool, type Column, columnParameters, columnValue, int4, ms, text, unnestColumns } from './column-arrays.ts'
import { deleteSection, insertSection, type WriteSection } from './write-section.ts'

type Variable = TickWrites['variables'][number]
type Connection = TickWrites['connections'][number]

const plain: readonly Column<Connection>[] = [
  text('id', (row) => row.id),
  text('type', (row) => row.type),
  text('description', (row) => row.description),
  text('host', (row) => row.host),
  text('schema', (row) => row.schema),
  text('login', (row) => row.login),
  int4('port', (row) => row.port),
  ms('updated_at', (row) => row.updatedAt),
]
const secret: readonly Column<Connection>[] = [
  text('password', (row) => row.password ?? null),
  bool('keeps_password', (row) => row.password === undefined),
  text('extra', (row) => row.extra ?? null),
  bool('keeps_extra', (row) => row.extra === undefined),
]
const sent = [...plain, ...secret]
const names = [...plain.map(({ name }) => `"${name}"`), 'password', 'extra']

const connections: WriteSection = {
  name: 'connections',
  count: (writes) => writes.connections.length,
  parameters: (writes) => columnParameters(sent, writes.connections),
  width: sent.length,
  sql: (first) =>
    `connections as (insert into connection (${names.join(', ')}) select ${plain.map(columnValue).join(', ')}, ` +
    'case when t.keeps_password then old.password else t.password end, ' +
    'case when t.keeps_extra then old.extra else t.extra end ' +
    `from held cross join ${unnestColumns(sent, first)} left join connection old on old.id = t.id ` +
    `on conflict (id) do update set ${names.map((name) => `${name} = excluded.${name}`).join(', ')} returning 1)`,
}

export const valueSections: readonly WriteSection[] = [
  insertSection<Variable>({
    name: 'variables',
    table: 'variable',
    rows: (writes) => writes.variables,
    columns: [
      text('key', (row) => row.key),
      text('value', (row) => row.value),
      bool('is_secret', (row) => row.isSecret),
      text('description', (row) => row.description),
      ms('updated_at', (row) => row.updatedAt),
    ],
    onConflict: { replaceBy: ['key'] },
  }),
  deleteSection<string>({
    name: 'deleted_variables',
    table: 'variable',
    rows: (writes) => writes.deletedVariables,
    columns: [text('key', (key) => key)],
    lenient: true,
  }),
  connections,
  deleteSection<string>({
    name: 'deleted_connections',
    table: 'connection',
    rows: (writes) => writes.deletedConnections,
    columns: [text('id', (id) => id)],
    lenient: true,
  }),
]
