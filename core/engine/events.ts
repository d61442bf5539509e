/** What can happen to the scheduler: the input of `decide` besides time. */

import type { CauseOfDeath } from '../cause-of-death.ts'
import type { TryKey } from '../ids.ts'
import type { DagFileReport } from '../ports/dag-source.ts'
import type { ExecutorReport } from '../ports/executor.ts'
import type { CommandRecord } from '../records.ts'

export type SchedulerEvent =
  /** A term begins: the first event of its first tick. */
  | { readonly type: 'leading' }
  | { readonly type: 'report'; readonly report: ExecutorReport }
  /** A dispatched try that no live host knows any more. */
  | { readonly type: 'lost'; readonly key: TryKey; readonly cause: CauseOfDeath; readonly at: number }
  | { readonly type: 'command'; readonly command: CommandRecord }
  | { readonly type: 'dag-file'; readonly report: DagFileReport }
  /** Answers a command that made its tick fail, instead of taking it. */
  | {
      readonly type: 'refuse-command'
      readonly command: CommandRecord
      readonly message: string
      /** What it makes was there already. */
      readonly isDuplicate: boolean
    }
  /** Fails the TI of a report that made its tick fail, without its values. */
  | { readonly type: 'poison-report'; readonly report: ExecutorReport; readonly message: string }
  /**
   * The next step of a Dag makes its tick fail: its schedule moves past a run that cannot be created (its logical date is
   * taken), or a queued run that cannot start is set aside.
   */
  | { readonly type: 'skip-step'; readonly dagId: string; readonly message: string }
  /** Ends a run that makes every tick fail. */
  | { readonly type: 'set-aside-run'; readonly dagRunId: number; readonly message: string }
