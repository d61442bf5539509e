/**
 * A part of the commit statement: the rows of one kind that a tick writes, as one CTE. Invariants: it writes only when the
 * CTE `held` has its row (the lease is ours), and it returns one row for each row it wrote, so that the statement
 * can refuse to end with fewer or more than were sent.
 */
import type { TickWrites } from '../../core/ports/store.ts'
import { type Column, columnParameters, columnValue, unnestColumns } from './column-arrays.ts'

export interface WriteSection {
  /** Name of its CTE. */
  readonly name: string
  /** Number of rows this tick has of it; 0 leaves the section out. */
  count(writes: TickWrites): number
  parameters(writes: TickWrites): string[]
  readonly width: number
  /** `present`: names of the sections in the same statement. */
  sql(firstParameter: number, present: ReadonlySet<string>): string
  /** Fewer rows than sent are no error: the row may be absent. */
  readonly lenient?: boolean
}

export interface SectionOf<Row> {
  readonly name: string
  readonly table: string
  readonly rows: (writes: TickWrites) => readonly Row[]
  readonly columns: readonly Column<Row>[]
  /** Runs after that section where both are in one statement (it frees a unique key). */
  readonly after?: string
  readonly lenient?: boolean
}

/** Inserts; with `replaceBy` a row with the same key is replaced. */
export function insertSection<Row>(
  section: SectionOf<Row> & { readonly onConflict?: 'nothing' | { readonly replaceBy: readonly string[] } },
): WriteSection {
  const { name, table, columns, onConflict, after } = section
  const names = columns.map((column) => `"${column.name}"`)
  return makeSection(section, (first, present) => {
    // Reading a count of the other CTE makes it run to its end first.
    const order = after !== undefined && present.has(after) ? `, (select count(*) from ${after}) as earlier` : ''
    return (
      `${name} as (insert into ${table} (${names.join(', ')}) select ${columns.map(columnValue).join(', ')} ` +
      `from held${order}, ${unnestColumns(columns, first)}${conflictClause(columns, onConflict)} returning 1)`
    )
  })
}

function conflictClause<Row>(
  columns: readonly Column<Row>[],
  onConflict: 'nothing' | { readonly replaceBy: readonly string[] } | undefined,
): string {
  if (onConflict === undefined) return ''
  if (onConflict === 'nothing') return ' on conflict do nothing'
  const { replaceBy } = onConflict
  const set = columns
    .filter(({ name }) => !replaceBy.includes(name))
    .map(({ name }) => `"${name}" = excluded."${name}"`)
  return ` on conflict (${replaceBy.join(', ')}) do update set ${set.join(', ')}`
}

/** Updates by the first `keys` columns. */
export function updateSection<Row>(section: SectionOf<Row> & { readonly keys: number }): WriteSection {
  const { name, table, columns, keys } = section
  const set = columns.slice(keys).map((column) => `"${column.name}" = ${columnValue(column)}`)
  return makeSection(
    section,
    (first) =>
      `${name} as (update ${table} as x set ${set.join(', ')} ` +
      `from held, ${unnestColumns(columns, first)} where ${keyCondition(columns.slice(0, keys))} returning 1)`,
  )
}

/** Deletes by all its columns. */
export function deleteSection<Row>(section: SectionOf<Row>): WriteSection {
  const { name, table, columns } = section
  return makeSection(
    section,
    (first) =>
      `${name} as (delete from ${table} as x ` +
      `using held, ${unnestColumns(columns, first)} where ${keyCondition(columns)} returning 1)`,
  )
}

function keyCondition<Row>(columns: readonly Column<Row>[]): string {
  return columns.map((column) => `x."${column.name}" = ${columnValue(column)}`).join(' and ')
}

function makeSection<Row>(section: SectionOf<Row>, sql: WriteSection['sql']): WriteSection {
  const { name, rows, columns, lenient } = section
  return {
    name,
    count: (writes) => rows(writes).length,
    parameters: (writes) => columnParameters(columns, rows(writes)),
    width: columns.length,
    sql,
    ...(lenient === undefined ? {} : { lenient }),
  }
}
