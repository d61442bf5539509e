/**
 * The log of one try on its way to the LogStore: bounded in size, with one clear line where it is cut. The platform's own
 * lines (cause of death, leftovers) are always written, so a log never ends without saying what happened.
 */
import type { LogAddress, LogLine, LogStore } from '../core/ports/log-store.ts'

export interface TryLog {
  write(level: LogLine['level'], source: LogLine['source'], text: string, extra?: LogExtra): void
  platform(level: LogLine['level'], text: string): void
}

export interface LogExtra {
  readonly at?: number
  readonly fields?: Readonly<Record<string, unknown>>
}

/** What a line costs besides its text. */
const LINE_OVERHEAD = 64

export function createTryLog(logs: LogStore, address: LogAddress, maxChars: number, now: () => number): TryLog {
  let used = 0
  let cut = false

  function append(line: LogLine): void {
    logs.append(address, [line])
  }

  return {
    write(level, source, text, extra) {
      if (cut) return
      used += text.length + LINE_OVERHEAD + (extra?.fields === undefined ? 0 : JSON.stringify(extra.fields).length)
      if (used > maxChars) {
        cut = true
        const limit = `${Math.round(maxChars / 1024)} KiB`
        const advice = 'Write less, or raise the limit of log size per try in the configuration.'
        append({ at: now(), level: 'warning', source: 'tradewind', text: `Log cut here: past ${limit}. ${advice}` })
        return
      }
      const at = extra?.at ?? now()
      append(
        extra?.fields === undefined ? { at, level, source, text } : { at, level, source, text, fields: extra.fields },
      )
    },
    platform(level, text) {
      append({ at: now(), level, source: 'tradewind', text })
    },
  }
}
