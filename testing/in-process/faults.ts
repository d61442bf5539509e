/** Tries that a test makes fail: which of a task's tries, and whether before or after the handler did its work. */
import type { Faults } from '../runner/dag-run.ts'

export class FaultPlan {
  readonly #faults: Faults
  readonly #seen = new Map<string, number>()

  constructor(faults: Faults, taskIds: ReadonlySet<string>) {
    for (const taskId of Object.keys(faults)) {
      if (taskIds.has(taskId)) continue
      throw new Error(`There is no task "${taskId}" that could fail. The tasks are ${[...taskIds].join(', ')}.`)
    }
    this.#faults = faults
  }

  /** Counts the try and says when it fails, if it does. */
  next(taskId: string): 'before' | 'after' | null {
    const given = this.#faults[taskId]
    if (given === undefined) return null
    const { tries, when = 'before' } = typeof given === 'object' ? given : { tries: given }
    const nth = (this.#seen.get(taskId) ?? 0) + 1
    this.#seen.set(taskId, nth)
    return tries === 'all' || nth <= tries ? when : null
  }
}
