/**
 * The client's side of a measurement: triggers runs through the REST API and hears of their end by the NOTIFY that comes
 * with the commit. All instants are of this process's clock, in milliseconds with fractions. While a run is measured the
 * database is asked at most every 100 ms, by key.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { withDefaults } from '../../database/connect.ts'
import { EVENT_CHANNEL } from '../../database/store/commit-statement.ts'
import type { BenchFolder, RunningProgram } from './bench-folder.ts'

const LOOK_EVERY_MS = 100
const LIVE_LIMIT_MS = 120_000

export interface MeasuredRun {
  readonly runId: string
  /** From just before the trigger was sent until the commit that ended the run was heard of. */
  readonly ms: number
}

interface Heard {
  readonly eventId: number
  readonly at: number
}

export class Client {
  readonly db: pg.Client
  readonly #listener: pg.Client
  readonly #url: string
  readonly #token: string
  #heard: Heard[] = []

  private constructor(parts: { db: pg.Client; listener: pg.Client; url: string; token: string }) {
    this.db = parts.db
    this.#listener = parts.listener
    this.#url = parts.url
    this.#token = parts.token
    this.#listener.on('notification', ({ payload }) => {
      this.#heard.push({ eventId: Number(payload), at: performance.now() })
    })
  }

  static async open(folder: BenchFolder, program: RunningProgram): Promise<Client> {
    const url = await program.ready
    const { token } = await folder.cli<{ token: string }>('tokens', 'create', 'bench', '--role', 'admin')
    const connection = await folder.connection()
    const db = new pg.Client(withDefaults(connection, 'bench'))
    const listener = new pg.Client(withDefaults(connection, 'bench listener'))
    await db.connect()
    await listener.connect()
    await listener.query(`listen ${EVENT_CHANNEL}`)
    return new Client({ db, listener, url, token })
  }

  async close(): Promise<void> {
    await this.db.end()
    await this.#listener.end()
  }

  async api<T>(method: 'GET' | 'POST' | 'PATCH', path: string, body?: unknown): Promise<T> {
    const answer = await fetch(`${this.#url}/api/v2${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.#token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${text.slice(0, 500)}`)
    return JSON.parse(text) as T
  }

  /** Waits until a dropped file is live. */
  async live(dagId: string): Promise<void> {
    await this.until(`select 1 from dag where dag_id = $1 and is_active`, [dagId], (rows) => rows.length === 1, {
      limitMs: LIVE_LIMIT_MS,
    })
  }

  /** Triggers a run of `dagId` and waits for its end. @throws when it did not succeed. */
  async run(dagId: string): Promise<MeasuredRun> {
    this.#heard = []
    const sentAt = performance.now()
    const { dag_run_id: runId } = await this.api<{ dag_run_id: string }>('POST', `/dags/${dagId}/dagRuns`, {
      logical_date: null,
    })
    const [run] = await this.until<{ id: number; state: string }>(
      `select id, state from dag_run where dag_id = $1 and run_id = $2`,
      [dagId, runId],
      ([row]) => row?.state === 'success' || row?.state === 'failed',
    )
    if (run?.state !== 'success') throw new Error(`The run ${runId} of ${dagId} ended as ${run?.state}`)
    return { runId, ms: (await this.#heardOf(run.id)) - sentAt }
  }

  /** Asks until `done` accepts the rows. */
  async until<R extends pg.QueryResultRow>(
    query: string,
    values: readonly unknown[],
    done: (rows: readonly R[]) => boolean,
    { limitMs = 600_000, everyMs = LOOK_EVERY_MS } = {},
  ): Promise<readonly R[]> {
    const started = performance.now()
    for (;;) {
      await sleep(everyMs)
      const { rows } = await this.db.query<R>(query, [...values])
      if (done(rows)) return rows
      if (performance.now() - started > limitMs) {
        throw new Error(
          `Not within ${limitMs} ms: ${query} [${values.join(', ')}]; last: ${JSON.stringify(rows.slice(0, 3))}`,
        )
      }
    }
  }

  /** When the commit was heard of that wrote the last event of the run. */
  async #heardOf(dagRunId: number): Promise<number> {
    const { rows } = await this.db.query<{ id: number }>('select max(id) as id from event where dag_run_id = $1', [
      dagRunId,
    ])
    const last = rows[0]?.id ?? Number.POSITIVE_INFINITY
    const heard = this.#heard.find((one) => one.eventId >= last)
    if (heard === undefined) throw new Error(`No NOTIFY came with event ${last}, the last one of run ${dagRunId}`)
    return heard.at
  }
}
