/** Pools, with what is in use. Changes go through the scheduler, which counts the slots. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { PoolRecord } from '../../core/records.ts'
import { poolUse } from '../../database/queries/inbox.ts'
import { listPools } from '../../database/queries/overview.ts'
import type { ApiParts } from '../api-parts.ts'
import { EarlyReply, notFound } from '../error-replies.ts'
import { likePattern, page, readOrder, sortBy } from '../read-query.ts'
import { answers, Closed, commandAnswers, MaybeText, Nullable, orderBy, paging, several } from '../schemas/shapes.ts'
import { sendCommand } from '../send-command.ts'

const PoolPath = Closed({ pool_name: Type.String({ maxLength: 250 }) })
const Slots = Type.Integer({ minimum: -1, maximum: 1_000_000, description: '-1: unlimited.' })
const Description = Type.Optional(Type.Union([Type.String({ maxLength: 5_000 }), Type.Null()]))
const PoolBody = Closed({
  name: Type.String(),
  slots: Slots,
  description: MaybeText,
  include_deferred: Type.Boolean(),
  occupied_slots: Type.Integer(),
  running_slots: Type.Integer(),
  queued_slots: Type.Integer(),
  scheduled_slots: Type.Integer(),
  deferred_slots: Type.Integer(),
  open_slots: Nullable(Type.Integer({ description: 'null: unlimited.' })),
})

export const poolRoutes: FastifyPluginAsyncTypebox<ApiParts> = async (app, parts) => {
  async function shownPools(pools: readonly PoolRecord[]) {
    const use = await poolUse(parts.pool)
    return pools.map(({ name, slots, description }) => {
      const { running, queued } = use.get(name) ?? { running: 0, queued: 0 }
      return {
        name,
        slots,
        description,
        include_deferred: false,
        occupied_slots: running + queued,
        running_slots: running,
        queued_slots: queued,
        scheduled_slots: 0,
        deferred_slots: 0,
        open_slots: slots < 0 ? null : Math.max(0, slots - running - queued),
      }
    })
  }

  const find = async (name: string) => (await listPools(parts.pool)).find((pool) => pool.name === name)

  async function require(name: string): Promise<PoolRecord> {
    const pool = await find(name)
    if (pool === undefined) throw notFound(`There is no pool "${name}". GET /api/v2/pools lists them.`)
    return pool
  }

  async function shownPool(name: string) {
    const [shown] = await shownPools([await require(name)])
    return shown!
  }

  app.get(
    '/pools',
    {
      config: { role: 'viewer' },
      schema: {
        tags: ['Pool'],
        querystring: Closed({
          ...paging,
          order_by: orderBy,
          pool_name_pattern: Type.Optional(Type.String({ maxLength: 250 })),
        }),
        response: answers(Closed({ pools: Type.Array(PoolBody), total_entries: Type.Integer() })),
      },
    },
    async ({ query }) => {
      const orders = { name: 'name', id: 'name', slots: 'slots' } as const
      const order = readOrder(query.order_by, orders, { field: 'name', falling: false })
      const isWanted = likePattern(query.pool_name_pattern ?? '')
      const found = (await listPools(parts.pool)).filter((pool) => isWanted(pool.name))
      const sorted = sortBy(found, order.falling, (pool) => pool[order.field])
      return { pools: await shownPools(page(sorted, query)), total_entries: found.length }
    },
  )

  app.get(
    '/pools/:pool_name',
    { config: { role: 'viewer' }, schema: { tags: ['Pool'], params: PoolPath, response: answers(PoolBody) } },
    async ({ params }) => shownPool(params.pool_name),
  )

  app.post(
    '/pools',
    {
      config: { role: 'operator' },
      schema: {
        tags: ['Pool'],
        body: Closed({
          name: Type.String({ minLength: 1, maxLength: 250 }),
          slots: Slots,
          description: Description,
          include_deferred: Type.Optional(Type.Literal(false)),
        }),
        response: { ...commandAnswers(PoolBody), 201: PoolBody },
      },
    },
    async (request, reply) => {
      const { name, slots, description } = request.body
      if ((await find(name)) !== undefined) {
        throw new EarlyReply(409, `There is a pool "${name}" already. PATCH /api/v2/pools/${name} changes it.`)
      }
      const more = description == null ? {} : { description }
      await sendCommand(parts, request, { kind: 'set-pool', name, slots, ...more })
      return reply.code(201).send(await shownPool(name))
    },
  )

  app.patch(
    '/pools/:pool_name',
    {
      config: { role: 'operator' },
      schema: {
        tags: ['Pool'],
        params: PoolPath,
        querystring: Closed({ update_mask: several(Type.Enum(['slots', 'description', 'include_deferred'])) }),
        body: Closed({
          name: Type.Optional(Type.String({ maxLength: 250 })),
          pool: Type.Optional(Type.String({ maxLength: 250 })),
          slots: Type.Optional(Slots),
          description: Description,
          include_deferred: Type.Optional(Type.Literal(false)),
        }),
        response: commandAnswers(PoolBody),
      },
    },
    async (request) => {
      const { body, params, query } = request
      const before = await require(params.pool_name)
      const renamed = [body.name, body.pool].find((name) => name !== undefined && name !== before.name)
      if (renamed !== undefined) {
        throw new EarlyReply(
          400,
          `The name is "${renamed}", but the address names "${before.name}"; it cannot be changed.`,
        )
      }
      const has = (name: string) => query.update_mask?.includes(name) !== false
      await sendCommand(parts, request, {
        kind: 'set-pool',
        name: before.name,
        slots: (has('slots') ? body.slots : undefined) ?? before.slots,
        ...(has('description') && body.description !== undefined ? { description: body.description ?? '' } : {}),
      })
      return shownPool(before.name)
    },
  )

  app.delete(
    '/pools/:pool_name',
    {
      config: { role: 'operator' },
      schema: { tags: ['Pool'], params: PoolPath, response: { ...commandAnswers(Type.Unknown()), 204: Type.Null() } },
    },
    async (request, reply) => {
      const { name } = await require(request.params.pool_name)
      await sendCommand(parts, request, { kind: 'delete-pool', name })
      return reply.code(204).send(null)
    },
  )
}
