/** What is shown without a terminal: lines with a time, and a summary every ten seconds if anything changed. */
import { type Activity, summaryLine } from './activity.ts'
import type { View } from './live-panel.ts'

const SUMMARY_EVERY_MS = 10_000

export function createPlainLog(write: (line: string) => void, now: () => number): View {
  let said = ''
  let saidAt = now()
  return {
    log: (line) => write(line),
    show: (activity: Activity) => {
      const at = now()
      if (at - saidAt < SUMMARY_EVERY_MS) return
      saidAt = at
      const line = summaryLine(activity)
      if (line === said) return
      said = line
      write(`${new Date(at).toISOString()} ${line}`)
    },
    close: () => {},
  }
}
