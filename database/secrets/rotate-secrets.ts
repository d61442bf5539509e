/**
 * Encrypts everything anew with the current key, in one transaction. Afterwards the old keys are needed for exports made
 * earlier only. Locks: the rows of `variable` and `connection`.
 */
import type pg from 'pg'
import { inTransaction } from '../connect.ts'
import { connectionPlace } from '../connections.ts'
import { variablePlace } from '../variables.ts'
import type { Secrets } from './cipher.ts'

/** Returns how many values were encrypted anew. */
export async function rotateSecrets(pool: pg.Pool, secrets: Secrets): Promise<number> {
  const client = await pool.connect()
  try {
    return await inTransaction(client, 'read write', async () => {
      let count = 0
      const renew = (text: string, place: string) => {
        if (secrets.isCurrent(text)) return text
        count++
        return secrets.encrypt(secrets.decrypt(text, place), place)
      }
      const variables = await client.query<{ key: string; value: string }>(
        'select key, value from variable where is_secret for update',
      )
      for (const { key, value } of variables.rows) {
        await client.query('update variable set value = $2 where key = $1', [key, renew(value, variablePlace(key))])
      }
      const connections = await client.query<{ id: string; password: string | null; extra: string | null }>(
        'select id, password, extra from connection for update',
      )
      for (const { id, password, extra } of connections.rows) {
        await client.query('update connection set password = $2, extra = $3 where id = $1', [
          id,
          password === null ? null : renew(password, connectionPlace(id, 'password')),
          extra === null ? null : renew(extra, connectionPlace(id, 'extra')),
        ])
      }
      return count
    })
  } finally {
    client.release()
  }
}
