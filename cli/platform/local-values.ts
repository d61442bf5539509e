/** Variables and connections of the database; keys are opened only when a secret is read or written. */
import { deleteConnection, listConnections, readConnection, saveConnection } from '../../database/connections.ts'
import { deleteVariable, listVariables, readVariable, saveVariable } from '../../database/variables.ts'
import type { Pool } from '../database-access.ts'
import type { ProgramConfig } from '../load-config.ts'
import { openSecrets } from '../open-secrets.ts'
import type { Platform } from './platform.ts'
import { iso } from './shown.ts'

type Values = Pick<
  Platform,
  | 'variables'
  | 'variable'
  | 'setVariable'
  | 'deleteVariable'
  | 'connections'
  | 'connectionSecrets'
  | 'setConnection'
  | 'deleteConnection'
>

export function namedValues(program: ProgramConfig, pool: Pool): Values {
  return {
    variables: async () =>
      (await listVariables(pool)).map(({ isSecret, updatedAt, ...one }) => ({
        ...one,
        is_secret: isSecret,
        updated_at: iso(updatedAt),
      })),
    variable: async (key, reveal) => {
      if (!reveal) {
        const found = (await listVariables(pool)).find((one) => one.key === key)
        if (found === undefined) return null
        return { key, value: found.value, is_secret: found.isSecret, description: found.description }
      }
      const found = await readVariable(pool, await openSecrets(program), key)
      if (found === null) return null
      return { key, value: found.value, is_secret: found.isSecret, description: found.description }
    },
    setVariable: async (input) => saveVariable(pool, await openSecrets(program), input),
    deleteVariable: (key) => deleteVariable(pool, key),

    connections: async () =>
      (await listConnections(pool)).map(({ hasPassword, hasExtra, updatedAt, ...one }) => ({
        ...one,
        has_password: hasPassword,
        has_extra: hasExtra,
        updated_at: iso(updatedAt),
      })),
    connectionSecrets: async (id) => {
      const found = await readConnection(pool, await openSecrets(program), id)
      return found === null ? null : { password: found.password, extra: found.extra }
    },
    setConnection: async (input) => {
      const secrets = await openSecrets(program)
      const isWhole = input.password !== undefined && input.extra !== undefined
      const before = isWhole ? null : await readConnection(pool, secrets, input.id)
      const { password = before?.password ?? null, extra = before?.extra ?? null } = input
      await saveConnection(pool, secrets, { ...input, password, extra })
    },
    deleteConnection: (id) => deleteConnection(pool, id),
  }
}
