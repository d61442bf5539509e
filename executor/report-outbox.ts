/**
 * Reports on their way to the scheduler: gathered, and handed over in one call per macrotask. An end is kept until it is
 * acknowledged, so that a scheduler that lost it finds it in the inventory.
 */
import { type TryKey, tryKeyText } from '../core/ids.ts'
import type { ExecutorReport, TryEnded } from '../core/ports/executor.ts'

export interface ReportOutbox {
  open(report: (reports: readonly ExecutorReport[]) => void): void
  send(report: ExecutorReport): void
  acknowledge(keys: readonly TryKey[]): void
  finished(key: TryKey): TryEnded | undefined
  allFinished(): readonly TryEnded[]
  /** Hands over what is gathered, now. */
  flush(): void
}

export function createReportOutbox(onDiagnostic: (line: string) => void): ReportOutbox {
  const unacknowledged = new Map<string, TryEnded>()
  let gathered: ExecutorReport[] = []
  let receiver: ((reports: readonly ExecutorReport[]) => void) | null = null
  let scheduled = false

  function flush(): void {
    scheduled = false
    if (receiver === null || gathered.length === 0) return
    const reports = gathered
    gathered = []
    try {
      receiver(reports)
    } catch (error) {
      const why = error instanceof Error ? (error.stack ?? error.message) : String(error)
      onDiagnostic(`The receiver of executor reports threw; ${reports.length} reports wait in the inventory: ${why}`)
    }
  }

  return {
    open(report) {
      receiver = report
      if (gathered.length > 0) setImmediate(flush)
    },
    send(report) {
      if (report.type === 'ended') unacknowledged.set(tryKeyText(report.key), report)
      gathered.push(report)
      if (scheduled) return
      scheduled = true
      setImmediate(flush)
    },
    acknowledge(keys) {
      for (const key of keys) unacknowledged.delete(tryKeyText(key))
    },
    finished: (key) => unacknowledged.get(tryKeyText(key)),
    allFinished: () => [...unacknowledged.values()],
    flush,
  }
}
