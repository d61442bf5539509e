/**
 * The parse children: at most `SIZE` at once, used again while they are clean, one kept warm so that the next change need
 * not wait for a process to start, until `rest` ends it too. Invariant: after `stop` no child is left.
 */
import type { ParseRequest } from '../../core/ports/parse-protocol.ts'
import { type ParseOutcome, type ParseProcess, type ParseProcessOptions, startParseProcess } from './parse-process.ts'

export interface ParsePool {
  /** Starts a child if there is none; rejects when children cannot be started here. */
  warmUp(): Promise<void>
  /** Waits for a free child. Rejects only when no child can be started, or the pool is stopped. */
  parse(request: Omit<ParseRequest, 'type' | 'id'>): Promise<ParseOutcome>
  /** In clean children that have parsed nothing but what `batch` asks for; ended afterwards. */
  inFreshChild<T>(batch: (parse: ParsePool['parse']) => Promise<T>): Promise<T>
  /** Ends the children that wait; the next request starts one. */
  rest(): void
  stop(): Promise<void>
}

export const SIZE = 2
const IDLE_MS = 10_000

export function createParsePool(options: ParseProcessOptions): ParsePool {
  const idle: ParseProcess[] = []
  const all = new Set<ParseProcess>()
  const waiting: (() => void)[] = []
  let busy = 0
  let lastId = 0
  let stopped = false
  let cooling: NodeJS.Timeout | undefined

  function start(): ParseProcess {
    if (stopped) throw new Error('The Dag processor has been stopped.')
    const child = startParseProcess(options)
    all.add(child)
    return child
  }

  async function retire(child: ParseProcess): Promise<void> {
    await child.end()
    all.delete(child)
  }

  async function usable(): Promise<ParseProcess> {
    const warm = idle.pop()
    if (warm?.worn === true) await retire(warm)
    const child = warm === undefined || warm.worn ? start() : warm
    try {
      await child.ready
      return child
    } catch (error) {
      await retire(child)
      throw error
    }
  }

  function giveBack(child: ParseProcess): void {
    if (stopped || child.worn) {
      void retire(child)
      if (!stopped && idle.length === 0) idle.push(start())
      return
    }
    idle.push(child)
    clearTimeout(cooling)
    cooling = setTimeout(() => {
      while (idle.length > 1) void retire(idle.shift()!)
    }, IDLE_MS)
    cooling.unref()
  }

  function ask(child: ParseProcess, request: Omit<ParseRequest, 'type' | 'id'>): Promise<ParseOutcome> {
    lastId += 1
    return child.parse({ ...request, type: 'parse', id: lastId })
  }

  return {
    async warmUp() {
      if (idle.length + busy > 0) return
      const child = start()
      idle.push(child)
      await child.ready
    },
    async parse(request) {
      while (busy >= SIZE) await new Promise<void>((resolve) => waiting.push(resolve))
      busy += 1
      try {
        const child = await usable()
        const outcome = await ask(child, request)
        giveBack(child)
        return outcome
      } finally {
        busy -= 1
        waiting.shift()?.()
      }
    },
    async inFreshChild(batch) {
      let child = start()
      try {
        await child.ready
        return await batch(async (request) => {
          if (child.worn) {
            await retire(child)
            child = start()
            await child.ready
          }
          return ask(child, request)
        })
      } finally {
        await retire(child)
      }
    },
    rest() {
      for (const child of idle.splice(0)) void retire(child)
    },
    async stop() {
      stopped = true
      clearTimeout(cooling)
      await Promise.all([...all].map(retire))
    },
  }
}
