/** What each task is going to do in a run, decided by names alone, so that the oracle knows it too. */
import type { CauseKind } from '../../core/cause-of-death.ts'
import type { TryOutcome } from '../../core/ports/executor.ts'
import type { BranchSpec, SerializedTask } from '../../core/serialized-dag.ts'
import { hashFraction } from './random.ts'
import { POISON } from './script.ts'

export interface Fate {
  /** Own failures before it ends otherwise. */
  readonly failures: number
  readonly then: 'success' | 'skipped' | 'fail-now'
  /** In [0, 1): which way its branches go. */
  readonly way: number
}

export function fateOf(seed: number, dagId: string, runId: string, taskId: string): Fate {
  const roll = (what: string) => hashFraction(`${seed}/${dagId}/${runId}/${taskId}/${what}`)
  const failures = roll('fails') < 0.6 ? 0 : Math.floor(roll('failures') * 5)
  const end = roll('end')
  return { failures, then: end < 0.88 ? 'success' : end < 0.95 ? 'skipped' : 'fail-now', way: roll('branch') }
}

/** How undoing it goes. */
export function undoFateOf(seed: number, dagId: string, runId: string, taskId: string): Fate {
  const roll = (what: string) => hashFraction(`${seed}/${dagId}/${runId}/${taskId}/undo/${what}`)
  const failures = roll('fails') < 0.7 ? 0 : Math.floor(roll('failures') * 4)
  const end = roll('end')
  return { failures, then: end < 0.85 ? 'success' : end < 0.9 ? 'skipped' : 'fail-now', way: roll('branch') }
}

/** How the try fares that follows `failures` own failures. `slow`: it never ends by itself. */
export function outcomeOf(
  fate: Fate,
  failures: number,
  task: Pick<SerializedTask, 'taskId' | 'timeoutMs' | 'doXcomPush' | 'branches'>,
): { readonly outcome: TryOutcome; readonly slow: boolean } {
  if (failures < fate.failures) {
    const roll = hashFraction(`${fate.way}/${failures}`)
    if (roll < 0.15) return { outcome: success(task, fate, POISON), slow: false }
    if (roll < 0.35 && task.timeoutMs !== null) return { outcome: failed('timeout'), slow: true }
    const kind = roll < 0.45 ? 'exit' : roll < 0.5 ? 'out-of-memory' : roll < 0.55 ? 'heartbeat' : 'error'
    return { outcome: failed(kind), slow: false }
  }
  if (fate.then === 'fail-now') return { outcome: failed('fail'), slow: false }
  if (fate.then === 'skipped') return { outcome: { state: 'skipped', message: 'simulated' }, slow: false }
  return { outcome: success(task, fate, task.taskId), slow: false }
}

export function failed(kind: CauseKind): TryOutcome {
  return { state: 'failed', cause: { kind, message: 'simulated' } }
}

function success(task: Parameters<typeof outcomeOf>[2], fate: Fate, value: string): TryOutcome {
  const json = value === POISON ? `"${POISON}"` : JSON.stringify(value)
  return {
    state: 'success',
    // The poison is no JSON either; what matters is that the statement fails.
    xcoms: task.doXcomPush === false && value !== POISON ? [] : [{ key: 'return_value', json, stored: false }],
    ...(task.branches === undefined ? {} : { followed: followed(task.branches, fate.way) }),
  }
}

/** The candidates that a task with branches follows. */
export function followed(branches: readonly BranchSpec[], way: number): string[] {
  const ids = branches.flatMap((branch) => {
    if (branch.kind === 'if') return way < 0.5 ? branch.then : branch.else
    const ways = [
      ...branch.cases.map((one) => one.taskIds),
      ...(branch.otherwise === undefined ? [] : [branch.otherwise]),
    ]
    return ways[Math.floor(way * ways.length)] ?? []
  })
  return [...new Set(ids)]
}
