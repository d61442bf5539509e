/** Variables. The value of a secret one goes in and never comes out. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { listVariables, storedVariable, type VariableListItem } from '../../database/variables.ts'
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
  orderBy,
  paging,
  several,
} from '../schemas/shapes.ts'
import { iso } from '../schemas/values.ts'
import { sendCommand } from '../send-command.ts'

const Key = Type.String({ minLength: 1, maxLength: 250, pattern: '^[^\\u0000-\\u001f]+$' })
const VariablePath = Closed({ variable_key: Type.String({ maxLength: 250 }) })
const VariableBody = Closed({
  key: Type.String(),
  value: Type.Union([Type.String(), Type.Null()], { description: 'null for a secret.' }),
  description: MaybeText,
  is_secret: Type.Boolean(),
  is_encrypted: Type.Boolean(),
  updated_at: Instant,
})
const input = {
  value: Type.Unknown({ description: 'Text; anything else is kept as JSON text.' }),
  description: Type.Optional(Type.Union([Type.String({ maxLength: 5_000 }), Type.Null()])),
  is_secret: Type.Optional(Type.Boolean()),
}

const shown = (item: VariableListItem) => ({
  key: item.key,
  value: item.value,
  description: item.description,
  is_secret: item.isSecret,
  is_encrypted: item.isSecret,
  updated_at: iso(item.updatedAt),
})

const asText = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value))

export const variableRoutes: FastifyPluginAsyncTypebox<ApiParts> = async (app, parts) => {
  const find = async (key: string) => (await listVariables(parts.pool)).find((item) => item.key === key)

  async function require(key: string): Promise<VariableListItem> {
    const item = await find(key)
    if (item === undefined) throw notFound(`There is no variable "${key}". GET /api/v2/variables lists them.`)
    return item
  }

  app.get(
    '/variables',
    {
      config: { role: 'operator' },
      schema: {
        tags: ['Variable'],
        querystring: Closed({
          ...paging,
          order_by: orderBy,
          variable_key_pattern: Type.Optional(Type.String({ maxLength: 250 })),
        }),
        response: answers(Closed({ variables: Type.Array(VariableBody), total_entries: Type.Integer() })),
      },
    },
    async ({ query }) => {
      const order = readOrder(
        query.order_by,
        { key: 'key', id: 'key', updated_at: 'updatedAt' },
        { field: 'key', falling: false },
      )
      const isWanted = likePattern(query.variable_key_pattern ?? '')
      const found = (await listVariables(parts.pool)).filter((item) => isWanted(item.key))
      const sorted = sortBy(found, order.falling, (item) => item[order.field as 'key' | 'updatedAt'])
      return { variables: page(sorted, query).map(shown), total_entries: found.length }
    },
  )

  app.get(
    '/variables/:variable_key',
    {
      config: { role: 'operator' },
      schema: { tags: ['Variable'], params: VariablePath, response: answers(VariableBody) },
    },
    async ({ params }) => shown(await require(params.variable_key)),
  )

  app.post(
    '/variables',
    {
      config: { role: 'operator' },
      schema: {
        tags: ['Variable'],
        body: Closed({ key: Key, ...input }),
        response: createdAnswers(VariableBody),
      },
    },
    async (request, reply) => {
      const { body } = request
      const variable = storedVariable(parts.secrets, {
        key: body.key,
        value: asText(body.value),
        isSecret: body.is_secret === true,
        description: body.description ?? null,
      })
      await sendCommand(parts, request, { kind: 'set-variable', variables: [variable], onlyNew: true })
      return reply.code(201).send(shown(await require(body.key)))
    },
  )

  app.patch(
    '/variables/:variable_key',
    {
      config: { role: 'operator' },
      schema: {
        tags: ['Variable'],
        params: VariablePath,
        querystring: Closed({ update_mask: several(Type.Enum(['value', 'description', 'is_secret'])) }),
        body: Closed({ key: Type.Optional(Key), ...input }),
        response: commandAnswers(VariableBody),
      },
    },
    async (request) => {
      const { body, params, query } = request
      const before = await require(params.variable_key)
      if (body.key !== undefined && body.key !== before.key) {
        throw new EarlyReply(
          400,
          `key is "${body.key}", but the address names "${before.key}"; a key cannot be changed.`,
        )
      }
      const has = (name: string) => query.update_mask?.includes(name) !== false
      if (!has('value') && before.isSecret) {
        throw new EarlyReply(400, 'A secret is changed together with its value: put value into update_mask.')
      }
      const variable = storedVariable(parts.secrets, {
        key: before.key,
        value: has('value') ? asText(body.value) : (before.value ?? ''),
        // A secret stays one unless that is said.
        isSecret: (has('is_secret') ? body.is_secret : undefined) ?? before.isSecret,
        description: has('description') && body.description !== undefined ? body.description : before.description,
      })
      await sendCommand(parts, request, { kind: 'set-variable', variables: [variable] })
      return shown(await require(before.key))
    },
  )

  app.delete(
    '/variables/:variable_key',
    {
      config: { role: 'operator' },
      schema: {
        tags: ['Variable'],
        params: VariablePath,
        response: deletedAnswers,
      },
    },
    async (request, reply) => {
      await sendCommand(parts, request, { kind: 'delete-variable', key: request.params.variable_key })
      return reply.code(204).send(null)
    },
  )
}
