/** Variables and connections behind the REST API. Secrets go there and never come back. */
import { CommandFailure } from '../command-failure.ts'
import type { Connection, NamedValues, Variable } from '../platform/platform.ts'
import { type ApiClient, apiPath } from './api-client.ts'
import { type ConnectionBody, readConnection, type VariableBody } from './bodies.ts'

const PAGE = 1_000

export function remoteValues(api: ApiClient): NamedValues {
  async function everything<Name extends string, Body>(path: string, name: Name): Promise<readonly Body[]> {
    const found: Body[] = []
    for (;;) {
      const query = { limit: PAGE, offset: found.length }
      const page = (await api.get<Record<Name, readonly Body[]>>(path, query))[name]
      found.push(...page)
      if (page.length < PAGE) return found
    }
  }

  /** Whether it was there. */
  async function remove(path: string): Promise<boolean> {
    if ((await api.find(path)) === null) return false
    await api.send('DELETE', path)
    return true
  }

  return {
    variables: async () =>
      (await everything<'variables', VariableBody>('/variables', 'variables')).map((body) => ({
        ...shownVariable(body),
        updated_at: body.updated_at,
      })),
    variable: async (key, reveal) => {
      const found = await api.find<VariableBody>(apiPath('variables', key))
      if (found?.is_secret === true && reveal) throw noSecrets()
      return found === null ? null : shownVariable(found)
    },
    setVariables: async (inputs) => {
      for (const { key, value, isSecret, description } of inputs) {
        const path = apiPath('variables', key)
        const body = { value, is_secret: isSecret, description }
        if ((await api.find(path)) === null) await api.send('POST', '/variables', { key, ...body })
        else await api.send('PATCH', path, body)
      }
    },
    deleteVariable: (key) => remove(apiPath('variables', key)),

    connections: async (): Promise<readonly Connection[]> =>
      (await everything<'connections', ConnectionBody>('/connections', 'connections')).map(readConnection),
    connectionSecrets: async () => {
      throw noSecrets()
    },
    setConnections: async (inputs) => {
      for (const { id, type, ...rest } of inputs) {
        const path = apiPath('connections', id)
        const body = { conn_type: type, ...rest }
        if ((await api.find(path)) === null) await api.send('POST', '/connections', { connection_id: id, ...body })
        else await api.send('PATCH', path, body)
      }
    },
    deleteConnection: (id) => remove(apiPath('connections', id)),
  }
}

function shownVariable({ key, value, is_secret, description }: VariableBody): Variable {
  return { key, value, is_secret, description }
}

function noSecrets(): CommandFailure {
  return new CommandFailure('A server gives no secrets out.', 'Ask on the machine of that server, without --url.')
}
