/** A Dag's template of the correlation id, checked where its params are known: a run would have none for a slip. */
import { templateProblem } from '../../core/correlation.ts'
import type { ImportProblem, SerializedDag } from '../../core/serialized-dag.ts'

export function checkCorrelation({ dagId, correlationId, params, file, line }: SerializedDag): ImportProblem[] {
  const problem = correlationId === undefined ? null : templateProblem(correlationId, params)
  if (problem === null) return []
  return [
    {
      code: 'bad-correlation-id',
      message: `The Dag "${dagId}" cannot name its runs: ${problem.message}.`,
      remedy: sentence(problem.remedy),
      file,
      dagId,
      ...(line === undefined ? {} : { line }),
    },
  ]
}

function sentence(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`
}
