/**
 * The Store over `MemoryTables`: for the simulation, `dags test` and the in-memory runner. It passes the same contract
 * suite as the PostgreSQL Store.
 */
import type { Clock } from '../core/ports/clock.ts'
import type {
  CommitResult,
  Found,
  LoadedRuns,
  RunName,
  Snapshot,
  Store,
  Term,
  TickWrites,
  Wanted,
} from '../core/ports/store.ts'
import type { CommandRecord } from '../core/records.ts'
import { ConstraintError } from './memory-constraints.ts'
import type { MemoryTables } from './memory-tables.ts'

const LEASE_MS = 3_000

export class MemoryStore implements Store {
  readonly #tables: MemoryTables
  readonly #clock: Clock

  constructor(tables: MemoryTables, clock: Clock) {
    this.#tables = tables
    this.#clock = clock
  }

  async acquireLease(host: string): Promise<Term | null> {
    const { lease } = this.#tables
    const now = this.#clock.now()
    if (lease.expiresAt > now && lease.host !== host) return null
    const expiresAt = now + LEASE_MS
    this.#tables.lease = { epoch: lease.epoch + 1, host, expiresAt }
    return { epoch: lease.epoch + 1, expiresAt }
  }

  async renewLease(epoch: number): Promise<boolean> {
    if (this.#tables.lease.epoch !== epoch) return false
    this.#tables.lease = { ...this.#tables.lease, expiresAt: this.#clock.now() + LEASE_MS }
    return true
  }

  async releaseLease(epoch: number): Promise<void> {
    if (this.#tables.lease.epoch === epoch) this.#tables.lease = { ...this.#tables.lease, expiresAt: 0 }
  }

  async load(_epoch: number): Promise<Snapshot> {
    return this.#tables.snapshot()
  }

  async loadRuns(_epoch: number, names: readonly RunName[]): Promise<LoadedRuns> {
    return this.#tables.runsByName(names)
  }

  async lookUp(_epoch: number, wanted: Wanted): Promise<Found> {
    return this.#tables.lookUp(wanted)
  }

  async commit(epoch: number, writes: TickWrites): Promise<CommitResult> {
    if (this.#tables.lease.epoch !== epoch) return { status: 'fenced' }
    try {
      this.#tables.write(writes)
    } catch (error) {
      if (error instanceof ConstraintError)
        return { status: 'data-error', message: error.message, sqlState: error.sqlState }
      throw error
    }
    return { status: 'committed' }
  }

  async commandsAfter(afterId: number, limit: number): Promise<readonly CommandRecord[]> {
    return [...this.#tables.commands.values()]
      .filter(({ record, answer }) => answer === null && record.id > afterId)
      .map(({ record }) => record)
      .slice(0, limit)
  }

  async onHint(callback: () => void): Promise<() => Promise<void>> {
    const stop = this.#tables.onHint(callback)
    return async () => stop()
  }
}
