/** One log per try, append-only, on the host that runs it. A try that wrote nothing has no file and an empty log. */
import type { TryKey } from '../ids.ts'

export interface LogLine {
  /** Epoch milliseconds. */
  readonly at: number
  readonly level: 'debug' | 'info' | 'warning' | 'error'
  /** `stdout`, `stderr`, `task` (structured lines) or `tradewind` (the platform's own). */
  readonly source: 'stdout' | 'stderr' | 'task' | 'tradewind'
  readonly text: string
  readonly fields?: Readonly<Record<string, unknown>>
}

/** A line as it is kept: whoever collects lines of many runs can tell them apart. */
export interface LogRecord extends LogLine {
  readonly runId?: string
  /** Left out where the run has none. */
  readonly correlationId?: string
}

/** Names a try's log for people: the path holds these, escaped. */
export interface LogAddress extends TryKey {
  readonly dagId: string
  readonly runId: string
  readonly taskId: string
  readonly mapIndex: number
  /** Of the run: written with every line, no part of the name. */
  readonly correlationId?: string | null
}

export interface LogStore {
  append(address: LogAddress, lines: readonly LogLine[]): void
  /** Flushes; resolves when all lines of the try so far can be read. */
  flush(address: LogAddress): Promise<void>
  read(
    address: LogAddress,
    fromByte?: number,
  ): Promise<{ readonly lines: readonly LogRecord[]; readonly nextByte: number }>
  close(): Promise<void>
}
