/** Asks the server used whether a commit is on disk before it is answered. A figure without that is not printed. */
import type pg from 'pg'

const WANTED: Readonly<Record<string, string>> = { fsync: 'on', synchronous_commit: 'on', full_page_writes: 'on' }

/** @throws when one of them is off, for the server or in any role or database of it. */
export async function requireDurable(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ name: string; setting: string }>(
    'select name, setting from pg_settings where name = any($1)',
    [Object.keys(WANTED)],
  )
  for (const [name, wanted] of Object.entries(WANTED)) {
    const found = rows.find((row) => row.name === name)?.setting
    if (found !== wanted) throw new Error(`${name} is ${found} in the measured server, not ${wanted}: nothing counts.`)
  }
  const { rows: overrides } = await client.query<{ setting: string }>(
    `select unnest(setconfig) as setting from pg_db_role_setting`,
  )
  const weaker = overrides.filter(({ setting }) => /^(synchronous_commit|fsync|full_page_writes)=/.test(setting))
  if (weaker.length > 0) throw new Error(`A role or database has ${weaker.map((one) => one.setting).join(', ')}.`)
}
