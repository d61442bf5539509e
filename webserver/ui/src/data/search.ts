/** What a name or a question is about, and why it is so. Read again when something happens to a run that it found. */
import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query'
import { API, get } from '../api/request.ts'
import type { SearchAnswer } from '../api/types.ts'
import { useLiveQueries } from './live.ts'

const EVERY_MS = 2_000

export function useSearchFor(question: string) {
  const client = useQueryClient()
  const queryKey = ['search', question]
  useLiveQueries([queryKey], {
    kinds: ['run.', 'ti.', 'letter.'],
    everyMs: EVERY_MS,
    patch: (events) => {
      const found = client.getQueryData<SearchAnswer>(queryKey)
      const shown = new Set(found?.runs.map(({ run }) => run.id))
      return events.some(({ dag_run_id: id }) => id !== null && shown.has(id))
    },
  })
  return useQuery({
    queryKey,
    enabled: question !== '',
    queryFn: ({ signal }) => get<SearchAnswer>(`${API}/search`, { q: question }, signal),
    placeholderData: keepPreviousData,
  })
}
