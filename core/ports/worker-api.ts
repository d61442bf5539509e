/**
 * What a host asks on behalf of a try. Locally a direct call, remotely HTTPS with a token valid for that try only.
 * User code never holds credentials of the database; every secret it is given is recorded and masked from then on.
 */
import type { TryKey } from '../ids.ts'
import type { Json } from '../json.ts'

/** What a host must offer to run a bundle. Recorded by the Dag processor; not part of the hash. */
export interface BundleManifest {
  /** How the code expects to be loaded (`BUNDLE_FORMAT`). */
  readonly bundleFormat: number
  /** Of the names it takes from the SDK at load (`SDK_ABI`). */
  readonly sdkAbi: number
  /** `process.versions.modules` of the Node it was parsed with; matters only when there are externals. */
  readonly nodeAbi: string
  /** Native packages it loads from `node_modules` when it runs, as `name@version`, sorted. */
  readonly externals: readonly string[]
}

export interface BundleCode {
  /** SHA-256, hex, of format and code: equal for the same files in another folder or on another machine. */
  readonly hash: string
  readonly format: 'cjs' | 'esm'
  readonly code: string
  /** Source map JSON, or `null`. */
  readonly sourceMap: string | null
  /** Absent only in bundles made by hand (tests). */
  readonly manifest?: BundleManifest
}

/** Airflow's names, so that a Dag file written for it finds what it expects. */
export interface ConnectionRecord {
  readonly id: string
  readonly type: string
  readonly host: string | null
  readonly schema: string | null
  readonly login: string | null
  readonly password: string | null
  readonly port: number | null
  /** JSON text. */
  readonly extra: string | null
}

export interface XComLocator {
  readonly key: string
  readonly dagId: string
  readonly runId: string
  readonly taskId: string
  readonly mapIndex: number
  /** Also look at earlier logical dates of the same Dag. */
  readonly includePriorDates: boolean
}

export interface TriggerRequest {
  readonly dagId: string
  readonly conf: Json
  readonly runId?: string
  readonly logicalDate?: number
  readonly note?: string
}

/** Asks that what a run did be undone. */
export interface CompensateRequest {
  readonly dagId: string
  /** `null`: it is not known, look for the one that was triggered with `triggerKey`. */
  readonly runId: string | null
  readonly triggerKey: string
  /** The same for every try that asks for the same thing. */
  readonly key: string
}

export interface CompensateAnswer {
  /** `false`: there was nothing to undo. */
  readonly accepted: boolean
  /** One sentence for the log of the try. */
  readonly message: string
}

export interface WorkerApi {
  /** Cached by hash on the host; throws when the bundle is gone. */
  getBundle(hash: string): Promise<BundleCode>
  /**
   * Return values (key `return_value`) of the given tries as JSON text; `null` where there is none. One call. `undone`: what that
   * try was given is asked for. Then of every other TI the value of its last try of that time counts, for it may have been
   * cleared since.
   */
  getReturnValues(tries: readonly TryKey[], undone?: TryKey): Promise<readonly (string | null)[]>
  /** JSON text of one XCom, or `null`. */
  getXCom(locator: XComLocator): Promise<string | null>
  /** Written at once and bound to the try. */
  setXCom(by: TryKey, target: XComLocator, json: string): Promise<void>
  getVariable(by: TryKey, key: string): Promise<{ readonly value: string; readonly secret: boolean } | null>
  setVariable(by: TryKey, key: string, value: string, description: string | null): Promise<void>
  deleteVariable(by: TryKey, key: string): Promise<void>
  getConnection(by: TryKey, id: string): Promise<ConnectionRecord | null>
  /**
   * `key` is the idempotency key of the try's TI: a retry that asks again gets the first run, a TI that was cleared with
   * new keys another. The run inherits the correlation id of the try's run. Returns the run id.
   */
  triggerDagRun(by: TryKey, request: TriggerRequest, key: string): Promise<{ readonly runId: string }>
  /** Resolves when the scheduler has taken it: the run is then undone by itself. Idempotent by `key`. */
  compensateDagRun(by: TryKey, request: CompensateRequest): Promise<CompensateAnswer>
}
