/**
 * The protocol between a host and one of its run children, over node's IPC. A child runs one try at a time; `seq` counts
 * the tries of one child and names the try in every message, so that whatever an ended try still says is never taken for
 * a word of the next one. Output does not travel here but on the child's stdout and stderr (see `controlPrefix`), where
 * it keeps its order and survives a crash in the very next instruction.
 */
import type { Json } from '../json.ts'
import type { BranchSpec, InputBinding, TriggerSpec } from '../serialized-dag.ts'
import type { CompensationOrder, Dispatch, DispatchContext } from './executor.ts'
import type {
  BundleCode,
  CompensateAnswer,
  CompensateRequest,
  ConnectionRecord,
  TriggerRequest,
  XComLocator,
} from './worker-api.ts'

/** Name of the variable every process of a child inherits: by its value the host finds processes that left the group. */
export const CHILD_MARKER = 'TRADEWIND_CHILD'

/**
 * File descriptor of the child's end of the heartbeat pipe. A beat is `<rss in bytes> <number>\n`; the host writes the
 * number of the last one back. `LEASE_LOST` instead of a beat: the child ends itself.
 */
export const HEARTBEAT_FD = 4

/**
 * A child whose beats are not answered for this long ends itself and all its processes. Below what a new leader waits
 * before it repeats the tries of a silent host (`HOST_LOSS_MS` in `scheduler/scheduler.ts`), and no longer than what a
 * host without its database waits before it cancels them (`SURELY_LOST_MS` in `scheduler/lease.ts`).
 */
export const CHILD_LEASE_MS = 8_000
export const LEASE_LOST = 'lease-lost'

/**
 * Control records within stdout and stderr are `<prefix><kind>:<seq>:<payload>\n`; the token is random per child and the
 * first byte is NUL, so no output is mistaken for one. Kinds: `log` (a structured line, payload JSON
 * `{ at, level, text, fields? }`), `exit` (`process.exit(payload)` was called by this try).
 */
export function controlPrefix(token: string): string {
  return `\0tradewind:${token}:`
}

export interface ChildSettings {
  readonly token: string
  /** Value of the marker variable. */
  readonly marker: string
  readonly dagsFolder: string
  /** Writable by the child; holds what loading a bundle needs as files. */
  readonly cacheDir: string
  readonly filesDir: string
  readonly heartbeatEveryMs: number
  readonly maxXComBytes: number
  /** Most bundles kept loaded. */
  readonly maxBundles: number
}

/** Everything about one try that the child needs. */
export interface RunOrder {
  readonly dagId: string
  readonly runId: string
  readonly taskId: string
  readonly mapIndex: number
  readonly tryNumber: number
  readonly kind: Dispatch['kind']
  readonly bundleHash: string
  readonly compensation?: CompensationOrder
  /** JSON object text: arguments that replace those of `inputs`. */
  readonly inputOverrides?: string
  readonly inputs: Readonly<Record<string, InputBinding>>
  /**
   * Return values of the upstreams in `inputs`, JSON text; absent or `null` where there is none. For a compensation also the
   * task's own, under its id: what its forward try returned.
   */
  readonly values: Readonly<Record<string, string | null>>
  readonly branches?: readonly BranchSpec[]
  readonly trigger?: TriggerSpec
  readonly context: DispatchContext
  readonly doXcomPush: boolean
  /** The host did not see this child load the bundle, so it starts the clock only at `started`. */
  readonly tellStart: boolean
}

/** A bundle with its two long texts in files that the child may read. */
export interface BundleFiles {
  readonly bundle: Omit<BundleCode, 'code' | 'sourceMap'>
  readonly codeFile: string
  readonly sourceMapFile: string | null
}

export type HostToChild =
  | { readonly t: 'init'; readonly settings: ChildSettings }
  | { readonly t: 'bundle'; readonly files: BundleFiles }
  | { readonly t: 'run'; readonly seq: number; readonly order: RunOrder }
  | { readonly t: 'cancel'; readonly seq: number; readonly reason: 'cancelled' | 'timeout'; readonly message: string }
  | { readonly t: 'reply'; readonly id: number; readonly value: Json }
  | { readonly t: 'refusal'; readonly id: number; readonly message: string }
  /** Exit politely: nothing runs here any more. */
  | { readonly t: 'end' }

/** What user code may ask for through `getClient()`; the answers are the worker API's. */
export interface ClientCalls {
  getXCom: { readonly args: readonly [XComLocator]; readonly answer: string | null }
  setXCom: { readonly args: readonly [XComLocator, string]; readonly answer: null }
  getVariable: { readonly args: readonly [string]; readonly answer: string | null }
  setVariable: { readonly args: readonly [string, string, string | null]; readonly answer: null }
  deleteVariable: { readonly args: readonly [string]; readonly answer: null }
  getConnection: { readonly args: readonly [string]; readonly answer: ConnectionRecord | null }
  triggerDagRun: { readonly args: readonly [TriggerRequest]; readonly answer: { readonly runId: string } }
  /** Not for user code: what undoes a `triggerDagRun` task asks for it. */
  compensateDagRun: { readonly args: readonly [CompensateRequest]; readonly answer: CompensateAnswer }
}

export type ClientCall = {
  [M in keyof ClientCalls]: { readonly method: M; readonly args: ClientCalls[M]['args'] }
}[keyof ClientCalls]

export interface ErrorFacts {
  readonly message: string
  readonly stack: string
}

export type ChildResult =
  /** `json` is the return value, `null` when there is none to keep. */
  | { readonly state: 'success'; readonly json: string | null; readonly followed?: readonly string[] }
  | { readonly state: 'skipped'; readonly message: string }
  | { readonly state: 'failed'; readonly kind: 'error' | 'fail' | 'not-started'; readonly error: ErrorFacts }

export type ChildToHost =
  | { readonly t: 'ready' }
  /** User code begins. */
  | { readonly t: 'started'; readonly seq: number; readonly at: number }
  | {
      readonly t: 'done'
      readonly seq: number
      readonly startedAt: number | null
      readonly result: ChildResult
      /** Sentences about what the try left behind (and whether it was put right); non-empty `retire` ends this child. */
      readonly notes: readonly string[]
      readonly retire: boolean
      /** It started processes, so the host looks whether any is left. */
      readonly spawned: boolean
      /** Bundles loaded and not evicted; absent when unchanged. */
      readonly bundles?: readonly string[]
    }
  | { readonly t: 'call'; readonly seq: number; readonly id: number; readonly call: ClientCall }
  /** An ended try wrote something. */
  | { readonly t: 'late-output'; readonly seq: number; readonly stream: 'stdout' | 'stderr'; readonly text: string }
  /** An ended try threw or rejected; this child wants to be retired. */
  | { readonly t: 'late-error'; readonly seq: number; readonly error: ErrorFacts }
  /** The try never looked at `ctx.signal`: waiting for it to obey is pointless. */
  | { readonly t: 'deaf'; readonly seq: number }
  | { readonly t: 'spawned'; readonly seq: number }
