/** The memory of a leader beside a rebuild from the tables. */
import type { SchedulerMemory } from '../../core/engine/memory.ts'

export interface Comparison {
  readonly actual: SchedulerMemory
  readonly rebuilt: SchedulerMemory
  /** The leader's wall time. */
  readonly now: number
  /** It starts nothing new, and leaves what waits as it is. */
  readonly stopping: boolean
  /** Its clock was set back: what was due may not be due any more. */
  readonly wentBack: boolean
}
