/** The platform itself: who leads, whether it drains, its settings, and the answer to a command that took its time. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { sectionOf } from '../../core/config/schema.ts'
import { countOpenLetters } from '../../database/queries/dead-letters.ts'
import { getCommand, isDraining } from '../../database/queries/inbox.ts'
import { countOpenStates, readHealth } from '../../database/queries/overview.ts'
import type { ApiParts } from '../api-parts.ts'
import { notFound } from '../error-replies.ts'
import { answers, Closed, commandAnswers, Instant, MaybeInstant, MaybeText, Nullable } from '../schemas/shapes.ts'
import { iso } from '../schemas/values.ts'
import { sendCommand } from '../send-command.ts'

const Platform = Closed({
  leading: Type.Boolean({ description: 'A scheduler holds the lease.' }),
  leader: MaybeText,
  draining: Type.Boolean({ description: 'No new tries until it is resumed.' }),
  open_runs: Type.Record(Type.String(), Type.Integer()),
  open_task_instances: Type.Record(Type.String(), Type.Integer()),
  open_dead_letters: Type.Integer({ description: 'Counting stops at 10,000.' }),
})

const CommandBody = Closed({
  command_id: Type.Integer(),
  kind: Type.String(),
  actor: Type.String(),
  created_at: Instant,
  answered_at: MaybeInstant,
  state: Type.Enum(['pending', 'done', 'refused']),
  value: Type.Unknown({ description: 'What it did, when done.' }),
  code: MaybeText,
  detail: MaybeText,
  last_event_id: Nullable(Type.Integer()),
})

export const platformRoutes: FastifyPluginAsyncTypebox<ApiParts> = async (app, parts) => {
  async function platform() {
    const [health, draining, counts, letters] = await Promise.all([
      readHealth(parts.pool),
      isDraining(parts.pool),
      countOpenStates(parts.pool),
      countOpenLetters(parts.pool),
    ])
    const leads = health.scheduler?.isAlive === true
    return {
      leading: leads,
      leader: leads ? (health.scheduler?.holder ?? null) : null,
      draining,
      open_runs: { ...counts.runs },
      open_task_instances: { ...counts.tis },
      open_dead_letters: letters,
    }
  }

  app.get(
    '/platform',
    { config: { role: 'viewer' }, schema: { tags: ['Platform'], response: answers(Platform) } },
    platform,
  )

  for (const kind of ['drain', 'resume'] as const) {
    app.post(
      `/platform/${kind}`,
      { config: { role: 'admin' }, schema: { tags: ['Platform'], response: commandAnswers(Platform) } },
      async (request) => {
        await sendCommand(parts, request, { kind })
        return platform()
      },
    )
  }

  app.get(
    '/commands/:command_id',
    {
      config: { role: 'operator' },
      schema: {
        tags: ['Platform'],
        params: Closed({ command_id: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }) }),
        response: answers(CommandBody),
      },
    },
    async ({ params }) => {
      const command = await getCommand(parts.pool, params.command_id)
      if (command === null) throw notFound(`There is no command ${params.command_id}; it may have been cleaned up.`)
      const { answer } = command
      return {
        command_id: command.id,
        kind: command.kind,
        actor: command.actor,
        created_at: iso(command.createdAt),
        answered_at: iso(command.answeredAt),
        state: answer === null ? ('pending' as const) : answer.ok ? ('done' as const) : ('refused' as const),
        value: answer?.ok === true ? (JSON.parse(answer.value) as unknown) : null,
        code: answer?.ok === false ? answer.code : null,
        detail: answer?.ok === false ? answer.message : null,
        last_event_id: command.lastEventId,
      }
    },
  )

  app.get(
    '/config',
    {
      config: { role: 'admin' },
      schema: {
        tags: ['Config'],
        querystring: Closed({ section: Type.Optional(Type.String({ maxLength: 100 })) }),
        response: answers(
          Closed({
            sections: Type.Array(
              Closed({
                name: Type.String(),
                options: Type.Array(Closed({ key: Type.String(), value: Type.String(), source: Type.String() })),
              }),
            ),
          }),
        ),
      },
    },
    async ({ query }) => {
      const groups = Map.groupBy(parts.settings, ({ key }) => sectionOf(key))
      return {
        sections: [...groups]
          .filter(([name]) => query.section === undefined || query.section === name)
          .map(([name, options]) => ({
            name,
            options: options.map(({ key, ...one }) => ({ key: key.slice(key.indexOf('.') + 1), ...one })),
          })),
      }
    },
  )
}
