/** The events of memory tables, replayed, against the tables themselves: in engine tests after every tick, in the simulation at the end. */
import { compareTables } from '../core/event-log/compare-tables.ts'
import type { Leader } from '../core/event-log/event-data.ts'
import { EVENT_KINDS } from '../core/event-log/kinds.ts'
import { replay, type Tables, type Versions } from '../core/event-log/replay.ts'
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
    this.#rebuilt = copyOf(tables)
    this.#rebuilt.leader = leader
    this.#taken = tables.events.length
  }

  /** The tables as they are now are the snapshot: somebody else wrote them. */
  beginAnew(): void {
    this.#rebuilt = { ...copyOf(this.#tables), leader: this.#rebuilt.leader }
    this.#taken = this.#tables.events.length
  }

  /** Takes what came since and compares. */
  differences(): string[] {
    for (const [id, version] of this.#tables.versions) this.#known.set(id, version)
    const { events } = this.#tables
    const fresh: readonly EventRecord[] = events.slice(this.#taken)
    this.#taken = events.length
    replay(this.#rebuilt, fresh, this.#versions)
    const unknown = fresh.find(({ kind }) => !Object.hasOwn(EVENT_KINDS, kind))
    if (unknown !== undefined) return [`no kind of event is named ${unknown.kind} (core/event-log/kinds.ts)`]
    return compareTables(this.#rebuilt, viewOf(this.#tables), { equal: this.#equal, most: 5 })
  }
}

/** Their rows in maps of their own: a snapshot. */
function copyOf(tables: MemoryTables): Tables {
  const { draining, leader, ...maps } = viewOf(tables)
  const copies = Object.entries(maps).map(([name, rows]) => [name, new Map<unknown, unknown>(rows)] as const)
  return { ...(Object.fromEntries(copies) as unknown as Omit<Tables, 'draining' | 'leader'>), draining, leader }
}

/** The tables as they are, not copied. */
function viewOf(tables: MemoryTables): Tables {
  const { dags, runs, tis, tries, executions, pools, importErrors, notes, sagas, draining } = tables
  const deadLetters: Tables['deadLetters'] = new Map()
  const outcomes: Tables['outcomes'] = new Map()
  for (const [key, { letter, outcome }] of sagas.letters) {
    deadLetters.set(key, letter)
    if (outcome !== null) outcomes.set(key, outcome)
  }
  const { compensations, overrides } = sagas
  const ofSagas = { compensations, overrides, deadLetters, outcomes }
  return { dags, runs, tis, tries, executions, pools, importErrors, notes, ...ofSagas, draining, leader: null }
}
