/**
 * Listens for hints (NOTIFY) on a connection of its own and opens it again when it breaks. Invariant: after every break
 * one hint is given without being asked, for those that may have been missed.
 */
import pg from 'pg'
import { COMMAND_CHANNEL } from './commit-statement.ts'

const RETRY_MS = 500

export class HintListener {
  readonly #config: pg.ClientConfig
  readonly #callbacks = new Set<() => void>()
  #client: pg.Client | null = null
  #retry: NodeJS.Timeout | null = null
  #closed = false

  constructor(config: pg.ClientConfig) {
    this.#config = config
  }

  /** Resolves when it listens; what it returns ends it. */
  async listen(callback: () => void): Promise<() => Promise<void>> {
    this.#callbacks.add(callback)
    if (this.#client === null && this.#retry === null) await this.#connect()
    return async () => {
      this.#callbacks.delete(callback)
      if (this.#callbacks.size === 0) await this.#disconnect()
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#callbacks.clear()
    await this.#disconnect()
  }

  async #connect(): Promise<void> {
    const client = new pg.Client(this.#config)
    this.#client = client
    const lost = () => {
      if (this.#client === client) this.#connectLater()
    }
    client.on('error', lost)
    client.on('end', lost)
    client.on('notification', () => this.#tell())
    try {
      await client.connect()
      await client.query(`listen ${COMMAND_CHANNEL}`)
    } catch (error) {
      if (this.#client === client) this.#client = null
      await client.end().catch(() => {})
      throw error
    }
  }

  #connectLater(): void {
    this.#client = null
    if (this.#closed || this.#callbacks.size === 0 || this.#retry !== null) return
    this.#retry = setTimeout(() => {
      this.#retry = null
      if (this.#closed || this.#callbacks.size === 0) return
      this.#connect().then(
        () => this.#tell(),
        () => this.#connectLater(),
      )
    }, RETRY_MS)
  }

  async #disconnect(): Promise<void> {
    if (this.#retry !== null) clearTimeout(this.#retry)
    this.#retry = null
    const client = this.#client
    this.#client = null
    await client?.end().catch(() => {})
  }

  #tell(): void {
    for (const callback of this.#callbacks) callback()
  }
}
