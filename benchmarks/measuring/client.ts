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

export interface Heard {
  readonly eventId: number
  /** By the monotonic clock. */
  readonly at: number
  /** By the wall clock: what a tick of a schedule is compared with. */
  readonly wallAt: number
}

export class Client {
  readonly db: pg.Client
  readonly #listener: pg.Client
  readonly #url: string
  readonly #token: () => Promise<string>
  #heard: Heard[] = []

  private constructor(parts: { db: pg.Client; listener: pg.Client; url: string; token: () => Promise<string> }) {
    this.db = parts.db
    this.#listener = parts.listener
    this.#url = parts.url
    this.#token = parts.token
    // Whoever waits for an answer hears of a lost server; nobody else has to.
    for (const client of [this.db, this.#listener]) client.on('error', () => {})
    this.#listener.on('notification', ({ payload }) => {
      this.#heard.push({ eventId: Number(payload), at: performance.now(), wallAt: Date.now() })
    })
  }

  static async open(folder: BenchFolder, program: RunningProgram): Promise<Client> {
    const url = await program.ready
    let made: Promise<{ token: string }> | null = null
    // Made when first needed: making it costs the program a moment.
    const token = async () => {
      made ??= folder.cli<{ token: string }>('tokens', 'create', 'bench', '--role', 'admin')
      return (await made).token
    }
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
        authorization: `Bearer ${await this.#token()}`,
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
    await this.#token()
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
    return { runId, ms: (await this.#endHeard(run.id)).at - sentAt }
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

  /** When the commit was heard of that wrote this event; everything since the last `run` is remembered. */
  async heardOf(eventId: number): Promise<Heard> {
    // What is committed has been told once the listener has answered anything.
    if ((this.#heard.at(-1)?.eventId ?? 0) < eventId) await this.#listener.query('select 1')
    // Ids grow with time: halve.
    let [low, high] = [0, this.#heard.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#heard[middle]!.eventId < eventId) low = middle + 1
      else high = middle
    }
    const heard = this.#heard[low]
    if (heard === undefined) throw new Error(`No NOTIFY came with event ${eventId} or a later one`)
    return heard
  }

  async #endHeard(dagRunId: number): Promise<Heard> {
    const { rows } = await this.db.query<{ id: number }>('select max(id) as id from event where dag_run_id = $1', [
      dagRunId,
    ])
    return this.heardOf(rows[0]!.id)
  }
}
