/** The arguments of a try as they were, or of the next one as they would be. */
import type { RunRecord, TryRecord } from '../core/records.ts'
import type { SerializedTask } from '../core/serialized-dag.ts'
import { upstreamValues } from '../database/queries/input-tries.ts'
import type { ReadParts } from './api-parts.ts'
import { inputsOf, MOST_BYTES, upstreamsOf } from './input-values.ts'

export async function showInputs(
  { pool }: Pick<ReadParts, 'pool'>,
  run: Pick<RunRecord, 'id' | 'conf'>,
  task: SerializedTask,
  one: TryRecord | null,
) {
  const which = { dagRunId: run.id, taskIds: upstreamsOf(task), queuedAt: one?.queuedAt ?? null }
  return inputsOf(task, run.conf, await upstreamValues(pool, which, MOST_BYTES))
}
