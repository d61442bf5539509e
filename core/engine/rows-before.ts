/** The rows of a tick as they were before it: as memory holds them, or as they were loaded for a command. */
import { tryKeyText } from '../ids.ts'
import type { RowsBefore } from './event-draft.ts'
import type { RunMemory, SchedulerMemory } from './memory.ts'
import { newTi, type RunDraft } from './run-draft.ts'

/** `runs`: as the tick leaves them. */
export function rowsBefore(
  { memory, runs }: { readonly memory: SchedulerMemory; readonly runs: ReadonlyMap<number, RunDraft> },
  loaded: ReadonlyMap<number, RunMemory>,
): RowsBefore {
  const runMemory = (id: number) => memory.runs.get(id) ?? memory.parked.get(id) ?? loaded.get(id)
  return {
    run: (id, dagId) => runMemory(id)?.record ?? memory.dags.get(dagId)?.queued.find((run) => run.id === id),
    ti: ({ dagRunId, taskId }) => {
      const run = runMemory(dagRunId)
      return run?.tis[run.graph.indexOf.get(taskId) ?? -1] ?? run?.vanished?.find((ti) => ti.taskId === taskId)
    },
    madeTi: ({ id, dagRunId, taskId }) => {
      const run = runs.get(dagRunId)
      const task = run?.graph.tasks[run.graph.indexOf.get(taskId) ?? -1]
      return run === undefined || task === undefined ? undefined : newTi(task, run.record, id)
    },
    try: (key) => memory.executions.get(tryKeyText(key))?.tryRecord,
    dag: (dagId) => memory.dags.get(dagId)?.record,
    dagOf: (id) => (runs.get(id) ?? runMemory(id))?.record.dagId ?? null,
  }
}
