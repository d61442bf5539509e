/**
 * What a history is made of, as plain data: everything chance decides about its course stands in a list from which things
 * can be dropped, so that a failing history shrinks. What is left to chance while it runs (how long a statement takes, when
 * a report arrives) is drawn by name, so that dropping one thing leaves the others as they were.
 */
import type { MarkOptions } from '../../core/records.ts'
import type { SerializedDag } from '../../core/serialized-dag.ts'

export interface Script {
  readonly seed: number
  /** World time at its beginning; some lie just before a zone changes its clocks. */
  readonly start: number
  /** Schedulers: one leads, the others stand by. */
  readonly programs: number
  /** Whether programs can tell that a host is dead (they share a machine), or have to wait for its lease. */
  readonly knowsDeadHosts: boolean
  /** Tries take next to no time. */
  readonly isFast: boolean
  readonly faults: FaultRates
  readonly dags: readonly SerializedDag[]
  readonly troubles: readonly Trouble[]
}

/** Probabilities, each for one statement. */
export interface FaultRates {
  /** It fails without effect. */
  readonly before: number
  /** It takes effect and its answer is lost. */
  readonly after: number
  /** A commit is given up and takes effect some time later. */
  readonly late: number
}

/** Something that happens at a time. Programs, runs and tasks are chosen, by a number in [0, 1), from those there are then. */
export type Trouble = { readonly at: number } & TroubleKind

type TroubleKind =
  /** kill -9 of a whole program; another starts a little later. */
  | { readonly kind: 'kill'; readonly program: number; readonly ms: number }
  /** SIGSTOP, and SIGCONT after a while; at once, or in the middle of the next commit. */
  | { readonly kind: 'stop'; readonly program: number; readonly ms: number; readonly inCommit: boolean }
  /** Its network to the database swallows everything. */
  | { readonly kind: 'cut'; readonly program: number; readonly ms: number }
  /** At its next commit the network to the database stalls; what is on its way arrives later, each connection by itself. */
  | { readonly kind: 'stall'; readonly program: number; readonly ms: number }
  /** Its wall clock is set this far from the world's. */
  | { readonly kind: 'jump'; readonly program: number; readonly ms: number }
  /** SIGTERM with this much grace. */
  | { readonly kind: 'stop-gracefully'; readonly program: number; readonly ms: number; readonly pauseMs: number }
  | {
      readonly kind: 'trigger'
      readonly dagId: string
      readonly logicalDate?: number
      readonly runId?: string
      readonly conf?: string
      readonly note?: string
      readonly triggerKey?: string
      /** It is taken too late to be carried out. */
      readonly expired?: boolean
    }
  | {
      readonly kind: 'clear'
      readonly run: number
      readonly task: number | null
      readonly upstream: boolean
      readonly downstream: boolean
      readonly onlyFailed: boolean
      readonly onlyRunning: boolean
      readonly newKeys: boolean
      readonly newest: boolean
    }
  /** Letters are chosen from all there are, settled ones too; the first of them twice, where `twice`. */
  | {
      readonly kind: 'redrive'
      readonly letters: readonly number[]
      readonly newKeys: boolean
      readonly newest: boolean
      readonly twice: boolean
    }
  | { readonly kind: 'discard-letters'; readonly letters: readonly number[] }
  | {
      readonly kind: 'mark'
      readonly run: number
      readonly task: number
      readonly state: MarkOptions['state']
      readonly upstream: boolean
      readonly downstream: boolean
    }
  | { readonly kind: 'mark-run'; readonly run: number; readonly state: 'success' | 'failed' }
  | {
      readonly kind: 'cancel'
      readonly run: number
      readonly task: number | null
      readonly withoutCompensation: boolean
    }
  /** Of finished runs, mostly. */
  | { readonly kind: 'compensate'; readonly run: number; readonly task: number | null }
  | { readonly kind: 'delete-run'; readonly run: number }
  | { readonly kind: 'note'; readonly run: number; readonly task: number | null; readonly note: string | null }
  | { readonly kind: 'drain'; readonly ms: number }
  | { readonly kind: 'pause'; readonly dagId: string }
  | { readonly kind: 'unpause'; readonly dagId: string }
  | { readonly kind: 'set-pool'; readonly name: string; readonly slots: number }
  | { readonly kind: 'delete-pool'; readonly name: string }
  /** With everything it has; refused while something of it runs. Its file brings it back at its next parse. */
  | { readonly kind: 'delete-dag'; readonly dagId: string }
  | { readonly kind: 'set-variable'; readonly key: string; readonly value: string; readonly onlyNew: boolean }
  | { readonly kind: 'delete-variable'; readonly key: string }
  /** Its file now says this; a file that was away is back. */
  | { readonly kind: 'edit'; readonly dag: SerializedDag }
  /** Its file cannot be stored: the last good version goes on. */
  | { readonly kind: 'poison-file'; readonly dagId: string }
  | { readonly kind: 'break-file'; readonly dagId: string }
  | { readonly kind: 'file-gone'; readonly dagId: string }
  | { readonly kind: 'file-back'; readonly dagId: string }

/** Trouble ends here; what is left must then finish by itself. */
export const TROUBLE_MS = 90_000

/** PostgreSQL stores no NUL: a text with one makes its statement fail. */
export const POISON = '\u0000'
