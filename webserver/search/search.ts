/**
 * One box over everything that has a name: «why did order 12345 get stuck?» finds the runs of that business id and says of
 * each what happened, in one request. Bounded: so many lookups by index, so many runs explained, whatever is asked.
 */
import { searchTerms } from '../../core/search-terms.ts'
import { runsByCorrelationPrefix } from '../../database/queries/correlated-runs.ts'
import { listDagRows } from '../../database/queries/dag-overview.ts'
import { lettersByKey } from '../../database/queries/letter-names.ts'
import { type RunListItem, runsByNumber } from '../../database/queries/runs.ts'
import { runsByCorrelations, runsByNames } from '../../database/queries/runs-by-names.ts'
import type { ReadParts } from '../api-parts.ts'
import { readLetterId } from '../letters/letter-id.ts'
import { shownRun } from '../schemas/run.ts'
import { explainOneRun } from './explain-one-run.ts'

const MOST_RUNS = 50
/** Newest first. */
const MOST_EXPLAINED = 10
const MOST_NAMES = 20
const MOST_PREFIXES = 4

type MatchedBy = 'correlation_id' | 'run_id' | 'number' | 'dead_letter' | 'correlation_prefix'

export async function search(parts: ReadParts, question: string) {
  const { exact, words } = searchTerms(question)
  const found = await findRuns(parts, exact, words)
  const shown = [...found.values()].sort((a, b) => b.run.id - a.run.id).slice(0, MOST_RUNS)
  const versions = await parts.versionsOf(shown.map(({ run }) => run.versionId))
  const runs = []
  for (const [place, { run, by }] of shown.entries()) {
    runs.push({
      run: shownRun(run, versions.get(run.versionId)),
      matched_by: by,
      ...(place < MOST_EXPLAINED ? await explainOneRun(parts, run) : { explanation: null, dead_letters: [] }),
    })
  }
  return { query: question, runs, more_runs: found.size > shown.length, ...(await findNames(parts, words)) }
}

interface Found {
  readonly run: RunListItem
  readonly by: MatchedBy
}

async function findRuns(
  { pool }: ReadParts,
  exact: readonly string[],
  words: readonly string[],
): Promise<ReadonlyMap<number, Found>> {
  const found = new Map<number, Found>()
  const add = (runs: readonly RunListItem[], by: MatchedBy) => {
    for (const run of runs) if (!found.has(run.id)) found.set(run.id, { run, by })
  }
  const numbers = async (ids: readonly number[]) => runsByNumber(pool, [...new Set(ids)].slice(0, MOST_RUNS + 1))
  add(await runsByCorrelations(pool, exact, MOST_RUNS + 1), 'correlation_id')
  add(await runsByNames(pool, [...new Set([...exact.slice(0, 2), ...words])], MOST_RUNS), 'run_id')
  const letters = await lettersByKey(pool, words.filter((word) => /^\d{1,15}-\d{1,9}$/.test(word)).map(readLetterId))
  add(await numbers(letters.map((letter) => letter.dagRunId)), 'dead_letter')
  if (found.size > 0) return found
  add(await numbers(words.filter((word) => /^\d{1,15}$/.test(word)).map(Number)), 'number')
  // What people type while they do not know the rest of it.
  for (const prefix of [...new Set([...exact.slice(0, 1), ...words])].slice(0, MOST_PREFIXES)) {
    if (prefix.length >= 2) add(await runsByCorrelationPrefix(pool, prefix, MOST_NAMES), 'correlation_prefix')
  }
  return found
}

/** Dags and tasks whose name holds a word, of Dags whose file is there. */
async function findNames(parts: ReadParts, words: readonly string[]) {
  const wanted = words.map((word) => word.toLowerCase())
  const fits = (name: string) => wanted.some((word) => name.toLowerCase().includes(word))
  if (wanted.length === 0) return { dags: [], tasks: [] }
  const rows = (await listDagRows(parts.pool)).filter((row) => row.isActive)
  const dags = rows.filter((row) => fits(row.dagId)).slice(0, MOST_NAMES)
  const versions = await parts.versionsOf(rows.map((row) => row.versionId))
  const tasks = []
  for (const row of rows) {
    for (const { taskId } of versions.get(row.versionId)?.serialized.tasks ?? []) {
      if (tasks.length < MOST_NAMES && fits(taskId)) tasks.push({ dag_id: row.dagId, task_id: taskId })
    }
  }
  return { dags: dags.map((row) => ({ dag_id: row.dagId, is_paused: row.isPaused })), tasks }
}
