/**
 * One connection that is opened again when it broke. Invariant: a failed connection is never used again, so a session's
 * settings and prepared statements are always those of a fresh session; calls run one after the other.
 */
import pg from 'pg'

export class Reconnecting {
  readonly #config: pg.ClientConfig
  readonly #settings: string
  readonly #onNewSession: () => void
  #client: Promise<pg.Client> | null = null
  #queue: Promise<unknown> = Promise.resolve()
  #closed = false

  constructor(config: pg.ClientConfig, settings: string, onNewSession: () => void) {
    this.#config = config
    this.#settings = settings
    this.#onNewSession = onNewSession
  }

  client(): Promise<pg.Client> {
    if (this.#closed) return Promise.reject(new Error('The Store is closed'))
    if (this.#client !== null) return this.#client
    const opening: Promise<pg.Client> = this.#open(() => {
      if (this.#client === opening) this.#client = null
    })
    this.#client = opening
    opening.catch(() => {
      if (this.#client === opening) this.#client = null
    })
    return opening
  }

  /** Runs `work` when earlier calls are done. */
  use<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
    const result = this.#queue.then(async () => {
      const client = await this.client()
      try {
        return await work(client)
      } catch (error) {
        if (!isAnswer(error)) this.#drop(client)
        throw error
      }
    })
    this.#queue = result.catch(() => {})
    return result
  }

  async close(): Promise<void> {
    this.#closed = true
    const client = await this.#client?.catch(() => null)
    this.#client = null
    await client?.end().catch(() => {})
  }

  async #open(onLost: () => void): Promise<pg.Client> {
    const client = new pg.Client(this.#config)
    client.on('error', onLost)
    client.on('end', onLost)
    await client.connect()
    try {
      await client.query(this.#settings)
    } catch (error) {
      await client.end().catch(() => {})
      throw error
    }
    this.#onNewSession()
    return client
  }

  #drop(client: pg.Client): void {
    this.#client = null
    client.end().catch(() => {})
  }
}

/** An error that the server sent as its answer, after which the session goes on. Class 57: it was ended. */
function isAnswer(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code !== undefined && !/^(57|08)/.test(error.code)
}
