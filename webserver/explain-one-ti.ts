/** Gathers from the tables what explains a TI (`core/explain-ti.ts`). Nothing is written. */
import { type Explanation, explainTi, waiting } from '../core/explain-ti.ts'
import type { RunRecord, TiRecord } from '../core/records.ts'
import { listEvents } from '../database/queries/events.ts'
import { readHealth } from '../database/queries/overview.ts'
import { listTis, listTries } from '../database/queries/task-instances.ts'
import { readWaitingFacts } from '../database/queries/waiting-facts.ts'
import type { ReadParts } from './api-parts.ts'
import { requireDag } from './load-run.ts'

const MOST_EVENTS = 10_000

/** `ti`: `null` while the run is queued and has none. */
export async function explainOneTi(
  parts: ReadParts,
  run: RunRecord,
  ti: TiRecord | null,
  taskId: string,
): Promise<readonly Explanation[]> {
  const dag = await requireDag(parts, run.dagId)
  const facts = {
    dag,
    run,
    tis: await listTis(parts.pool, run.id),
    version: (await parts.versionsOf([run.versionId])).get(run.versionId) ?? null,
    ...(await readWaitingFacts(parts.pool, run)),
    defaults: parts.defaults,
    slots: parts.slots,
    leading: (await readHealth(parts.pool)).scheduler?.isAlive === true,
    now: parts.now(),
  }
  if (ti === null) return waiting(facts, taskId)
  const tries = await listTries(parts.pool, ti.id)
  const events = await listEvents(parts.pool, run.id, { limit: MOST_EVENTS })
  return explainTi({ ...facts, ti, tries, events })
}
