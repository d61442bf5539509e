/** Answers to commands: an effect as JSON, or a refusal with its code (core/error-codes.ts). */
import type { Json } from '../json.ts'
import type { CommandAnswer } from '../records.ts'
import type { Draft } from './draft.ts'
import type { RunDraft } from './run-draft.ts'

export function accept(value: Json): CommandAnswer {
  return { ok: true, value: JSON.stringify(value) }
}

export function refuse(code: string, message: string): CommandAnswer {
  return { ok: false, code, message }
}

export function unknownDag(draft: Draft, dagId: string): CommandAnswer {
  const known = [...draft.allDags()].map((dag) => dag.record.dagId)
  const near = known.filter((id) => id.includes(dagId) || dagId.includes(id)).slice(0, 3)
  const hint = near.length > 0 ? `did you mean ${near.join(', ')}?` : 'see `tradewind dags list`'
  return refuse('dag-not-found', `there is no Dag "${dagId}"; ${hint}`)
}

/** What a command did to a run. */
export function effect(run: RunDraft, indexes: readonly number[], cleared: readonly number[] = []): CommandAnswer {
  const ids = (list: readonly number[]): Json => list.map((index) => run.graph.tasks[index]!.taskId)
  const { dagId, runId, state } = run.record
  return accept({ dag_id: dagId, dag_run_id: runId, state, task_ids: ids(indexes), cleared: ids(cleared) })
}
