/**
 * What the Dag processor and a parse child say to each other over IPC. One request at a time: the child answers each
 * with exactly one `parsed` or `failed`, or dies trying. `exiting` tells, just before user code ends the process, where.
 */
import type { ImportProblem, SerializedDag } from '../serialized-dag.ts'
import type { BundleCode } from './worker-api.ts'

export interface ParseRequest {
  readonly type: 'parse'
  readonly id: number
  /** Relative to the Dags folder. */
  readonly file: string
  readonly dagsFolder: string
  /** Where ESM bundles are written to be imported; writable for the child. */
  readonly cacheDir: string
  readonly bundle: BundleCode
}

export type ParseReply =
  /** Ready for its first request. */
  | { readonly type: 'ready' }
  | {
      readonly type: 'parsed'
      readonly id: number
      readonly dags: readonly SerializedDag[]
      /** Mistakes of the author; with any, the file is broken. */
      readonly problems: readonly ImportProblem[]
      /** What does not keep the file from being taken. */
      readonly warnings: readonly ImportProblem[]
      /** User code left timers, sockets or changed globals behind: take a new child for the next file. */
      readonly unclean: boolean
      readonly rssBytes: number
    }
  /** The file's own code threw while it was loaded. */
  | { readonly type: 'failed'; readonly id: number; readonly problem: ImportProblem; readonly unclean: boolean }
  /** User code called `process.exit`. */
  | { readonly type: 'exiting'; readonly id: number; readonly exitCode: number; readonly place: SourcePlace | null }

/** A place in an author's file. */
export interface SourcePlace {
  /** Relative to the Dags folder. */
  readonly file: string
  readonly line: number
  readonly column: number
}
