/**
 * The command `compensate`: undoes what a run completed, by hand. A finished run waits in the queue of its Dag like a cleared one;
 * one that goes on is stopped first. Asked again while that is under way it is answered with what is being undone.
 */
import type { CommandAnswer } from '../records.ts'
import { causeByHand, planCompensation } from '../saga.ts'
import { FINISHED_RUN_STATES } from '../states.ts'
import { effect, refuse } from './answers.ts'
import { giveTurns, undo } from './compensation.ts'
import type { Draft } from './draft.ts'
import type { RunDraft } from './run-draft.ts'
import { abandonRun } from './run-ends.ts'
import { requeue } from './runs.ts'

export function compensate(
  draft: Draft,
  run: RunDraft,
  actor: string,
  taskIds: readonly string[] | undefined,
): CommandAnswer {
  const { state, runId } = run.record
  if (isBeingUndone(run) && (state !== 'running' || taskIds !== undefined)) return underWay(run, taskIds)
  if (!FINISHED_RUN_STATES.has(state)) {
    if (taskIds !== undefined) {
      return refuse(
        'run-not-finished',
        `run ${runId} is ${state}: without task ids it is stopped and undone as a whole`,
      )
    }
    const cause = `stopped by ${actor} to be undone`
    abandonRun(draft, run, actor, cause, 'by-hand')
    // A queued one has ended by now: what it did before it was cleared is undone as that of any finished run.
    if (state === 'running') return effect(run, beingUndone(run))
  }
  const plan = planCompensation(run, taskIds)
  if (!plan.ok) return refuse(plan.code, plan.message)
  if (plan.indexes.length === 0) return effect(run, [])
  const failedTask = causeByHand(run)
  requeue(draft, run, actor, 'to be undone')
  undo(draft, run, plan.indexes, { actor, scope: null, failedTask, error: null })
  giveTurns(draft, run)
  return effect(run, plan.indexes)
}

function underWay(run: RunDraft, taskIds: readonly string[] | undefined): CommandAnswer {
  const now = beingUndone(run)
  const names = new Set(now.map((index) => run.graph.tasks[index]!.taskId))
  if (taskIds?.every((id) => names.has(id)) === false) return refuseUndoing(run)
  return effect(run, now)
}

function beingUndone(run: RunDraft): number[] {
  return run.graph.tasks.flatMap((_, index) => (run.isBeingUndone(index) ? [index] : []))
}

/** The run, or a saga in it, is being undone, or is about to be. */
export function isBeingUndone(run: RunDraft): boolean {
  return run.record.state === 'compensating' || (run.saga?.undoing ?? 0) > 0
}

export function refuseUndoing({ record: { runId } }: RunDraft): CommandAnswer {
  return refuse(
    'run-compensating',
    `something that run ${runId} did is being undone; wait until it has ended, or cancel it`,
  )
}
