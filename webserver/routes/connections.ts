/** Connections. Password and extra go in and never come out; a test of one runs in a process of its own. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { type Static, Type } from 'typebox'
import { movedExtraKeys, movedFields } from '../../core/connection-place.ts'
import type { ConnectionRecord } from '../../core/ports/worker-api.ts'
import {
  type ConnectionListItem,
  listConnections,
  readConnection,
  refusalOfMove,
  storedConnection,
} from '../../database/connections.ts'
import type { ApiParts } from '../api-parts.ts'
import { EarlyReply, notFound } from '../error-replies.ts'
import { likePattern, page, readOrder, sortBy } from '../read-query.ts'
import {
  answers,
  Closed,
  commandAnswers,
  createdAnswers,
  deletedAnswers,
  Instant,
  MaybeText,
  Nullable,
  orderBy,
  paging,
  several,
} from '../schemas/shapes.ts'
import { iso } from '../schemas/values.ts'
import { sendCommand } from '../send-command.ts'
import { testConnection } from '../test-connection.ts'

const Id = Type.String({ minLength: 1, maxLength: 200, pattern: '^[\\w.+-]+$' })
const ConnectionPath = Closed({ connection_id: Type.String({ maxLength: 250 }) })
const text = (maxLength: number) => Type.Optional(Type.Union([Type.String({ maxLength }), Type.Null()]))

const ConnectionBody = Closed({
  connection_id: Type.String(),
  conn_type: Type.String(),
  description: MaybeText,
  host: MaybeText,
  login: MaybeText,
  schema: MaybeText,
  port: Nullable(Type.Integer()),
  has_password: Type.Boolean(),
  has_extra: Type.Boolean(),
  updated_at: Instant,
})

const fields = {
  description: text(5_000),
  host: text(500),
  login: text(500),
  schema: text(500),
  port: Type.Optional(Nullable(Type.Integer({ minimum: 0, maximum: 65_535 }))),
  password: text(10_000),
  extra: Type.Optional(
    Type.Union([Type.String({ maxLength: 100_000 }), Type.Null()], { description: 'JSON text of an object.' }),
  ),
}
const Input = Closed({ connection_id: Id, conn_type: Type.String({ minLength: 1, maxLength: 100 }), ...fields })
const Change = Closed({
  connection_id: Type.Optional(Id),
  conn_type: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
  ...fields,
})

const shown = (item: ConnectionListItem) => ({
  connection_id: item.id,
  conn_type: item.type,
  description: item.description,
  host: item.host,
  login: item.login,
  schema: item.schema,
  port: item.port,
  has_password: item.hasPassword,
  has_extra: item.hasExtra,
  updated_at: iso(item.updatedAt),
})

export const connectionRoutes: FastifyPluginAsyncTypebox<ApiParts> = async (app, parts) => {
  const find = async (id: string) => (await listConnections(parts.pool)).find((item) => item.id === id)

  async function require(id: string): Promise<ConnectionListItem> {
    const item = await find(id)
    if (item === undefined) throw notFound(`There is no connection "${id}". GET /api/v2/connections lists them.`)
    return item
  }

  app.get(
    '/connections',
    {
      config: { role: 'operator' },
      schema: {
        tags: ['Connection'],
        querystring: Closed({
          ...paging,
          order_by: orderBy,
          connection_id_pattern: Type.Optional(Type.String({ maxLength: 250 })),
        }),
        response: answers(Closed({ connections: Type.Array(ConnectionBody), total_entries: Type.Integer() })),
      },
    },
    async ({ query }) => {
      const orders = { connection_id: 'id', conn_type: 'type', host: 'host', port: 'port', id: 'id' } as const
      const order = readOrder(query.order_by, orders, { field: 'id', falling: false })
      const isWanted = likePattern(query.connection_id_pattern ?? '')
      const found = (await listConnections(parts.pool)).filter((item) => isWanted(item.id))
      const sorted = sortBy(found, order.falling, (item) => item[order.field])
      return { connections: page(sorted, query).map(shown), total_entries: found.length }
    },
  )

  app.get(
    '/connections/:connection_id',
    {
      config: { role: 'operator' },
      schema: { tags: ['Connection'], params: ConnectionPath, response: answers(ConnectionBody) },
    },
    async ({ params }) => shown(await require(params.connection_id)),
  )

  app.post(
    '/connections',
    {
      config: { role: 'operator' },
      schema: {
        tags: ['Connection'],
        body: Input,
        response: createdAnswers(ConnectionBody),
      },
    },
    async (request, reply) => {
      const { body } = request
      checkExtra(body.extra)
      const input = { ...recordOf(body), description: body.description ?? null }
      const connections = [storedConnection(parts.secrets, input)]
      await sendCommand(parts, request, { kind: 'set-connection', connections, onlyNew: true })
      return reply.code(201).send(shown(await require(body.connection_id)))
    },
  )

  app.patch(
    '/connections/:connection_id',
    {
      config: { role: 'operator' },
      schema: {
        tags: ['Connection'],
        params: ConnectionPath,
        querystring: Closed({ update_mask: several() }),
        body: Change,
        response: commandAnswers(ConnectionBody),
      },
    },
    async (request) => {
      const { body, params, query } = request
      const id = params.connection_id
      const item = await require(id)
      if (body.connection_id !== undefined && body.connection_id !== id) {
        throw new EarlyReply(
          400,
          `connection_id is "${body.connection_id}", but the address names "${id}"; it cannot be changed.`,
        )
      }
      checkExtra(body.extra)
      const given = Object.fromEntries(
        Object.entries(body).filter(([name]) => query.update_mask?.includes(name) !== false),
      ) as Static<typeof Change>
      const pick = <Value>(value: Value | undefined, old: Value) => (value === undefined ? old : value)
      const change = {
        id,
        type: given.conn_type ?? item.type,
        description: pick(given.description, item.description),
        host: pick(given.host, item.host),
        schema: pick(given.schema, item.schema),
        login: pick(given.login, item.login),
        port: pick(given.port, item.port),
        ...(given.password === undefined ? {} : { password: given.password }),
        ...(given.extra === undefined ? {} : { extra: given.extra }),
      }
      const refusal = await refusalOfMove(parts.pool, parts.secrets, change)
      if (refusal !== null) throw new EarlyReply(400, `${refusal.charAt(0).toUpperCase()}${refusal.slice(1)}.`)
      const changed = storedConnection(parts.secrets, change)
      await sendCommand(parts, request, { kind: 'set-connection', connections: [changed] })
      return shown(await require(id))
    },
  )

  app.delete(
    '/connections/:connection_id',
    {
      config: { role: 'operator' },
      schema: {
        tags: ['Connection'],
        params: ConnectionPath,
        response: deletedAnswers,
      },
    },
    async (request, reply) => {
      await sendCommand(parts, request, { kind: 'delete-connection', id: request.params.connection_id })
      return reply.code(204).send(null)
    },
  )

  app.post(
    '/connections/test',
    {
      config: { role: 'operator' },
      schema: {
        tags: ['Connection'],
        summary:
          'Tries a connection in a process of its own; without a password, with the one that is kept for the same place',
        body: Input,
        response: answers(Closed({ status: Type.Boolean(), message: Type.String() })),
      },
    },
    async ({ body }) => {
      checkExtra(body.extra)
      const wanted = recordOf(body)
      const kept = await keptSecrets(wanted, body)
      return testConnection(parts.connectionProbe, { ...wanted, ...kept })
    },
  )

  /** Those that the request leaves out. A kept secret goes only to the place it was kept for. */
  async function keptSecrets(
    wanted: ConnectionRecord,
    given: Static<typeof Input>,
  ): Promise<Partial<ConnectionRecord>> {
    const item = await find(wanted.id)
    const takes = {
      password: given.password === undefined && item?.hasPassword === true,
      extra: given.extra === undefined && item?.hasExtra === true,
    }
    if (item === undefined || !(takes.password || takes.extra)) return {}
    if (item.login !== wanted.login || movedFields(item, wanted).length > 0) return {}
    let kept: ConnectionRecord | null
    try {
      kept = await readConnection(parts.pool, parts.secrets, wanted.id)
    } catch (error) {
      // Encrypted with a key that is not there any more: the message says which, and what to do.
      throw new EarlyReply(409, (error as Error).message)
    }
    if (kept === null || (!takes.extra && movedExtraKeys(kept.extra, wanted.extra).length > 0)) return {}
    return {
      ...(takes.password ? { password: kept.password } : {}),
      ...(takes.extra ? { extra: kept.extra } : {}),
    }
  }
}

function recordOf(body: Static<typeof Input>): ConnectionRecord {
  return {
    id: body.connection_id,
    type: body.conn_type,
    host: body.host ?? null,
    schema: body.schema ?? null,
    login: body.login ?? null,
    password: body.password ?? null,
    port: body.port ?? null,
    extra: body.extra ?? null,
  }
}

function checkExtra(extra: string | null | undefined): void {
  if (extra === null || extra === undefined || extra === '') return
  let value: unknown
  try {
    value = JSON.parse(extra)
  } catch {
    value = null
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new EarlyReply(400, 'extra is not the JSON text of an object, such as {"sslmode": "require"}.')
  }
}
