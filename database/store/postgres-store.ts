/**
 * The Store over PostgreSQL. Two direct connections: `leader` commits and loads, `control` renews the lease, listens for
 * hints and reads the inbox, so that no renewal waits behind a large commit. Invariants: memory may trust a `committed`
 * only; a commit whose outcome is unknown rejects, and the connection it ran on is not used again.
 */
import { randomUUID } from 'node:crypto'
import pg from 'pg'
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
} from '../../core/ports/store.ts'
import type { CommandRecord, CommandRequest } from '../../core/records.ts'
import { withDefaults } from '../connect.ts'
import { CommitStatements, leaderSettings, WRONG_COUNT } from './commit-statement.ts'
import { ensureEventPartitions } from './event-partitions.ts'
import { HintListener } from './hint-listener.ts'
import { acquireLease, registerBackend, releaseLease, renewLease } from './lease.ts'
import { loadRunsByName, loadSnapshot } from './load.ts'
import { lookUp } from './look-up.ts'
import { Reconnecting } from './reconnecting.ts'

const CONTROL_SETTINGS = "set statement_timeout = '10s'; set idle_in_transaction_session_timeout = '10s'"

export interface PostgresStore extends Store {
  /** Closes its connections; the lease is left as it is. */
  close(): Promise<void>
}

/** Connects and checks that the lease can be read. `connection` must not lead through a transaction pooler. */
export async function createPostgresStore(connection: pg.ClientConfig): Promise<PostgresStore> {
  const store = new ConnectedStore(connection)
  try {
    await store.connect()
    return store
  } catch (error) {
    await store.close()
    throw error
  }
}

class ConnectedStore implements PostgresStore {
  readonly #token = randomUUID()
  readonly #leader: Reconnecting
  readonly #control: Reconnecting
  readonly #hints: HintListener
  #statements = new CommitStatements()
  /** First event id without a partition. */
  #partitionsEnd = 0
  /** Epoch for which the lease row names the present backend of `leader`. */
  #registered: number | null = null

  constructor(connection: pg.ClientConfig) {
    this.#leader = new Reconnecting(timed(connection, 'tradewind leader', 65_000), leaderSettings, () => {
      this.#statements = new CommitStatements()
      this.#partitionsEnd = 0
      this.#registered = null
    })
    this.#control = new Reconnecting(timed(connection, 'tradewind control', 10_000), CONTROL_SETTINGS, () => {})
    this.#hints = new HintListener(withDefaults(connection, 'tradewind hints'))
  }

  async connect(): Promise<void> {
    await this.#leader.client()
    await this.#control.client()
  }

  async acquireLease(host: string): Promise<Term | null> {
    return this.#leader.use(async (client) => {
      const term = await acquireLease(client, host, this.#token)
      if (term !== null) this.#registered = term.epoch
      return term
    })
  }

  async renewLease(epoch: number): Promise<boolean> {
    return this.#control.use((client) => renewLease(client, epoch, this.#token))
  }

  async releaseLease(epoch: number): Promise<void> {
    await this.#control.use((client) => releaseLease(client, epoch, this.#token))
  }

  async load(epoch: number): Promise<Snapshot> {
    return this.#leader.use(async (client) => {
      const snapshot = await loadSnapshot(client, epoch)
      this.#partitionsEnd = await ensureEventPartitions(client, snapshot.nextIds.event)
      return snapshot
    })
  }

  async loadRuns(_epoch: number, names: readonly RunName[]): Promise<LoadedRuns> {
    return this.#leader.use((client) => loadRunsByName(client, names))
  }

  async lookUp(_epoch: number, wanted: Wanted): Promise<Found> {
    return this.#leader.use((client) => lookUp(client, wanted))
  }

  async commit(epoch: number, writes: TickWrites): Promise<CommitResult> {
    return this.#leader.use(async (client) => {
      if (this.#registered !== epoch) {
        if (!(await registerBackend(client, epoch, this.#token))) return { status: 'fenced' }
        this.#registered = epoch
      }
      const last = writes.events.at(-1)?.id ?? 0
      if (last >= this.#partitionsEnd) {
        this.#partitionsEnd = await ensureEventPartitions(client, writes.events[0]?.id ?? last, last)
      }
      const statement = this.#statements.statement(epoch, writes)
      if (statement === null) return { status: 'committed' }
      try {
        const result = await client.query<{ status: 'committed' | 'fenced' }>(statement)
        const status = result.rows[0]?.status
        if (status === undefined) throw new Error('The commit statement returned no status')
        return { status }
      } catch (error) {
        const refusal = dataError(error)
        if (refusal !== null) return refusal
        throw error
      }
    })
  }

  async commandsAfter(afterId: number, limit: number): Promise<readonly CommandRecord[]> {
    // Index: command_open (id where answer is null). Locks: none.
    const result = await this.#control.use((client) =>
      client.query<Omit<CommandRecord, 'request'> & { request: string }>({
        name: 'commands_after',
        text: `select id, request, actor, created_at as "createdAt", not_after as "notAfter"
               from command where answer is null and id > $1 order by id limit $2`,
        values: [afterId, limit],
      }),
    )
    return result.rows.map((row) => ({ ...row, request: JSON.parse(row.request) as CommandRequest }))
  }

  async onHint(callback: () => void): Promise<() => Promise<void>> {
    return this.#hints.listen(callback)
  }

  async close(): Promise<void> {
    await Promise.all([this.#leader.close(), this.#control.close(), this.#hints.close()])
  }
}

/** A server that went silent counts as lost after this long: the call rejects and the connection is given up. */
function timed(connection: pg.ClientConfig, name: string, queryTimeoutMs: number): pg.ClientConfig {
  return { ...withDefaults(connection, name), query_timeout: queryTimeoutMs }
}

/** Classes 22 (data) and 23 (constraints), and 54 (limits: a key too long for its index): the rows' fault. */
function dataError(error: unknown): CommitResult | null {
  if (!(error instanceof pg.DatabaseError) || error.code === undefined) return null
  if (error.message.includes(WRONG_COUNT)) return null
  if (!/^(22|23|54)/.test(error.code)) return null
  const detail = error.detail === undefined ? '' : ` (${error.detail})`
  return { status: 'data-error', message: `${error.message}${detail}`, sqlState: error.code }
}
