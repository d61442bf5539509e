/**
 * Rows on their way into a statement: one array per column, as PostgreSQL's array text, unnested on the other side. One
 * parameter per column whatever the number of rows, so a statement is prepared once. Invariant: any string reaches the
 * database as it is, or the database refuses it (NUL); none can end the array early.
 */

/** `ms`: epoch milliseconds into timestamptz. */
export type ColumnType = 'int8' | 'int4' | 'text' | 'bool' | 'ms'

export interface Column<Row> {
  readonly name: string
  readonly type: ColumnType
  readonly value: (row: Row) => number | string | boolean | null
}

export const int8 = <Row>(name: string, value: (row: Row) => number | null): Column<Row> => ({
  name,
  type: 'int8',
  value,
})
export const int4 = <Row>(name: string, value: (row: Row) => number | null): Column<Row> => ({
  name,
  type: 'int4',
  value,
})
export const text = <Row>(name: string, value: (row: Row) => string | null): Column<Row> => ({
  name,
  type: 'text',
  value,
})
export const bool = <Row>(name: string, value: (row: Row) => boolean): Column<Row> => ({ name, type: 'bool', value })
export const ms = <Row>(name: string, value: (row: Row) => number | null): Column<Row> => ({ name, type: 'ms', value })

/** One parameter for each column. */
export function columnParameters<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string[] {
  return columns.map(({ type, value }) => {
    const quoted = type === 'text'
    let array = '{'
    for (let i = 0; i < rows.length; i++) {
      if (i > 0) array += ','
      const cell = value(rows[i] as Row)
      if (cell === null) array += 'NULL'
      else array += quoted ? quoteElement(cell as string) : String(cell)
    }
    return `${array}}`
  })
}

/** `unnest($2::bigint[], ...) as t (id, ...)`; the first column's parameter is number `first`. */
export function unnestColumns<Row>(columns: readonly Column<Row>[], first: number): string {
  const arrays = columns.map(({ type }, i) => `$${first + i}::${ARRAY_TYPE[type]}`)
  return `unnest(${arrays.join(', ')}) as t (${columns.map(({ name }) => `"${name}"`).join(', ')})`
}

/** The column's value as its table wants it. */
export function columnValue<Row>({ name, type }: Column<Row>): string {
  return type === 'ms' ? `to_timestamp(t."${name}" / 1000)` : `t."${name}"`
}

const ARRAY_TYPE: Readonly<Record<ColumnType, string>> = {
  int8: 'bigint[]',
  int4: 'integer[]',
  text: 'text[]',
  bool: 'boolean[]',
  ms: 'double precision[]',
}

/** Most of our strings are plain words. `NULL` as a word would be no string. */
const PLAIN = /^[\w.:+-]+$/

function quoteElement(value: string): string {
  if (PLAIN.test(value) && value.toUpperCase() !== 'NULL') return value
  return `"${value.replace(/["\\]/g, '\\$&')}"`
}
