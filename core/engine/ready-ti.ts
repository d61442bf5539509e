/** A ready TI as an entry of the queues. */
import type { TiRecord } from '../records.ts'
import type { RunMemory } from './memory.ts'
import type { ReadyTi } from './waiting.ts'

export function readyTi(run: Pick<RunMemory, 'record' | 'graph'>, ti: TiRecord, index: number): ReadyTi {
  return {
    dagRunId: run.record.id,
    index,
    versionId: run.graph.versionId,
    priority: run.graph.tasks[index]!.priority,
    runStart: run.record.startDate ?? run.record.queuedAt,
    tryNumber: ti.tryNumber,
  }
}
