/** Dead letters for whoever looks: pages, groups, one in full. Nothing is written. */
import type { Static } from 'typebox'
import {
  type LetterCursor,
  type LetterFilter,
  type LetterStatus,
  pageLetters,
} from '../../database/queries/dead-letters.ts'
import { getLetter } from '../../database/queries/letter-detail.ts'
import { pageLetterGroups } from '../../database/queries/letter-groups.ts'
import { getRun } from '../../database/queries/runs.ts'
import type { ReadParts } from '../api-parts.ts'
import { EarlyReply, notFound } from '../error-replies.ts'
import { maybeInstant } from '../read-query.ts'
import { type LetterDetails, type LetterQuery, shownGroup, shownLetter } from '../schemas/dead-letter.ts'
import { iso } from '../schemas/values.ts'
import { showInputs } from '../show-inputs.ts'
import { readLetterId } from './letter-id.ts'

type Pool = ReadParts['pool']

export interface LetterPageQuery extends LetterQuery {
  readonly status?: readonly LetterStatus[]
  readonly limit?: number
  readonly cursor?: string
}

/** `null`: it names a run that is not there, so no letter fits. */
export async function letterFilterOf(pool: Pool, query: LetterQuery): Promise<LetterFilter | null> {
  if (query.dag_run_id !== undefined && query.dag_id === undefined) {
    throw new EarlyReply(400, 'dag_run_id names a run of a Dag: give dag_id with it.')
  }
  const run =
    query.dag_run_id === undefined || query.dag_id === undefined
      ? undefined
      : await getRun(pool, { dagId: query.dag_id, runId: query.dag_run_id })
  if (run === null) return null
  const [from, to] = [maybeInstant(query.at_gte, 'at_gte'), maybeInstant(query.at_lte, 'at_lte')]
  return {
    ...(query.dag_id === undefined ? {} : { dagId: query.dag_id }),
    ...(run === undefined ? {} : { dagRunId: run.id }),
    ...(query.task_id === undefined ? {} : { taskId: query.task_id }),
    ...(query.kind === undefined ? {} : { kind: query.kind }),
    ...(query.fingerprint === undefined ? {} : { fingerprint: query.fingerprint }),
    ...(query.correlation_id === undefined ? {} : { correlationId: query.correlation_id }),
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    ...(query.text === undefined ? {} : { text: query.text }),
  }
}

export async function readLetters({ pool }: Pick<ReadParts, 'pool'>, query: LetterPageQuery) {
  const limit = Math.max(1, query.limit ?? 50)
  const filter = await letterFilterOf(pool, query)
  if (filter === null) return { dead_letters: [], next_cursor: null }
  const { letters, next } = await pageLetters(pool, {
    ...filter,
    ...(query.status === undefined ? {} : { statuses: query.status }),
    ...(query.cursor === undefined ? {} : { cursor: readLetterCursor(query.cursor) }),
    limit,
  })
  return { dead_letters: letters.map(shownLetter), next_cursor: next === null ? null : letterCursorText(next) }
}

export interface GroupQuery extends Pick<LetterQuery, 'dag_id' | 'at_gte' | 'at_lte'> {
  readonly status?: readonly LetterStatus[]
  readonly limit?: number
  readonly cursor?: string
}

export async function readLetterGroups({ pool }: Pick<ReadParts, 'pool'>, query: GroupQuery) {
  const limit = Math.max(1, query.limit ?? 50)
  const [from, to] = [maybeInstant(query.at_gte, 'at_gte'), maybeInstant(query.at_lte, 'at_lte')]
  const [at = '', ...print] = (query.cursor ?? '').split(':')
  const groups = await pageLetterGroups(pool, {
    ...(query.dag_id === undefined ? {} : { dagId: query.dag_id }),
    ...(query.status === undefined ? {} : { statuses: query.status }),
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    ...(query.cursor === undefined ? {} : { cursor: { lastAt: Number(at), fingerprint: print.join(':') } }),
    limit,
  })
  const last = groups.at(-1)
  return {
    groups: groups.map(shownGroup),
    next_cursor: groups.length < limit || last === undefined ? null : `${last.lastAt}:${last.fingerprint}`,
  }
}

export async function readLetter(
  parts: Pick<ReadParts, 'pool' | 'versionsOf'>,
  id: string,
): Promise<Static<typeof LetterDetails>> {
  const letter = await getLetter(parts.pool, readLetterId(id))
  if (letter === null) throw notFound(`There is no dead letter ${id}. GET /api/v2/deadLetters lists them.`)
  const run = await getRun(parts.pool, { id: letter.dagRunId })
  const version = (await parts.versionsOf([letter.versionId])).get(letter.versionId)
  const task = version?.serialized.tasks.find((one) => one.taskId === letter.taskId)
  const inputs = run === null || task === undefined ? [] : await showInputs(parts, run, task, letter.forward)
  return {
    ...shownLetter(letter),
    cause: letter.try?.cause ?? null,
    start_date: iso(letter.try?.startDate ?? null),
    end_date: iso(letter.try?.endDate ?? null),
    hostname: letter.try?.host ?? null,
    forward_try: letter.forwardTry,
    inputs,
    input_overrides: letter.inputOverrides === null ? null : (JSON.parse(letter.inputOverrides) as unknown),
    life: letter.life,
    newest_version_number: letter.newestVersionNumber,
  }
}

function letterCursorText({ at, tiId, tryNumber }: LetterCursor): string {
  return `${at}:${tiId}:${tryNumber}`
}

function readLetterCursor(text: string): LetterCursor {
  const [at = 0, tiId = 0, tryNumber = 0] = text.split(':').map(Number)
  return { at, tiId, tryNumber }
}
