/**
 * Variables and connections of the database; keys are opened only when a secret is read or written. Changes go to the
 * scheduler like all others. Where none leads, as before the first start, they are written as they are, and the event log
 * says nothing of them: only a scheduler writes it.
 */
import { type CommandRequest, MOST_VALUES } from '../../core/records.ts'
import {
  deleteConnection,
  listConnections,
  readConnection,
  refusalOfMove,
  saveConnection,
  storedConnection,
} from '../../database/connections.ts'
import { deleteVariable, listVariables, readVariable, saveVariable, storedVariable } from '../../database/variables.ts'
import { CommandFailure } from '../command-failure.ts'
import type { Pool } from '../database-access.ts'
import type { ProgramConfig } from '../load-config.ts'
import { openSecrets } from '../open-secrets.ts'
import { acceptedValue, submitIfLed } from '../submit.ts'
import type { NamedValues } from './platform.ts'
import { iso } from './shown.ts'

export function namedValues(program: ProgramConfig, pool: Pool): NamedValues {
  /** Whether a scheduler did it. */
  async function carriedOut(request: CommandRequest): Promise<boolean> {
    const answer = await submitIfLed(pool, request)
    if (answer !== null) acceptedValue(answer)
    return answer !== null
  }

  /** Whether there was one. */
  async function remove(request: CommandRequest, directly: () => Promise<boolean>): Promise<boolean> {
    const answer = await submitIfLed(pool, request)
    if (answer === null) return directly()
    if (!answer.ok && answer.code.endsWith('-not-found')) return false
    acceptedValue(answer)
    return true
  }

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
    setVariables: async (inputs) => {
      const secrets = await openSecrets(program)
      for (const some of pieces(inputs)) {
        const variables = some.map((input) => storedVariable(secrets, input))
        if (await carriedOut({ kind: 'set-variable', variables })) continue
        for (const input of some) await saveVariable(pool, secrets, input)
      }
    },
    deleteVariable: (key) => remove({ kind: 'delete-variable', key }, () => deleteVariable(pool, key)),

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
    setConnections: async (inputs) => {
      const secrets = await openSecrets(program)
      for (const some of pieces(inputs)) {
        for (const input of some) {
          const refusal = await refusalOfMove(pool, secrets, input)
          if (refusal !== null)
            throw new CommandFailure(`${refusal.charAt(0).toUpperCase()}${refusal.slice(1)}.`, SEND_AGAIN)
        }
        const connections = some.map((input) => storedConnection(secrets, input))
        if (await carriedOut({ kind: 'set-connection', connections })) continue
        for (const input of some) await saveConnection(pool, secrets, input)
      }
    },
    deleteConnection: (id) => remove({ kind: 'delete-connection', id }, () => deleteConnection(pool, id)),
  }
}

const SEND_AGAIN =
  '`connections set` reads the password anew with --secret and takes it away with --no-secret (for extra: --extra, --no-extra);' +
  ' a file to import names them.'

/** As many as one command takes. */
function* pieces<T>(all: readonly T[]): Generator<readonly T[]> {
  for (let i = 0; i < all.length; i += MOST_VALUES) yield all.slice(i, i + MOST_VALUES)
}
