/**
 * What few ticks write besides runs: Dags that go piece by piece, variables, connections. Part of the draft of a tick, so
 * that several commands of one tick see each other's effects.
 */
import type { Found, TickWrites } from '../ports/store.ts'
import type {
  CompensationRecord,
  DeadLetterOutcome,
  DeadLetterRecord,
  StoredConnection,
  StoredVariable,
  TiOverrideRecord,
} from '../records.ts'

export const NOTHING_FOUND: Found = {
  variables: new Set(),
  connections: new Set(),
  doomedDags: new Map(),
  letters: new Map(),
  triggerKeys: new Map(),
}

type Written = Pick<
  TickWrites,
  | 'erasedTis'
  | 'erasedRuns'
  | 'deletedDags'
  | 'compensations'
  | 'deadLetters'
  | 'deadLetterOutcomes'
  | 'tiOverrides'
  | 'variables'
  | 'deletedVariables'
  | 'connections'
  | 'deletedConnections'
>

export class RareWrites {
  /** What was looked up for the commands of this tick. */
  readonly found: Found
  readonly erasedTis = new Set<number>()
  readonly erasedRuns = new Set<number>()
  readonly deletedDags = new Set<string>()
  readonly compensations: CompensationRecord[] = []
  readonly deadLetters: DeadLetterRecord[] = []
  readonly deadLetterOutcomes: DeadLetterOutcome[] = []
  readonly tiOverrides: TiOverrideRecord[] = []
  readonly variables: Overlay<StoredVariable>
  readonly connections: Overlay<StoredConnection>

  constructor(found: Found) {
    this.found = found
    this.variables = new Overlay(found.variables)
    this.connections = new Overlay(found.connections)
  }

  get erasesRuns(): boolean {
    return this.erasedTis.size > 0 || this.erasedRuns.size > 0
  }

  writes(now: number): Written {
    return {
      erasedTis: [...this.erasedTis],
      erasedRuns: [...this.erasedRuns],
      deletedDags: [...this.deletedDags],
      compensations: this.compensations,
      deadLetters: this.deadLetters,
      deadLetterOutcomes: this.deadLetterOutcomes,
      tiOverrides: this.tiOverrides,
      variables: this.variables.set.map((row) => ({ ...row, updatedAt: now })),
      deletedVariables: this.variables.deleted,
      connections: this.connections.set.map((row) => ({ ...row, updatedAt: now })),
      deletedConnections: this.connections.deleted,
    }
  }
}

/** Rows by name: those that are there, and what this tick makes of them. */
export class Overlay<Row> {
  readonly #there: ReadonlySet<string>
  readonly #changes = new Map<string, Row | null>()

  constructor(there: ReadonlySet<string>) {
    this.#there = there
  }

  has(name: string): boolean {
    const change = this.#changes.get(name)
    return change === undefined ? this.#there.has(name) : change !== null
  }

  /** As this tick leaves it; `undefined` where it changes nothing. */
  changed(name: string): Row | null | undefined {
    return this.#changes.get(name)
  }

  change(name: string, row: Row | null): void {
    this.#changes.set(name, row)
  }

  get set(): Row[] {
    return [...this.#changes.values()].filter((row) => row !== null)
  }

  get deleted(): string[] {
    return [...this.#changes].flatMap(([name, row]) => (row === null && this.#there.has(name) ? [name] : []))
  }
}
