/**
 * Tries that go on although their TI was cleared, marked or abandoned. They are cancelled after the commit that moved the TI
 * on; when that commit's answer was lost nobody did it, so a new term asks for their end again.
 */
import type { SchedulerMemory } from '../core/engine/memory.ts'
import type { TryKey } from '../core/ids.ts'

export function supersededTries(memory: SchedulerMemory): TryKey[] {
  const keys: TryKey[] = []
  for (const { record, index } of memory.executions.values()) {
    const ti = memory.runs.get(record.dagRunId)?.tis[index]
    const isCurrent = ti?.tryNumber === record.tryNumber && (ti.state === 'queued' || ti.state === 'running')
    if (!isCurrent) keys.push({ tiId: record.tiId, tryNumber: record.tryNumber })
  }
  return keys
}
