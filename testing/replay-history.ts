/** The events of memory tables, replayed, against the tables themselves: in engine tests after every tick, in the simulation at the end. */
import { compareTables } from '../core/event-log/compare-tables.ts'
import type { Leader } from '../core/event-log/event-data.ts'
import { emptyTables, replay, type Tables, type Versions } from '../core/event-log/replay.ts'
import { buildGraph, type DagGraph } from '../core/graph.ts'
import type { PlatformDefaults } from '../core/platform-defaults.ts'
import type { DagVersionRecord, EventRecord } from '../core/records.ts'
import type { MemoryTables } from './memory-tables.ts'

export class ReplayedHistory {
  readonly #tables: MemoryTables
  readonly #versions: Versions
  #rebuilt: Tables
  readonly #equal = new WeakMap<object, unknown>()
  readonly #known = new Map<number, DagVersionRecord>()
  #taken = 0

  /** The tables as they are now are the snapshot. `leader`: where the events do not begin with a term. */
  constructor(tables: MemoryTables, defaults: PlatformDefaults, leader: Leader | null = null) {
    this.#tables = tables
    const graphs = new Map<number, DagGraph>()
    this.#versions = {
      graph: (versionId, leading) => {
        const version = this.#known.get(versionId)
        if (version === undefined) return undefined
        const graph = graphs.get(versionId) ?? buildGraph(version, { ...defaults, ...leading?.defaults })
        graphs.set(versionId, graph)
        return graph
      },
    }
    this.#rebuilt = tablesOf(tables)
    this.#rebuilt.leader = leader
    this.#taken = tables.events.length
  }

  /** The tables as they are now are the snapshot: somebody else wrote them. */
  beginAnew(): void {
    this.#rebuilt = { ...tablesOf(this.#tables), leader: this.#rebuilt.leader }
    this.#taken = this.#tables.events.length
  }

  /** Takes what came since and compares. */
  differences(): string[] {
    for (const [id, version] of this.#tables.versions) this.#known.set(id, version)
    const { events } = this.#tables
    const fresh: readonly EventRecord[] = events.slice(this.#taken)
    this.#taken = events.length
    replay(this.#rebuilt, fresh, this.#versions)
    return compareTables(this.#rebuilt, tablesOf(this.#tables), { equal: this.#equal, most: 5 })
  }
}

/** Their rows, in maps of their own. */
function tablesOf(tables: MemoryTables): Tables {
  const { dags, runs, tis, tries, executions, pools, importErrors, notes, sagas, draining } = tables
  return {
    ...emptyTables(),
    dags: new Map(dags),
    runs: new Map(runs),
    tis: new Map(tis),
    tries: new Map(tries),
    executions: new Map(executions),
    pools: new Map(pools),
    importErrors: new Map(importErrors),
    notes: new Map(notes),
    compensations: new Map(sagas.compensations),
    deadLetters: new Map([...sagas.letters].map(([key, { letter }]) => [key, letter])),
    outcomes: new Map(
      [...sagas.letters].flatMap(([key, { outcome }]) => (outcome === null ? [] : [[key, outcome] as const])),
    ),
    overrides: new Map(sagas.overrides),
    draining,
  }
}
