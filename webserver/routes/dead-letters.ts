/** Dead letters: final failures. Redriving them, and discarding them with a reason. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { LetterName } from '../../core/records.ts'
import { letterNames } from '../../database/queries/letter-names.ts'
import type { ApiParts } from '../api-parts.ts'
import { notFound } from '../error-replies.ts'
import { changeLetters, MOST_OF_REQUEST } from '../redrive-letters.ts'
import { Closed, commandAnswers, MaybeText } from '../schemas/shapes.ts'

const LetterId = Type.String({
  pattern: '^[0-9]{1,15}-[0-9]{1,9}$',
  maxLength: 30,
  description: '`<number of the task instance>-<try>`',
})
const ids = Type.Array(LetterId, { minItems: 1, maxItems: MOST_OF_REQUEST })

const Changed = Closed({
  letters: Type.Array(
    Closed({
      id: Type.String(),
      outcome: Type.Enum(['done', 'refused', 'pending', 'left']),
      message: MaybeText,
    }),
  ),
  total_entries: Type.Integer(),
})

export const deadLetterRoutes: FastifyPluginAsyncTypebox<ApiParts> = async (app, parts) => {
  async function named(texts: readonly string[]): Promise<readonly LetterName[]> {
    const wanted = texts.map((text) => {
      const [tiId = 0, tryNumber = 0] = text.split('-').map(Number)
      return { tiId, tryNumber }
    })
    const found = await letterNames(parts.pool, wanted)
    if (found.length === 0) throw notFound(`There is no dead letter ${texts[0]}. GET /api/v2/deadLetters lists them.`)
    return found
  }

  const shown = (answers: Awaited<ReturnType<typeof changeLetters>>, texts: readonly string[]) => ({
    letters: texts.map((id) => ({
      id,
      ...(answers.get(id) ?? { outcome: 'refused' as const, message: `there is no dead letter ${id}` }),
    })),
    total_entries: texts.length,
  })

  app.post(
    '/deadLetters/redrive',
    {
      config: { role: 'operator' },
      schema: {
        tags: ['Dead Letter'],
        summary: 'Runs what failed for good again, with all below it',
        body: Closed({ ids }),
        response: commandAnswers(Changed),
      },
    },
    async (request) => {
      const texts = [...new Set(request.body.ids)]
      const letters = await named(texts)
      const command = (some: readonly LetterName[]) => ({ kind: 'redrive', letters: some }) as const
      return shown(await changeLetters(parts, request, letters, command), texts)
    },
  )

  app.post(
    '/deadLetters/discard',
    {
      config: { role: 'operator' },
      schema: {
        tags: ['Dead Letter'],
        summary: 'Takes dead letters out of the list of open ones, for a reason',
        body: Closed({ ids, reason: Type.String({ minLength: 1, maxLength: 1_000 }) }),
        response: commandAnswers(Changed),
      },
    },
    async (request) => {
      const { reason } = request.body
      const texts = [...new Set(request.body.ids)]
      const letters = await named(texts)
      const command = (some: readonly LetterName[]) => ({ kind: 'discard-letters', letters: some, reason }) as const
      return shown(await changeLetters(parts, request, letters, command), texts)
    },
  )
}
