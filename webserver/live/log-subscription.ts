/**
 * Follows the log of one try. Reads the file a few times a second from where it was, and only while the socket has room. It
 * ends when the try has ended and its log has been still for a moment: lines may come a little after the result.
 */
import type { LogAddress, LogStore } from '../../core/ports/log-store.ts'
import { getRun } from '../../database/queries/runs.ts'
import { getTi, listTries } from '../../database/queries/task-instances.ts'
import type { Pool } from '../pool.ts'
import type { LogRequest } from './messages.ts'
import type { Outlet, Subscription } from './outlet.ts'

const LOOK_EVERY_MS = 250
const ASK_STATE_EVERY_MS = 1_000
const STILL_FOR_MS = 750

export interface LogParts {
  readonly pool: Pool
  readonly logs: Pick<LogStore, 'read'>
}

export class LogSubscription implements Subscription {
  readonly #request: LogRequest
  readonly #parts: LogParts
  readonly #outlet: Outlet
  readonly #timer: NodeJS.Timeout
  #address: LogAddress | null = null
  #position: number
  #isEnded = false
  #isFirst = true
  #askedAt = 0
  /** Since when the try is over and the log is still. */
  #stillSince: number | null = null
  #busy = false

  constructor(request: LogRequest, parts: LogParts, outlet: Outlet) {
    this.#request = request
    this.#parts = parts
    this.#outlet = outlet
    this.#position = request.from_byte ?? 0
    this.#timer = setInterval(() => this.advance(), LOOK_EVERY_MS)
  }

  advance(): void {
    if (this.#busy || this.#isEnded || !this.#outlet.hasRoom()) return
    this.#busy = true
    this.#look()
      .catch(() => this.#fail('The log cannot be read now; try again.'))
      .finally(() => {
        this.#busy = false
      })
  }

  end(): void {
    this.#isEnded = true
    clearInterval(this.#timer)
  }

  async #look(): Promise<void> {
    this.#address ??= await this.#find()
    if (this.#address === null) return
    await this.#askState(this.#address)
    const { lines, nextByte } = await this.#parts.logs.read(this.#address, this.#position)
    // Others of this socket may have filled it meanwhile: then these lines are read again when there is room.
    if (this.#isEnded || (lines.length > 0 && !this.#outlet.hasRoom())) return
    const now = Date.now()
    if (nextByte !== this.#position && this.#stillSince !== null) this.#stillSince = now
    this.#position = nextByte
    const ended = this.#stillSince !== null && now - this.#stillSince >= STILL_FOR_MS
    if (lines.length === 0 && !ended && !this.#isFirst) return
    this.#isFirst = false
    this.#outlet.send({ type: 'log', id: this.#request.id, lines, position: this.#position, ended })
    if (ended) this.end()
  }

  async #find(): Promise<LogAddress | null> {
    const { dag_id: dagId, dag_run_id: runId, task_id: taskId, try_number: tryNumber } = this.#request
    const mapIndex = this.#request.map_index ?? -1
    const run = await getRun(this.#parts.pool, { dagId, runId })
    const ti = run === null ? null : await getTi(this.#parts.pool, { dagRunId: run.id, taskId, mapIndex })
    if (ti !== null) return { tiId: ti.id, tryNumber, dagId, runId, taskId, mapIndex }
    this.#fail('There is no such task instance.')
    return null
  }

  /** A try that was never made is over too: the page asks again when it comes. */
  async #askState({ tiId, tryNumber }: LogAddress): Promise<void> {
    const now = Date.now()
    if (this.#stillSince !== null || now - this.#askedAt < ASK_STATE_EVERY_MS) return
    this.#askedAt = now
    const tries = await listTries(this.#parts.pool, tiId)
    const record = tries.find((one) => one.tryNumber === tryNumber)
    if (record?.state !== 'queued' && record?.state !== 'running') this.#stillSince = record?.endDate ?? 0
  }

  #fail(message: string): void {
    if (this.#isEnded) return
    this.#outlet.send({ type: 'error', id: this.#request.id, message })
    this.end()
  }
}
