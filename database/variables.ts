/**
 * Variables: plain text, or secret and then encrypted. While a scheduler leads it alone writes them (`set-variable`);
 * `saveVariable` and `deleteVariable` are for a platform that does not run. Invariant: a secret's value leaves only through `readVariable`,
 * never in a list. Index: primary key.
 */
import type pg from 'pg'
import type { StoredVariable } from '../core/records.ts'
import type { Secrets } from './secrets/cipher.ts'

export interface VariableInput {
  readonly key: string
  readonly value: string
  readonly isSecret: boolean
  readonly description: string | null
}

export interface VariableListItem {
  readonly key: string
  /** `null` for a secret. */
  readonly value: string | null
  readonly isSecret: boolean
  readonly description: string | null
  readonly updatedAt: number
}

export const variablePlace = (key: string) => `variable:${key}`

/** As it goes into the inbox and into the table. */
export function storedVariable(secrets: Secrets, { key, value, isSecret, description }: VariableInput): StoredVariable {
  return { key, value: isSecret ? secrets.encrypt(value, variablePlace(key)) : value, isSecret, description }
}

/** Inserts or replaces. */
export async function saveVariable(pool: pg.Pool, secrets: Secrets, input: VariableInput): Promise<void> {
  const { key, value, isSecret, description } = storedVariable(secrets, input)
  await pool.query(
    `insert into variable (key, value, is_secret, description, updated_at) values ($1, $2, $3, $4, now())
     on conflict (key) do update set value = excluded.value, is_secret = excluded.is_secret,
       description = excluded.description, updated_at = excluded.updated_at`,
    [key, value, isSecret, description],
  )
}

/** Decrypted; `null` without one. */
export async function readVariable(pool: pg.Pool, secrets: Secrets, key: string): Promise<VariableInput | null> {
  const result = await pool.query<VariableInput>(
    'select key, value, is_secret as "isSecret", description from variable where key = $1',
    [key],
  )
  const row = result.rows[0]
  if (!row) return null
  return row.isSecret ? { ...row, value: secrets.decrypt(row.value, variablePlace(key)) } : row
}

export async function listVariables(pool: pg.Pool): Promise<readonly VariableListItem[]> {
  const result = await pool.query<VariableListItem>(
    `select key, case when is_secret then null else value end as value, is_secret as "isSecret", description,
       updated_at as "updatedAt" from variable order by key`,
  )
  return result.rows
}

/** Whether there was one. */
export async function deleteVariable(pool: pg.Pool, key: string): Promise<boolean> {
  const result = await pool.query('delete from variable where key = $1', [key])
  return result.rowCount === 1
}
