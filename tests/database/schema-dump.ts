/** The schema as text, from the catalogs: what `database/schema.sql` holds. Partitions are made at run time: left out. */
import type pg from 'pg'

export async function dumpSchema(pool: pg.Pool): Promise<string> {
  const tables = await pool.query<{ name: string; options: string | null; partition_key: string | null }>(
    `select c.relname as name, array_to_string(c.reloptions, ', ') as options,
       case when c.relkind = 'p' then pg_get_partkeydef(c.oid) end as partition_key
     from pg_class c
     where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
     order by c.relname`,
  )
  let text = '-- The schema after all migrations. Written by tests/database/migrations.test.ts; not to be edited.\n'
  for (const { name, options, partition_key } of tables.rows) {
    const columns = await pool.query<{ line: string; note: string | null }>(
      `select quote_ident(a.attname) || ' ' || format_type(a.atttypid, a.atttypmod)
           || case when a.attnotnull then ' not null' else '' end
           || case when a.attidentity <> '' then ' generated always as identity' else '' end
           || coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), '')
           || case when a.attstorage = 'e' and t.typstorage <> 'e' then ' storage external' else '' end as line,
         col_description(a.attrelid, a.attnum) as note
       from pg_attribute a
       join pg_type t on t.oid = a.atttypid
       left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
       where a.attrelid = $1::regclass and a.attnum > 0 and not a.attisdropped
       order by a.attnum`,
      [`"${name}"`],
    )
    const indexes = await pool.query<{ line: string }>(
      `select replace(pg_get_indexdef(i.indexrelid), current_schema() || '.', '') as line
       from pg_index i where i.indrelid = $1::regclass order by 1`,
      [`"${name}"`],
    )
    const constraints = await pool.query<{ line: string }>(
      `select conname || ' ' || pg_get_constraintdef(oid) as line from pg_constraint
       where conrelid = $1::regclass and contype in ('p', 'u', 'f', 'c') order by 1`,
      [`"${name}"`],
    )
    const lines = [
      ...columns.rows.map(({ line, note }) => (note === null ? line : `${line} -- ${note}`)),
      ...constraints.rows.map(({ line }) => `constraint ${line}`),
    ]
    const tail = [partition_key && `partition by ${partition_key}`, options && `with (${options})`].filter(Boolean)
    text += `\ncreate table ${name} (\n  ${lines.join('\n  ')}\n)${tail.map((part) => ` ${part}`).join('')};\n`
    for (const { line } of indexes.rows) text += `${line};\n`
  }
  return text
}
