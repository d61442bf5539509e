/** «There is no such thing», with the nearest thing there is. */
import { didYouMean } from '../../core/config/nearest-name.ts'
import { getDag, listDags } from '../../database/queries/dags.ts'
import { listRuns } from '../../database/queries/runs.ts'
import { CommandFailure } from '../command-failure.ts'
import type { Pool } from '../database-access.ts'

export async function unknownDag(pool: Pool, dagId: string): Promise<never> {
  const known = await listDags(pool, { limit: 10_000 })
  const suggestion = didYouMean(
    dagId,
    known.map((dag) => dag.dagId),
  )
  throw new CommandFailure(
    `There is no Dag "${dagId}".${suggestion}`,
    'See: tradewind dags list, tradewind dags errors',
  )
}

export async function unknownRun(pool: Pool, dagId: string, runId: string): Promise<never> {
  if ((await getDag(pool, dagId)) === null) return unknownDag(pool, dagId)
  const known = await listRuns(pool, { dagId, limit: 1_000 })
  const suggestion = didYouMean(
    runId,
    known.map((run) => run.runId),
  )
  throw new CommandFailure(`Dag "${dagId}" has no run "${runId}".${suggestion}`, `See: tradewind runs list ${dagId}`)
}

export function unknownTask(taskId: string, known: readonly string[]): CommandFailure {
  const suggestion = didYouMean(taskId, known)
  return new CommandFailure(`The run has no task "${taskId}".${suggestion}`, `Its tasks: ${known.join(', ')}`)
}
