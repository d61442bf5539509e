/**
 * Tries that go on although their TI was cleared, marked or abandoned. They are cancelled after the commit that moved the TI
 * on; when that commit's answer was lost nobody did it, so a new term asks for their end again.
 */
import type { ExecutionMemory, SchedulerMemory } from '../core/engine/memory.ts'
import type { TryKey } from '../core/ids.ts'
import { liveTryOf } from '../core/saga.ts'

export function supersededTries(memory: SchedulerMemory): TryKey[] {
  return [...memory.executions.values()]
    .filter((execution) => isSuperseded(memory, execution))
    .map(({ record: { tiId, tryNumber } }) => ({ tiId, tryNumber }))
}

export function isSuperseded(memory: SchedulerMemory, { record, index }: ExecutionMemory): boolean {
  const run = memory.runs.get(record.dagRunId)
  const ti = run?.tis[index]
  if (run === undefined || ti === undefined) return true
  // In a run that is being undone only what undoes it goes on: what its end cut off keeps its TI until it has ended.
  if (run.record.state === 'compensating' && ti.state !== 'compensating') return true
  return liveTryOf(ti, run.saga?.compensations.get(index)) !== record.tryNumber
}
