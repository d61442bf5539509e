/**
 * Records to columns: the field `dagRunId` is the column `dag_run_id`, everywhere. Invariant: a list names only fields of
 * its record, and the compiler checks it.
 */

/** `r.dag_run_id as "dagRunId", ...` */
export function selectList<Row>(alias: string, fields: readonly (keyof Row & string)[]): string {
  return fields.map((field) => `${alias}.${columnName(field)} as "${field}"`).join(', ')
}

export function columnName(field: string): string {
  return field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}
