/** Dead letters: by fault, as a list, one in full; and dealing with those that are chosen. */
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { API, get, post } from '../api/request.ts'
import type { LetterDetails, LetterGroupPage, LetterPage, LettersChanged } from '../api/types.ts'
import { LETTER_EVENTS } from './letter-events.ts'
import { useLiveQueries } from './live.ts'

const EVERY_MS = 2_000
const PER_PAGE = 50

/** In the names of the API. */
export interface LetterFilter {
  readonly dag_id?: string
  readonly dag_run_id?: string
  readonly task_id?: string
  readonly kind?: string
  readonly fingerprint?: string
  readonly correlation_id?: string
  readonly text?: string
  readonly at_gte?: string
  readonly at_lte?: string
}

type Statuses = readonly string[]

export function useLetters(filter: LetterFilter, status: Statuses) {
  useLiveQueries([['letters']], { kinds: LETTER_EVENTS, everyMs: EVERY_MS })
  return useInfiniteQuery({
    queryKey: ['letters', filter, status],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }) =>
      get<LetterPage>(`${API}/deadLetters`, { ...filter, status, cursor: pageParam, limit: PER_PAGE }, signal),
    getNextPageParam: (page) => page.next_cursor ?? null,
  })
}

export function useLetterGroups(filter: Pick<LetterFilter, 'dag_id' | 'at_gte' | 'at_lte'>, status: Statuses) {
  useLiveQueries([['letter-groups']], { kinds: LETTER_EVENTS, everyMs: EVERY_MS })
  return useInfiniteQuery({
    queryKey: ['letter-groups', filter, status],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }) =>
      get<LetterGroupPage>(
        `${API}/deadLetters/groups`,
        { ...filter, status, cursor: pageParam, limit: PER_PAGE },
        signal,
      ),
    getNextPageParam: (page) => page.next_cursor ?? null,
  })
}

export function useLetter(id: string) {
  useLiveQueries([['letter', id]], { kinds: LETTER_EVENTS, everyMs: EVERY_MS })
  return useQuery({
    queryKey: ['letter', id],
    queryFn: ({ signal }) => get<LetterDetails>(`${API}/deadLetters/${encodeURIComponent(id)}`, {}, signal),
  })
}

/** By their ids; or all open ones that fit, with how many that are said to be. */
export type LetterSelection =
  | { readonly ids: readonly string[] }
  | { readonly fingerprint?: string; readonly filter?: LetterFilter }

export type LetterChange =
  | {
      readonly kind: 'redrive'
      readonly newKeys: boolean
      readonly newest: boolean
      /** Arguments in place of those it had; of one letter only. */
      readonly inputs?: Readonly<Record<string, unknown>>
    }
  | { readonly kind: 'discard'; readonly reason: string }

/** Which letters are chosen. */
export function useChosenLetters(selection: LetterSelection) {
  return useQuery({
    queryKey: ['letters-chosen', selection],
    staleTime: 0,
    gcTime: 0,
    // Choosing is the same for both changes, and this one needs no reason.
    queryFn: () => post<LettersChanged>(`${API}/deadLetters/redrive`, { ...selection, dry_run: true }),
  })
}

export interface LetterOutcome {
  readonly done: number
  readonly refused: readonly { readonly id: string; readonly message: string }[]
  /** Some have no answer yet, or were not asked for: ask again. */
  readonly more: boolean
}

export function useChangeLetters(selection: LetterSelection) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: async (change: LetterChange) => outcomeOf(await post(pathOf(change), bodyOf(selection, change))),
    onSettled: () =>
      Promise.all(
        ['letters', 'letter-groups', 'letter', 'letters-chosen', 'platform'].map((name) =>
          client.invalidateQueries({ queryKey: [name] }),
        ),
      ),
  })
}

const pathOf = ({ kind }: LetterChange) => `${API}/deadLetters/${kind}`

function bodyOf(selection: LetterSelection, change: LetterChange): unknown {
  if (change.kind === 'discard') return { ...selection, reason: change.reason }
  const { newKeys, newest, inputs } = change
  return {
    ...selection,
    new_idempotency_keys: newKeys,
    run_on_latest_version: newest,
    ...(inputs === undefined ? {} : { inputs }),
  }
}

/** What the scheduler itself says of one command, where the server did not wait for it. */
interface CommandValue {
  readonly redriven?: readonly unknown[]
  readonly discarded?: readonly unknown[]
  readonly refused: readonly { readonly ti_id: number; readonly try_number: number; readonly message: string }[]
}

function outcomeOf(answer: unknown): LetterOutcome {
  if (typeof answer === 'object' && answer !== null && 'letters' in answer) {
    const { done, letters, more } = answer as LettersChanged
    const refused = letters.filter((letter) => letter.outcome === 'refused')
    return {
      done,
      refused: refused.map(({ id, message }) => ({ id, message: message ?? 'refused' })),
      more: more || letters.some(({ outcome }) => outcome === 'pending'),
    }
  }
  const { redriven = [], discarded = [], refused } = answer as CommandValue
  return {
    done: redriven.length + discarded.length,
    refused: refused.map((one) => ({ id: `${one.ti_id}-${one.try_number}`, message: one.message })),
    // Only the first command of the change was sent.
    more: redriven.length + discarded.length + refused.length >= MOST_OF_COMMAND,
  }
}

/** Letters of one command. */
const MOST_OF_COMMAND = 100
