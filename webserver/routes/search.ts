/** One search box over business ids, runs, Dags, tasks and dead letters, with the reasons of what it finds. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { ApiParts } from '../api-parts.ts'
import { LetterBody } from '../schemas/dead-letter.ts'
import { RunBody } from '../schemas/run.ts'
import { answers, Closed, Nullable } from '../schemas/shapes.ts'
import { ShownTiState } from '../schemas/values.ts'
import { search } from '../search/search.ts'

const Explanation = Closed({
  summary: Type.String({ description: 'Why the run is where it is, in a sentence.' }),
  task_instances: Type.Array(
    Closed({
      task_id: Type.String(),
      map_index: Type.Integer(),
      exact_state: ShownTiState,
      try_number: Type.Integer(),
      reasons: Type.Array(Closed({ code: Type.String(), message: Type.String() })),
    }),
    { description: 'Those that say more than that they wait for others, or have ended well.' },
  ),
  more: Type.Integer({ description: 'Of them, how many were left out.' }),
})

const Answer = Closed({
  query: Type.String(),
  runs: Type.Array(
    Closed({
      run: RunBody,
      matched_by: Type.Enum(['correlation_id', 'run_id', 'number', 'dead_letter', 'correlation_prefix']),
      explanation: Nullable(Explanation),
      dead_letters: Type.Array(LetterBody, { description: 'Open ones.' }),
    }),
    { description: 'Newest first; the first ten are explained.' },
  ),
  more_runs: Type.Boolean(),
  dags: Type.Array(Closed({ dag_id: Type.String(), is_paused: Type.Boolean() })),
  tasks: Type.Array(Closed({ dag_id: Type.String(), task_id: Type.String() })),
})

export const searchRoutes: FastifyPluginAsyncTypebox<ApiParts> = async (app, parts) => {
  app.get(
    '/search',
    {
      config: { role: 'viewer' },
      schema: {
        tags: ['Search'],
        summary: 'What a name or a question such as «why did order 12345 get stuck?» is about, and why it is so',
        querystring: Closed({ q: Type.String({ minLength: 1, maxLength: 300 }) }),
        response: answers(Answer),
      },
    },
    async ({ query }) => search(parts, query.q),
  )
}
