/** Task instances with what is shown beside them: the last try, the note, the version. A fixed number of queries. */
import type { RunRecord, TiRecord } from '../core/records.ts'
import type { TiState } from '../core/states.ts'
import { compensationTries } from '../database/queries/compensations.ts'
import { lastTries, notesOf } from '../database/queries/ti-pages.ts'
import type { ApiParts } from './api-parts.ts'
import { shownTi, type UndoneTries } from './schemas/task-instance.ts'

const OF_SAGAS: ReadonlySet<TiState> = new Set(['compensating', 'compensated', 'compensation_failed'])

/** Which try each try of some TIs undid; an ordinary one undid none. */
export async function undoneTries(pool: ApiParts['pool'], tis: readonly TiRecord[]): Promise<UndoneTries> {
  const found = Map.groupBy(
    await compensationTries(
      pool,
      tis.map((ti) => ti.id),
    ),
    (row) => row.tiId,
  )
  return (tiId, tryNumber) => {
    const row = found.get(tiId)?.find((one) => tryNumber > one.forwardTry && tryNumber <= one.lastTry)
    return row?.forwardTry ?? null
  }
}

/** Of one run, or of the runs given by number. */
export async function showTis(
  parts: ApiParts,
  runs: RunRecord | ReadonlyMap<number, RunRecord>,
  tis: readonly TiRecord[],
) {
  const byId: ReadonlyMap<number, RunRecord> =
    runs instanceof Map ? runs : new Map([[(runs as RunRecord).id, runs as RunRecord]])
  const versions = await parts.versionsOf([...byId.values()].map((run) => run.versionId))
  const tries = await lastTries(parts.pool, tis)
  const notes = await notesOf(parts.pool, tis)
  const undone = await undoneTries(
    parts.pool,
    tis.filter((ti) => OF_SAGAS.has(ti.state)),
  )
  return tis.flatMap((ti) => {
    const run = byId.get(ti.dagRunId)
    // Deleted between two reads.
    if (run === undefined) return []
    return [
      shownTi(ti, {
        run,
        version: versions.get(run.versionId),
        lastTry: tries.get(ti.id),
        note: notes.get(ti.id),
        undone,
      }),
    ]
  })
}
