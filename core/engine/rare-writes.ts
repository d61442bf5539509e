/**
 * What few ticks write besides runs: Dags that go piece by piece, variables, connections. Part of the draft of a tick, so
 * that several commands of one tick see each other's effects.
 */
import { type TryKey, tryKeyText } from '../ids.ts'
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
  /** By `tryKeyText`. */
  readonly deadLetters = new Map<string, DeadLetterRecord>()
  /** By `tryKeyText`: the first counts, as in the table. */
  readonly #outcomes = new Map<string, Settled>()
  /** By TI. */
  readonly tiOverrides = new Map<number, TiOverrideRecord>()
  /** Runs that triggers of this tick made, by `triggerKeyText`. */
  readonly triggerKeys = new Map<string, { readonly id: number; readonly runId: string }>()
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

  /** What becomes of a letter, should there be one of that try that is open. */
  settleLetter(outcome: DeadLetterOutcome, dagRunId: number): void {
    const key = tryKeyText(outcome)
    if (!this.#outcomes.has(key)) this.#outcomes.set(key, { outcome, dagRunId })
  }

  /** As this tick leaves it: `undefined` for a letter that it does not settle. */
  settled(key: TryKey): DeadLetterOutcome | undefined {
    return this.#outcomes.get(tryKeyText(key))?.outcome
  }

  /** `stays`: its run is not deleted in this tick. */
  writes(now: number, stays: (row: { readonly dagRunId: number }) => boolean): Written {
    const letters = [...this.deadLetters.values()].filter(stays)
    const outcomes = [...this.#outcomes.values()].filter(stays).map(({ outcome }) => outcome)
    return {
      erasedTis: [...this.erasedTis],
      erasedRuns: [...this.erasedRuns],
      deletedDags: [...this.deletedDags],
      compensations: this.compensations.filter(stays),
      // A statement does not see what it inserts: a letter that is settled in its own tick brings its outcome along.
      deadLetters: letters.map((letter) => {
        const outcome = this.settled(letter)
        return outcome === undefined ? letter : { ...letter, outcome }
      }),
      deadLetterOutcomes: outcomes.filter((outcome) => !this.deadLetters.has(tryKeyText(outcome))),
      tiOverrides: [...this.tiOverrides.values()].filter(stays),
      variables: this.variables.set.map((row) => ({ ...row, updatedAt: now })),
      deletedVariables: this.variables.deleted,
      connections: this.connections.set.map((row) => ({ ...row, updatedAt: now })),
      deletedConnections: this.connections.deleted,
    }
  }
}

interface Settled {
  readonly outcome: DeadLetterOutcome
  readonly dagRunId: number
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
