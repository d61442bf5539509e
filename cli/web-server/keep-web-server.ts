/**
 * Keeps the web server going in a thread of its own. Invariants: the first start fails as a whole, with cause and remedy;
 * a thread that ends later by itself is told about and started again at the same address, after a pause that grows to
 * `LONGEST_PAUSE_MS`, while the scheduler goes on; a stop ends it in bounded time.
 */
import { Worker } from 'node:worker_threads'
import type { LogAddress } from '../../core/ports/log-store.ts'
import type { MetricsData } from '../../webserver/program-metrics.ts'
import type { Connection } from '../database-access.ts'
import type { ProgramConfig } from '../load-config.ts'
import { entryFile } from '../package-root.ts'
import type { EarlierPort, FromWebServer, ToWebServer } from './messages.ts'

export interface WebServerNeeds {
  readonly readMetrics: () => Promise<MetricsData>
  readonly flushLog: (address: LogAddress) => Promise<void>
  readonly log: (line: string) => void
}

export interface KeptWebServer {
  /** Resolves with the address. Throws with cause and remedy when it cannot listen. */
  start(program: ProgramConfig, connection: Connection): Promise<string>
  stop(): Promise<void>
}

/** An answer that needs more than this ends the thread, not the program. */
const HEAP_MB = 512
/** Small: an idle program takes 15 MB less, for collections that are short and its own. */
const YOUNG_HEAP_MB = 8
const FIRST_PAUSE_MS = 250
const LONGEST_PAUSE_MS = 30_000
/** One that ran this long before it ended begins with the first pause again. */
const STEADY_AFTER_MS = 60_000
const STOP_WITHIN_MS = 5_000

/** Its thread begins to load at once, beside everything else that starts. */
export function keepWebServer(needs: WebServerNeeds): KeptWebServer {
  return new Keeper(needs)
}

class Keeper implements KeptWebServer {
  readonly #needs: WebServerNeeds
  #thread: Worker
  #ended: Promise<string>
  #isStopping = false
  #pause: { readonly timer: NodeJS.Timeout; readonly end: () => void } | null = null
  #keeping: Promise<void> = Promise.resolve()

  constructor(needs: WebServerNeeds) {
    this.#needs = needs
    ;({ thread: this.#thread, ended: this.#ended } = openThread())
  }

  async start(program: ProgramConfig, connection: Connection): Promise<string> {
    const { address, port } = await this.#begin({ type: 'start', program, connection, earlier: null })
    this.#keeping = this.#keep({ type: 'start', program, connection, earlier: { port } })
    return address
  }

  async stop(): Promise<void> {
    this.#isStopping = true
    if (this.#pause !== null) {
      clearTimeout(this.#pause.timer)
      this.#pause.end()
    }
    this.#say({ type: 'stop' })
    const timer = setTimeout(() => void this.#thread.terminate(), STOP_WITHIN_MS)
    await this.#ended
    clearTimeout(timer)
    await this.#keeping
  }

  #say(message: ToWebServer): void {
    this.#thread.postMessage(message)
  }

  /** Until it listens. */
  #begin(message: Extract<ToWebServer, { type: 'start' }>): Promise<{ address: string } & EarlierPort> {
    return new Promise((resolve, reject) => {
      this.#thread.on('message', (told: FromWebServer) => {
        if (told.type === 'listening') resolve(told)
        else if (told.type === 'failed') reject(new Error(told.message))
        else if (told.type === 'log') this.#needs.log(told.line)
        else void this.#answer(told.id, told.flush)
      })
      this.#ended.then((reason) => reject(new Error(`The web server ended while it started: ${reason}`)), reject)
      this.#say(message)
    })
  }

  async #answer(id: number, flush: LogAddress | null): Promise<void> {
    try {
      if (flush !== null) await this.#needs.flushLog(flush)
      this.#say({ type: 'answer', id, metrics: flush === null ? await this.#needs.readMetrics() : [] })
    } catch {
      // It goes on without.
      this.#say({ type: 'answer', id, metrics: [] })
    }
  }

  async #keep(message: Extract<ToWebServer, { type: 'start' }>): Promise<void> {
    let pauseMs = FIRST_PAUSE_MS
    let since = performance.now()
    let reason = await this.#ended
    while (!this.#isStopping) {
      if (performance.now() - since > STEADY_AFTER_MS) pauseMs = FIRST_PAUSE_MS
      this.#needs.log(`The web server ended: ${reason}. It is started again; runs go on meanwhile.`)
      await this.#wait(pauseMs)
      if (this.#isStopping) return
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)
      since = performance.now()
      ;({ thread: this.#thread, ended: this.#ended } = openThread())
      try {
        const { address } = await this.#begin(message)
        this.#needs.log(`The web server is back at ${address}`)
        reason = await this.#ended
      } catch (error) {
        reason = error instanceof Error ? error.message : String(error)
        await this.#thread.terminate()
      }
    }
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        this.#pause = null
        resolve()
      }
      this.#pause = { timer: setTimeout(end, ms), end }
    })
  }
}

/** `ended` resolves, never rejects, with why. */
function openThread(): { thread: Worker; ended: Promise<string> } {
  const thread = new Worker(entryFile('cli/web-server/thread'), {
    name: 'web server',
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MB, maxYoungGenerationSizeMb: YOUNG_HEAP_MB },
  })
  const ended = new Promise<string>((resolve) => {
    let reason: string | null = null
    thread.on('error', (error: unknown) => {
      reason ??= error instanceof Error ? shortStack(error) : String(error)
    })
    thread.on('exit', (code) => resolve(reason ?? `exit code ${code}`))
  })
  return { thread, ended }
}

/** On one line, for the log. */
function shortStack({ stack, message }: Error): string {
  const lines = (stack ?? message).split('\n').map((line) => line.trim())
  return lines.slice(0, 4).join(' ')
}
