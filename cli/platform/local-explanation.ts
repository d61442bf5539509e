/** Why a task instance is where it is: gathers what `core/explain-ti.ts` asks for. */
import { platformDefaults } from '../../core/config/platform-defaults-from-config.ts'
import { explainTi, waiting } from '../../core/explain-ti.ts'
import { readVersions } from '../../database/queries/dag-overview.ts'
import { listEvents } from '../../database/queries/events.ts'
import { readHealth } from '../../database/queries/overview.ts'
import { listTis, listTries } from '../../database/queries/task-instances.ts'
import { readWaitingFacts } from '../../database/queries/waiting-facts.ts'
import type { Pool } from '../database-access.ts'
import { findRun, findTi } from '../find-ti.ts'
import type { ProgramConfig } from '../load-config.ts'
import type { Run, Why } from './platform.ts'
import { requireDag } from './require-dag.ts'
import { shownTi, shownTry } from './shown.ts'

const MOST_EVENTS = 10_000

interface Reach {
  readonly program: ProgramConfig
  readonly pool: Pool
}

export async function explain(
  { program, pool }: Reach,
  { dag_id, dag_run_id }: Run,
  taskId: string,
  mapIndex: number,
): Promise<Why> {
  const { config } = program
  const run = await findRun(pool, dag_id, dag_run_id)
  const dag = await requireDag(pool, dag_id)
  const general = {
    dag,
    run,
    tis: await listTis(pool, run.id),
    version: (await readVersions(pool, [run.versionId]))[0] ?? null,
    ...(await readWaitingFacts(pool, run)),
    defaults: platformDefaults(config),
    slots: config['executor.slots'] ?? config['scheduler.parallelism'],
    leading: (await readHealth(pool)).scheduler?.isAlive === true,
    now: Date.now(),
  }
  if (general.tis.length === 0) return { ti: null, tries: [], reasons: waiting(general, taskId) }
  const ti = await findTi(pool, { id: run.id, dag_id, dag_run_id, state: run.state }, taskId, mapIndex)
  const tries = await listTries(pool, ti.id)
  const events = await listEvents(pool, run.id, { limit: MOST_EVENTS })
  const reasons = explainTi({ ...general, ti, tries, events })
  return { ti: shownTi(ti, tries.at(-1)), tries: tries.map(shownTry), reasons }
}
