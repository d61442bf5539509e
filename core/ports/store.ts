/**
 * The scheduler's view of the database. The PostgreSQL Store and the memory Store pass one contract suite
 * (`tests/database/store-contract.ts`), or simulation proves the wrong thing.
 */
import type { TryKey } from '../ids.ts'
import type {
  CommandAnswer,
  CommandRecord,
  CompensationRecord,
  DagRecord,
  DagVersionRecord,
  DeadLetterOutcome,
  DeadLetterRecord,
  EventRecord,
  ExecutionRecord,
  ImportErrorRecord,
  PoolRecord,
  RunRecord,
  StoredConnection,
  StoredVariable,
  TiOverrideRecord,
  TiRecord,
  TryRecord,
  XComRecord,
} from '../records.ts'

/** Everything the scheduler holds in memory, read in one consistent transaction after its lease was taken. */
export interface Snapshot {
  readonly dags: readonly DagRecord[]
  /** The current version of every Dag, and every version an unfinished run is pinned to. */
  readonly versions: readonly DagVersionRecord[]
  /** Versions (ids) of `dags` that at least one run has used: those are kept when a newer one comes. */
  readonly usedVersions: readonly number[]
  /** Runs that are queued, running or compensating. */
  readonly runs: readonly RunRecord[]
  /** All TIs of `runs`, ordered by id: of those queued the cleared ones, and the first of one that is about to start. */
  readonly tis: readonly TiRecord[]
  /** Of `tis`, the newest of each. */
  readonly compensations: readonly CompensationRecord[]
  /** Of `tis`. */
  readonly tiOverrides: readonly TiOverrideRecord[]
  readonly executions: readonly ExecutionRecord[]
  /** The try row of each of `executions`, and the last one of each TI of `tis` that failed or waits for its retry. */
  readonly tries: readonly TryRecord[]
  readonly pools: readonly PoolRecord[]
  readonly importErrors: readonly ImportErrorRecord[]
  /** No new tries until `resume`. */
  readonly draining: boolean
  /** First unused ids. Ids of deleted runs and TIs are not given again: the history names them. */
  readonly nextIds: { readonly run: number; readonly ti: number; readonly event: number; readonly version: number }
}

/**
 * All rows of one tick: at most one entry per row and table. Rows of `tis`, `runs`, `dags` and `tries` are written whole;
 * `inserted*` must not exist, `updated*` must.
 */
export interface TickWrites {
  /** Inserted or replaced by dag id. */
  readonly dags: readonly DagRecord[]
  readonly insertedVersions: readonly DagVersionRecord[]
  /** Versions no run used, replaced by a newer one. */
  readonly deletedVersions: readonly number[]
  /** Inserted or replaced by name. */
  readonly pools: readonly PoolRecord[]
  /** Inserted or replaced by file. */
  readonly importErrors: readonly ImportErrorRecord[]
  readonly clearedImportErrors: readonly string[]
  readonly insertedRuns: readonly RunRecord[]
  readonly updatedRuns: readonly RunRecord[]
  readonly insertedTis: readonly TiRecord[]
  readonly updatedTis: readonly TiRecord[]
  readonly insertedTries: readonly TryRecord[]
  readonly updatedTries: readonly TryRecord[]
  readonly insertedExecutions: readonly ExecutionRecord[]
  /** By (tiId, tryNumber). */
  readonly deletedExecutions: readonly { readonly tiId: number; readonly tryNumber: number }[]
  /** Inserted; a row with the same (tiId, tryNumber, key) is replaced. */
  readonly xcoms: readonly XComRecord[]
  /** Runs with their TIs, tries, XComs and notes. Their events stay. Must exist. */
  readonly deletedRuns: readonly number[]
  /** Must exist. */
  readonly deletedPools: readonly string[]
  /** TIs of Dags that are being deleted, with their tries, XComs and notes. One that is gone already is no error. */
  readonly erasedTis: readonly number[]
  /** Runs of such Dags whose TIs are all erased, now or before. One that is gone already is no error. */
  readonly erasedRuns: readonly number[]
  /** Dags of which every run is erased, now or before; they go with all their versions. Must exist. */
  readonly deletedDags: readonly string[]
  /** Inserted or replaced by key. */
  readonly variables: readonly (StoredVariable & { readonly updatedAt: number })[]
  readonly deletedVariables: readonly string[]
  /** Inserted or replaced by id; password and extra that are left out stay as they were. */
  readonly connections: readonly (StoredConnection & { readonly updatedAt: number })[]
  readonly deletedConnections: readonly string[]
  /** Inserted or replaced by (tiId, forwardTry). */
  readonly compensations: readonly CompensationRecord[]
  /** Inserted; one that is there (its try) stays as it is. With its outcome where the same tick settles it. */
  readonly deadLetters: readonly (DeadLetterRecord & { readonly outcome?: DeadLetterOutcome })[]
  /** Of letters that are there; open ones only are changed. */
  readonly deadLetterOutcomes: readonly DeadLetterOutcome[]
  /** Inserted or replaced by TI. */
  readonly tiOverrides: readonly TiOverrideRecord[]
  /** `note: null` takes it away. At most one for each TI. */
  readonly tiNotes: readonly { readonly tiId: number; readonly note: string | null }[]
  /** `null`: as it was. */
  readonly draining: boolean | null
  readonly events: readonly EventRecord[]
  readonly answers: readonly {
    readonly commandId: number
    readonly answer: CommandAnswer
    readonly lastEventId: number
    /** JSON text that replaces the request, which held what is not to be kept. */
    readonly request?: string
  }[]
}

/** What commands name and memory does not hold, besides runs. */
export interface Wanted {
  readonly variables: readonly string[]
  readonly connections: readonly string[]
  readonly doomedDags: readonly string[]
  readonly letters?: readonly TryKey[]
  readonly triggerKeys?: readonly { readonly dagId: string; readonly key: string }[]
}

export interface Found {
  /** Those of the wanted that are there. */
  readonly variables: ReadonlySet<string>
  readonly connections: ReadonlySet<string>
  readonly doomedDags: ReadonlyMap<string, DoomedDag>
  /** By `tryKeyText`; `outcome` of a letter that is not open any more. */
  readonly letters: ReadonlyMap<
    string,
    { readonly letter: DeadLetterRecord; readonly outcome: DeadLetterOutcome | null }
  >
  /** Run with that trigger key, by `triggerKeyText(dagId, key)`. */
  readonly triggerKeys: ReadonlyMap<string, { readonly id: number; readonly runId: string }>
}

/** Key of `Found.triggerKeys`. */
export function triggerKeyText(dagId: string, key: string): string {
  return JSON.stringify([dagId, key])
}

/** The next piece of a Dag that is to be deleted: its oldest runs. */
export interface DoomedDag {
  /** Some of its live executions. */
  readonly live: readonly { readonly runId: string; readonly taskId: string }[]
  /** At most `ERASED_TIS`. */
  readonly tiIds: readonly number[]
  /** Those of which `tiIds` holds all TIs that are left. At most `ERASED_RUNS`. */
  readonly runIds: readonly number[]
  /** The run of which `tiIds` holds some TIs and not all. */
  readonly partialRunId: number | null
  /** There are no runs but these. */
  readonly isAll: boolean
}

/** One tick erases no more than this of a Dag. */
export const ERASED_TIS = 1_000
export const ERASED_RUNS = 500

/** Runs with all that hangs on them. */
export type LoadedRuns = Pick<Snapshot, 'runs' | 'tis' | 'versions' | 'compensations' | 'tiOverrides'> & {
  /** The last one of each TI of `tis` that failed or waits for its retry. */
  readonly tries?: readonly TryRecord[]
}

export interface RunName {
  readonly dagId: string
  readonly runId: string
}

export type CommitResult =
  /** Durable. */
  | { readonly status: 'committed' }
  /** Another leader holds a higher epoch; nothing was written. */
  | { readonly status: 'fenced' }
  /** The statement was refused because of its data (SQLSTATE class 22 or 23); nothing was written. */
  | { readonly status: 'data-error'; readonly message: string; readonly sqlState: string }

export interface Term {
  readonly epoch: number
  /** When the lease ends unless renewed, by the database's clock. */
  readonly expiresAt: number
}

export interface Store {
  /**
   * Takes the lease if it is free or expired by the database's clock (3 s), raising the epoch and ending the old
   * leader's backend; `null` while another holds it. `host` names the holder.
   */
  acquireLease(host: string): Promise<Term | null>
  /** `false`: lost. Called every second. */
  renewLease(epoch: number): Promise<boolean>
  /** Gives the lease up so that a standby takes over at once. */
  releaseLease(epoch: number): Promise<void>
  load(epoch: number): Promise<Snapshot>
  /**
   * Runs by name, in whatever state, with all their TIs and their versions: what a command needs of runs that are not in
   * memory. Names that nobody has are left out.
   */
  loadRuns(epoch: number, names: readonly RunName[]): Promise<LoadedRuns>
  lookUp(epoch: number, wanted: Wanted): Promise<Found>
  /** One statement, one round trip, durable when it resolves. Rejects when the outcome is unknown. */
  commit(epoch: number, writes: TickWrites): Promise<CommitResult>
  /** Commands that have no answer yet, with an id above `afterId`, in order of id, at most `limit`. */
  commandsAfter(afterId: number, limit: number): Promise<readonly CommandRecord[]>
  /** Calls back on every hint that commands may have come (NOTIFY); hints can be lost. */
  onHint(callback: () => void): Promise<() => Promise<void>>
}
