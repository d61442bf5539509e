/** Dead letters, the failures for good: to look into, to redrive, to discard with a reason. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { LetterName } from '../../core/records.ts'
import type { ApiParts } from '../api-parts.ts'
import { EarlyReply } from '../error-replies.ts'
import { changeLetters, MOST_OF_REQUEST } from '../letters/change-letters.ts'
import { readLetter, readLetterGroups, readLetters } from '../letters/read-letters.ts'
import { GroupBody, LetterBody, LetterDetails, LetterId, LetterStatus, letterFilter } from '../schemas/dead-letter.ts'
import { AFTER_CLEAR, afterClear, answers, Closed, commandAnswers, MaybeText, paging } from '../schemas/shapes.ts'
import { sendCommand } from '../send-command.ts'

const chosen = {
  ids: Type.Optional(Type.Array(LetterId, { minItems: 1, maxItems: MOST_OF_REQUEST })),
  fingerprint: letterFilter.fingerprint,
  filter: Type.Optional(Closed(letterFilter)),
  dry_run: Type.Optional(Type.Boolean({ default: false, description: 'Only list the letters that are chosen.' })),
}

const Changed = Closed({
  dry_run: Type.Boolean(),
  letters: Type.Array(
    Closed({
      id: LetterId,
      dag_id: Type.String(),
      dag_run_id: Type.String(),
      task_id: Type.String(),
      map_index: Type.Integer(),
      kind: Type.Enum(['task', 'compensation']),
      status: Type.Union([LetterStatus], { description: 'Before.' }),
      outcome: Type.Enum(['planned', 'done', 'refused', 'pending', 'left'], {
        description: '`left`: not sent, since what was sent before it was not answered in time.',
      }),
      message: MaybeText,
    }),
  ),
  unknown: Type.Array(Type.String(), { description: 'Ids that no letter has.' }),
  done: Type.Integer(),
  refused: Type.Integer(),
  more: Type.Boolean({ description: `More than ${MOST_OF_REQUEST} are chosen, or some were left: ask again.` }),
})

const status = Type.Optional(Type.Array(LetterStatus, { maxItems: 3 }))

export const deadLetterRoutes: FastifyPluginAsyncTypebox<ApiParts> = async (app, parts) => {
  app.get(
    '/deadLetters',
    {
      config: { role: 'viewer' },
      schema: {
        tags: ['Dead Letter'],
        summary: 'Failures for good, newest first; open ones unless a status is named',
        querystring: Closed({
          ...letterFilter,
          status,
          limit: paging.limit,
          cursor: Type.Optional(Type.String({ pattern: '^[0-9]{1,15}:[0-9]{1,15}:[0-9]{1,9}$', maxLength: 50 })),
        }),
        response: answers(Closed({ dead_letters: Type.Array(LetterBody), next_cursor: MaybeText })),
      },
    },
    async ({ query }) => {
      const page = await readLetters(parts, query)
      return query.limit === 0 ? { ...page, dead_letters: [] } : page
    },
  )

  app.get(
    '/deadLetters/groups',
    {
      config: { role: 'viewer' },
      schema: {
        tags: ['Dead Letter'],
        summary: 'Letters by fingerprint, that is, probably by fault: how often, since when, one of them',
        querystring: Closed({
          dag_id: letterFilter.dag_id,
          at_gte: letterFilter.at_gte,
          at_lte: letterFilter.at_lte,
          status,
          limit: paging.limit,
          cursor: Type.Optional(Type.String({ pattern: '^[0-9]{1,15}:.{1,200}$', maxLength: 220 })),
        }),
        response: answers(Closed({ groups: Type.Array(GroupBody), next_cursor: MaybeText })),
      },
    },
    async ({ query }) => {
      const page = await readLetterGroups(parts, query)
      return query.limit === 0 ? { ...page, groups: [] } : page
    },
  )

  app.get(
    '/deadLetters/:letter_id',
    {
      config: { role: 'viewer' },
      schema: {
        tags: ['Dead Letter'],
        summary: 'One letter with its cause, inputs and versions',
        params: Closed({ letter_id: LetterId }),
        response: answers(LetterDetails),
      },
    },
    async ({ params }) => readLetter(parts, params.letter_id),
  )

  app.post(
    '/deadLetters/redrive',
    {
      config: { role: 'operator' },
      schema: {
        tags: ['Dead Letter'],
        summary: 'Runs what failed for good again, with all below it; a failed compensation is tried again',
        body: Closed({
          ...chosen,
          ...AFTER_CLEAR,
          inputs: Type.Optional(
            Type.Record(Type.String(), Type.Unknown(), {
              description: 'Arguments in place of those it had; for one letter by its id.',
            }),
          ),
        }),
        response: commandAnswers(Changed),
      },
    },
    async (request) => {
      const { body } = request
      if (body.inputs !== undefined && body.ids?.length !== 1) {
        throw new EarlyReply(400, 'inputs go with one letter: give its id alone in ids, or leave inputs out.')
      }
      const more = {
        ...afterClear(body),
        ...(body.inputs === undefined ? {} : { inputs: JSON.stringify(body.inputs) }),
      }
      return changeLetters(
        parts,
        body,
        (letters: readonly LetterName[]) => ({ kind: 'redrive', letters, ...more }),
        (command, part) => sendCommand(parts, request, command, part),
      )
    },
  )

  app.post(
    '/deadLetters/discard',
    {
      config: { role: 'operator' },
      schema: {
        tags: ['Dead Letter'],
        summary: 'Takes letters out of the open ones, for a reason',
        body: Closed({ ...chosen, reason: Type.String({ minLength: 1, maxLength: 1_000 }) }),
        response: commandAnswers(Changed),
      },
    },
    async (request) => {
      const { body } = request
      return changeLetters(
        parts,
        body,
        (letters: readonly LetterName[]) => ({ kind: 'discard-letters', letters, reason: body.reason }),
        (command, part) => sendCommand(parts, request, command, part),
      )
    },
  )
}
