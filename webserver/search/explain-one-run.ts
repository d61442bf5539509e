/** Gathers from the tables what explains a run (`core/explain-run.ts`). Nothing is written. */
import { explainRun, tellingTis } from '../../core/explain-run.ts'
import type { RunRecord } from '../../core/records.ts'
import { newestCompensations } from '../../database/queries/compensations.ts'
import { pageLetters } from '../../database/queries/dead-letters.ts'
import { listEvents } from '../../database/queries/events.ts'
import { readHealth } from '../../database/queries/overview.ts'
import { listTis } from '../../database/queries/task-instances.ts'
import { lastTries } from '../../database/queries/ti-pages.ts'
import { readWaitingFacts } from '../../database/queries/waiting-facts.ts'
import type { ReadParts } from '../api-parts.ts'
import { requireDag } from '../load-run.ts'
import { shownLetter } from '../schemas/dead-letter.ts'
import { shownTiState } from '../schemas/values.ts'

const MOST_LETTERS = 5
const MOST_EVENTS = 1_000

export async function explainOneRun(parts: ReadParts, run: RunRecord) {
  const { pool, defaults, slots } = parts
  // Of a run that went well its end is all there is to say.
  const tis = run.state === 'success' ? [] : await listTis(pool, run.id)
  const version = (await parts.versionsOf([run.versionId])).get(run.versionId) ?? null
  const graph = version?.graph ?? null
  const compensations = tis.length === 0 ? [] : await newestCompensations(pool, run.id)
  const telling = tellingTis({ run, tis, graph, compensations })
  const tries = await lastTries(pool, telling)
  // Marked by hand: only the history says by whom.
  const isByHand = telling.some((ti) => ti.state === 'failed' && tries.get(ti.id)?.cause == null)
  const {
    summary,
    tis: explained,
    more,
  } = explainRun({
    dag: await requireDag(parts, run.dagId),
    run,
    tis,
    version,
    graph,
    lastTries: tries,
    compensations,
    events: isByHand ? await listEvents(pool, run.id, { limit: MOST_EVENTS }) : [],
    ...(await readWaitingFacts(pool, run)),
    defaults,
    slots,
    leading: (await readHealth(pool)).scheduler?.isAlive === true,
    now: parts.now(),
  })
  const { letters } = await pageLetters(pool, { dagRunId: run.id, limit: MOST_LETTERS })
  return {
    explanation: {
      summary,
      task_instances: explained.map(({ ti, reasons }) => ({
        task_id: ti.taskId,
        map_index: ti.mapIndex,
        exact_state: shownTiState(ti.state),
        try_number: ti.tryNumber,
        reasons: reasons.map(({ code, message }) => ({ code, message })),
      })),
      more,
    },
    dead_letters: letters.map(shownLetter),
  }
}
