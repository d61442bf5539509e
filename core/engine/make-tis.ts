/** The TIs of a run: made when it is promoted, of a large run over several ticks. */
import type { RunRecord } from '../records.ts'
import type { Draft } from './draft.ts'
import { RunDraft } from './run-draft.ts'

/** Most TIs made for one run in a tick: a larger run gets them over several, and other Dags have their turn in between. */
const TI_BUDGET = 2000

/** A cleared run waits in the queue with its TIs; any other gets fresh ones, as many as one tick makes. */
export function withTis(draft: Draft, record: RunRecord): RunDraft {
  let run = draft.run(record.id)
  if (run === undefined) {
    run = RunDraft.withoutTis(record, draft.graph(record.versionId))
    draft.runs.set(record.id, run)
  }
  if (!run.isComplete) makeTis(draft, run, TI_BUDGET)
  return run
}

function makeTis(draft: Draft, run: RunDraft, budget: number): void {
  const firstIndex = run.size
  const count = Math.min(budget, run.graph.tasks.length - firstIndex)
  const firstId = draft.takeId('ti', count)
  draft.history.madeTis(run.record.id, firstId, firstIndex, count)
  draft.rows += run.grow(firstId, count) + 1
}

/** For commands that reach a large run while its TIs are being made: the rest of them, now. */
export function completeTis(draft: Draft, run: RunDraft): void {
  if (run.size > 0 && !run.isComplete) makeTis(draft, run, Number.POSITIVE_INFINITY)
}
