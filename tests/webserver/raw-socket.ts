/** A WebSocket client that reads only when it is told to, as no real client lets one do. */
import { randomBytes } from 'node:crypto'
import { request } from 'node:http'
import type { Socket } from 'node:net'

const TEXT = 1

export class RawSocket {
  readonly #socket: Socket
  readonly #onText: (text: string) => void
  #rest: Buffer = Buffer.alloc(0)
  readonly closed: Promise<void>

  private constructor(socket: Socket, onText: (text: string) => void) {
    this.#socket = socket
    this.#onText = onText
    this.closed = new Promise((resolve) => {
      socket.on('close', () => resolve())
      socket.on('error', () => resolve())
    })
  }

  /** Not reading yet. */
  static open(address: string, token: string, onText: (text: string) => void): Promise<RawSocket> {
    return new Promise((resolve, reject) => {
      const asked = request(`${address}/api/v2/ws`, {
        headers: {
          authorization: `Bearer ${token}`,
          connection: 'Upgrade',
          upgrade: 'websocket',
          'sec-websocket-version': '13',
          'sec-websocket-key': randomBytes(16).toString('base64'),
        },
      })
      asked.on('upgrade', (_response, socket: Socket) => {
        socket.pause()
        resolve(new RawSocket(socket, onText))
      })
      asked.on('error', reject)
      asked.end()
    })
  }

  say(message: unknown): void {
    const text = Buffer.from(JSON.stringify(message))
    if (text.length > 125) throw new Error('longer than a short frame')
    // Masked with zeros: the text as it is.
    this.#socket.write(Buffer.concat([Buffer.from([0x80 | TEXT, 0x80 | text.length, 0, 0, 0, 0]), text]))
  }

  read(): void {
    this.#socket.on('data', (chunk: Buffer) => {
      this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
      while (this.#takeFrame()) {
        // One by one.
      }
    })
    this.#socket.resume()
  }

  end(): void {
    this.#socket.destroy()
  }

  #takeFrame(): boolean {
    const buffer = this.#rest
    if (buffer.length < 2) return false
    const short = buffer[1]! & 0x7f
    const head = short === 126 ? 4 : short === 127 ? 10 : 2
    if (buffer.length < head) return false
    const length = short === 126 ? buffer.readUInt16BE(2) : short === 127 ? Number(buffer.readBigUInt64BE(2)) : short
    if (buffer.length < head + length) return false
    if ((buffer[0]! & 0x0f) === TEXT) this.#onText(buffer.toString('utf8', head, head + length))
    this.#rest = buffer.subarray(head + length)
    return true
  }
}
