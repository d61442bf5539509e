/**
 * A host that was killed wrote no last line into the logs of its tries. Whoever declares them lost does it here, with the
 * cause, so that no log breaks off without saying why.
 */
import type { Plan } from '../core/engine/decide.ts'
import { tryKeyText } from '../core/ids.ts'
import type { FileLogStore } from './file-log-store.ts'

/** After a commit. */
export function closeLostLogs(plan: Plan, logs: FileLogStore): void {
  // What was reported has its last words from its executor.
  const reported = new Set(plan.acknowledgements.map(tryKeyText))
  for (const row of plan.writes.updatedTries) {
    if (row.cause?.kind !== 'host-lost' || row.endDate === null || reported.has(tryKeyText(row))) continue
    const run = plan.draft.runs.get(row.dagRunId)
    const ti = run?.allTis().find((one) => one.id === row.tiId)
    if (run === undefined || ti === undefined) continue
    const { tiId, tryNumber } = row
    const { taskId, mapIndex } = ti
    const address = { tiId, tryNumber, dagId: run.record.dagId, runId: run.record.runId, taskId, mapIndex }
    const text = `The log ends here: ${row.cause.message} (host ${row.host}).`
    logs.conclude(address, { at: row.endDate, level: 'error', source: 'tradewind', text })
  }
}
