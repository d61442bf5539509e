/**
 * What the Dag processor tells the scheduler about files, and where it puts bundles. Bundles are content-addressed, so
 * saving one is not a write of state and needs no leader.
 */
import type { ImportProblem, SerializedDag } from '../serialized-dag.ts'
import type { BundleCode } from './worker-api.ts'

export interface ParsedDag {
  readonly serialized: SerializedDag
  /** SHA-256, hex, of the canonical JSON of `serialized` and the bundle hash. */
  readonly contentHash: string
}

/** The state of one file after the processor has looked at it. Sent once at start for every file, then on change. */
export type DagFileReport =
  | {
      readonly type: 'parsed'
      readonly file: string
      readonly bundleHash: string
      readonly dags: readonly ParsedDag[]
      /** Warnings that do not keep the Dags from running (nondeterminism, an unknown pool, ...). */
      readonly warnings: readonly ImportProblem[]
      readonly at: number
    }
  /** The last good version of its Dags keeps running. */
  | { readonly type: 'broken'; readonly file: string; readonly problems: readonly ImportProblem[]; readonly at: number }
  /** Deleted, renamed away or now ignored. */
  | { readonly type: 'gone'; readonly file: string; readonly at: number }
  /** Every file of the folder has been reported once: Dags of files not seen are inactive. */
  | { readonly type: 'complete'; readonly files: readonly string[]; readonly at: number }

export interface BundleStore {
  /** No-op when the hash is there already. */
  saveBundle(bundle: BundleCode): Promise<void>
}
