/**
 * Deleting a Dag, a piece in each tick. The command stays open in the inbox until the last piece is gone, so a new leader
 * goes on where the old one was; each tick is told the next piece (`Found.doomedDags`). Invariants: nothing of it runs or
 * starts meanwhile (it is paused and inactive first); no row is erased that the same tick writes; a run that is partly
 * erased is not open, so that a load never meets it.
 */
import type { CommandAnswer, CommandRecord } from '../records.ts'
import { FINISHED_RUN_STATES } from '../states.ts'
import { accept, refuse } from './answers.ts'
import type { Draft } from './draft.ts'
import { poolKey } from './limits.ts'
import { plan } from './runs.ts'

/** `null`: not done yet; the command is to be taken again in the next tick. */
export function deleteDag(draft: Draft, { actor }: CommandRecord, dagId: string): CommandAnswer | null {
  const dag = draft.dag(dagId)
  if (dag === undefined) return refuse('dag-not-found', `there is no Dag "${dagId}"; see \`tradewind dags list\``)
  const { rare, memory } = draft
  const piece = rare.found.doomedDags.get(dagId)
  if (piece === undefined) return null
  if (piece.live.length > 0) {
    const names = piece.live.map(({ runId, taskId }) => `"${taskId}" of run ${runId}`).join(', ')
    return refuse(
      'dag-running',
      `tries of Dag "${dagId}" are running: ${names}; cancel them or let them end, then delete the Dag`,
    )
  }
  const { record } = dag
  if (record.isActive || !record.isPaused) {
    plan(draft, { ...dag, record: { ...record, isActive: false, isPaused: true } })
    draft.event({ kind: 'dag.deleting', actor, dagId, cause: null })
    return null
  }
  const before = memory.dags.get(dagId)?.record
  const wasClosed = before?.isPaused === true && !before.isActive
  if (!wasClosed || rare.erasesRuns || isTouched(draft, dagId)) return null
  for (const id of piece.tiIds) rare.erasedTis.add(id)
  draft.rows += piece.tiIds.length
  for (const id of piece.runIds) eraseRun(draft, id, dagId)
  if (piece.partialRunId !== null) closeRun(draft, piece.partialRunId)
  if (!piece.isAll) return null
  rare.deletedDags.add(dagId)
  draft.event({ kind: 'dag.deleted', actor, dagId, cause: record.file })
  return accept({ dag_id: dagId, file: record.file })
}

function isTouched(draft: Draft, dagId: string): boolean {
  for (const run of draft.runs.values()) if (run.record.dagId === dagId) return true
  return false
}

function eraseRun(draft: Draft, dagRunId: number, dagId: string): void {
  draft.rows++
  draft.rare.erasedRuns.add(dagRunId)
  leaveDag(draft, dagRunId, dagId)
}

/** It holds no place in its Dag any more, and nothing of it starts in this tick. */
function leaveDag(draft: Draft, dagRunId: number, dagId: string): void {
  draft.endedRuns.add(dagRunId)
  const run = draft.memory.runs.get(dagRunId)
  // As in `leavePoolQueues`; a draft of the run would count as touching it.
  run?.ready.forEach((flag, i) => {
    if (flag === 1) draft.freed.add(poolKey(run.graph.tasks[i]!.pool))
  })
  const dag = draft.dag(dagId)
  if (dag === undefined) return
  const running = dag.running - (draft.memory.runs.has(dagRunId) ? 1 : 0)
  const queued = dag.queued.filter((run) => run.id !== dagRunId)
  if (running !== dag.running || queued.length !== dag.queued.length) draft.setDag({ ...dag, running, queued })
}

/** Its other TIs go in later ticks. No event says so: what becomes of the Dag stands in its own. */
function closeRun(draft: Draft, dagRunId: number): void {
  const run = draft.run(dagRunId)
  if (run === undefined || FINISHED_RUN_STATES.has(run.record.state)) return
  leaveDag(draft, dagRunId, run.record.dagId)
  run.setRecord({ ...run.record, state: 'failed', endDate: draft.now })
}
