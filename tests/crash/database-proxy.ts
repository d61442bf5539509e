/**
 * A TCP proxy in front of PostgreSQL that cuts connections at the worst moment: when a given text is in what a client
 * sends, either nothing of it reaches the server, or the server has carried it out and its answer is lost.
 */
import { connect, createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import type pg from 'pg'

export type Cut = 'before the server has it' | 'before its answer'

export class DatabaseProxy {
  readonly #server: Server
  readonly #behind: pg.ClientConfig
  readonly #open = new Set<Socket>()
  #armed: { readonly text: string; readonly cut: Cut } | null = null
  /** Texts that were cut at. */
  readonly cuts: string[] = []

  private constructor(behind: pg.ClientConfig) {
    this.#behind = behind
    this.#server = createServer((client) => this.#serve(client))
  }

  static async start(behind: pg.ClientConfig): Promise<DatabaseProxy> {
    const proxy = new DatabaseProxy(behind)
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve))
    return proxy
  }

  get connection(): pg.ClientConfig {
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new Error('the proxy does not listen')
    return { ...this.#behind, host: '127.0.0.1', port: address.port }
  }

  /** Once: the first connection that sends `text` is cut. */
  arm(text: string, cut: Cut): void {
    this.#armed = { text, cut }
  }

  /** Every connection, now. */
  cutAll(): void {
    for (const socket of this.#open) socket.destroy()
  }

  async close(): Promise<void> {
    this.cutAll()
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }

  #serve(client: Socket): void {
    const { host = 'localhost', port = 5432 } = this.#behind
    const server = host.startsWith('/') ? connect(join(host, `.s.PGSQL.${port}`)) : connect(port, host)
    const end = () => {
      client.destroy()
      server.destroy()
    }
    let isLost = false
    for (const socket of [client, server]) {
      this.#open.add(socket)
      socket.on('error', end)
      socket.on('close', () => {
        this.#open.delete(socket)
        end()
      })
    }
    client.on('data', (chunk) => {
      const armed = this.#armed
      if (armed?.cut !== undefined && chunk.includes(armed.text)) {
        this.#armed = null
        this.cuts.push(armed.text)
        if (armed.cut === 'before the server has it') {
          end()
          return
        }
        isLost = true
      }
      server.write(chunk)
    })
    server.on('data', (chunk) => {
      if (isLost) end()
      else client.write(chunk)
    })
  }
}
