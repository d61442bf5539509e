/**
 * What the leader holds in memory: the unfinished part of the tables, in the shape that deciding needs. Everything below
 * is replaced, never edited, by `apply` after a commit, so memory never runs ahead of the database; after any error it is
 * dropped and rebuilt from a snapshot.
 */
import type { DagGraph } from '../graph.ts'
import type { PlatformDefaults } from '../platform-defaults.ts'
import type { ParsedDag } from '../ports/dag-source.ts'
import type {
  DagRecord,
  ExecutionRecord,
  ImportErrorRecord,
  PoolRecord,
  RunRecord,
  TiOverrideRecord,
  TiRecord,
  TryRecord,
} from '../records.ts'
import type { TiState } from '../states.ts'
import type { FireTime } from '../timetable/index.ts'
import type { SagaMemory } from './saga-memory.ts'
import type { TimerHeap } from './timer-heap.ts'
import type { ReadyTi, Waiting } from './waiting.ts'

export interface DagMemory {
  readonly record: DagRecord
  readonly contentHash: string
  readonly versionNumber: number
  readonly graph: DagGraph
  /** JSON text: the params of a scheduled run. */
  readonly defaultConf: string
  /** A run uses the current version: it is kept when a newer one comes. */
  readonly versionUsed: boolean
  /** The next automatic run, due or not; `null` when there is none, or the Dag is paused or inactive. */
  readonly next: FireTime | null
  /** Logical date last given to a manual run, so that no two share one; not stored. */
  readonly lastManualDate: number
  /** Runs in state `running` or `compensating`. */
  readonly running: number
  /** Runs in state `queued`, first to be promoted first. They have no TIs yet. */
  readonly queued: readonly RunRecord[]
}

export interface RunMemory {
  readonly record: RunRecord
  readonly graph: DagGraph
  /** By task index. */
  readonly tis: readonly TiRecord[]
  /** Per task, five numbers: how many direct upstreams are in each finished state (`COUNTED_STATES`). */
  readonly counts: Int32Array
  /** Per task: 1 while it waits for a limit. */
  readonly ready: Uint8Array
  /** TIs that are not finished. */
  readonly open: number
  /** TIs of tasks that its version does not have: it was moved there from another. Left out where there are none. */
  readonly vanished?: readonly TiRecord[] | undefined
  /** By TI; left out where nobody changed anything. */
  readonly overrides?: ReadonlyMap<number, TiOverrideRecord> | undefined
  /** `null`: nothing of it can be undone and it has no sagas. */
  readonly saga: SagaMemory | null
}

/** Order of the five counts per task in `RunMemory.counts`. */
export const COUNTED_STATES: readonly TiState[] = ['success', 'failed', 'skipped', 'upstream_failed', 'removed']

export interface ExecutionMemory {
  readonly record: ExecutionRecord
  readonly tryRecord: TryRecord
  readonly index: number
  /** Units it holds of each limit until it has ended. */
  readonly units: readonly (readonly [key: string, units: number])[]
}

export interface NextIds {
  readonly run: number
  readonly ti: number
  readonly event: number
  readonly version: number
}

export interface SchedulerMemory {
  readonly defaults: PlatformDefaults
  /** Capacity of the limit `slots`: executions at once over everything. */
  readonly slots: number
  /** Most tries queued on the host beyond `slots`. */
  readonly mostAhead: number
  readonly epoch: number
  readonly host: string
  readonly dags: Map<string, DagMemory>
  /** Graphs by version: the current ones and those unfinished runs are pinned to. */
  readonly graphs: Map<number, DagGraph>
  /** Running and compensating runs. */
  readonly runs: Map<number, RunMemory>
  /** Queued runs that have TIs: cleared, or to be undone, they wait in the queue of their Dag. */
  readonly parked: Map<number, RunMemory>
  /** By `tryKeyText`. */
  readonly executions: Map<string, ExecutionMemory>
  /** Units in use, by limit. */
  readonly usage: Map<string, number>
  readonly pools: Map<string, PoolRecord>
  readonly waiting: Waiting
  readonly timers: TimerHeap
  readonly importErrors: Map<string, ImportErrorRecord>
  /** Files refused for naming a pool that does not exist; looked at again when a pool is made. */
  readonly lackingPool: Map<string, { readonly bundleHash: string; readonly dags: readonly ParsedDag[] }>
  /** Ready TIs that were not offered to the limits yet, in the order of `compareReady`. */
  candidates: readonly ReadyTi[]
  /** An operator asked for it: nothing new starts anywhere until `resume`. */
  draining: boolean
  /** Runs in which something has to follow from what is stored: a newer program may see more in it. */
  unsettled: ReadonlySet<number>
  /** Limits to look at although nothing was freed in this tick: no slot was left, or a bounded tick stopped early. */
  wake: ReadonlySet<string>
  /** Milliseconds a try took of late (`look-ahead.ts`); not stored, a new term begins without. */
  pace: number
  nextIds: NextIds
}
