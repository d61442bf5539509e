/**
 * The web server's questions to the program it belongs to. Invariant: a program that is busy never holds a request up for
 * longer than `PATIENCE_MS`; then it goes on without the answer.
 */
import type { MessagePort } from 'node:worker_threads'
import type { LogAddress } from '../../core/ports/log-store.ts'
import type { MetricsData } from '../../webserver/program-metrics.ts'
import type { FromWebServer } from './messages.ts'

const PATIENCE_MS = 1_000

export interface ProgramQuestions {
  metrics(): Promise<MetricsData>
  /** Resolves when the lines of this try that wait in the program's memory can be read from its file. */
  flushLog(address: LogAddress): Promise<void>
  /** Hand every answer here. */
  onAnswer(id: number, metrics: MetricsData): void
}

export function askProgram(port: MessagePort): ProgramQuestions {
  const open = new Map<number, (metrics: MetricsData) => void>()
  let lastId = 0

  function ask(flush: LogAddress | null): Promise<MetricsData> {
    return new Promise((resolve) => {
      const id = ++lastId
      const end = (metrics: MetricsData) => {
        clearTimeout(timer)
        open.delete(id)
        resolve(metrics)
      }
      const timer = setTimeout(end, PATIENCE_MS, [])
      open.set(id, end)
      port.postMessage({ type: 'ask', id, flush } satisfies FromWebServer)
    })
  }

  return {
    metrics: () => ask(null),
    flushLog: async (address) => {
      await ask(address)
    },
    onAnswer: (id, metrics) => open.get(id)?.(metrics),
  }
}
