/**
 * The LogStore on files: one JSON line per log line with the run it belongs to, appended. Lines wait in memory for at most `flushEveryMs`, so a
 * chatty task costs one write per interval and not one per line. Whole lines are written, in order, never two writers on
 * one file; a reader that meets a half-written last line stops before it.
 */
import { appendFile, mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { tryKeyText } from '../core/ids.ts'
import type { LogAddress, LogLine, LogRecord, LogStore } from '../core/ports/log-store.ts'
import { logPath } from './file-log-path.ts'

export interface FileLogStoreOptions {
  readonly logsDir: string
  /** Default 200 ms. */
  readonly flushEveryMs?: number
  /** Told once per failing file (disk full, no permission); its lines are dropped. */
  readonly onDiagnostic?: (line: string) => void
}

/** A reader gets at most this much at once; it follows `nextByte`. */
const MAX_READ_BYTES = 4 * 1024 * 1024
/** A single log line can be longer than one read. */
const MAX_LINE_BYTES = 64 * 1024 * 1024
/** Past this a try's buffer is written without waiting for the interval. */
const WRITE_AT_CHARS = 256 * 1024

/** What the files alone can. */
export interface FileLogStore extends LogStore {
  /** Appends to the log of a try whose host died, perhaps in the middle of a line. */
  conclude(address: LogAddress, line: LogLine): void
}

interface Pending {
  readonly path: string
  /** The file may end within a line. */
  mend: boolean
  text: string
  writing: Promise<void> | null
}

export function createFileLogStore(options: FileLogStoreOptions): FileLogStore {
  const pending = new Map<string, Pending>()
  const madeFolders = new Set<string>()
  const complained = new Set<string>()
  let timer: NodeJS.Timeout | null = null

  async function writeOut(key: string, entry: Pending): Promise<void> {
    while (entry.text !== '') {
      const text = entry.text
      entry.text = ''
      try {
        const folder = dirname(entry.path)
        if (!madeFolders.has(folder)) {
          await mkdir(folder, { recursive: true })
          if (madeFolders.size > 10_000) madeFolders.clear()
          madeFolders.add(folder)
        }
        const cut = entry.mend && (await endsWithinLine(entry.path))
        entry.mend = false
        await appendFile(entry.path, cut ? `\n${text}` : text)
      } catch (error) {
        madeFolders.delete(dirname(entry.path))
        if (!complained.has(entry.path)) {
          complained.add(entry.path)
          const why = error instanceof Error ? error.message : String(error)
          options.onDiagnostic?.(
            `Log lines lost: cannot write ${entry.path}: ${why}. Free space or fix its permissions.`,
          )
        }
      }
    }
    entry.writing = null
    if (pending.get(key) === entry) pending.delete(key)
  }

  function startWriting(key: string, entry: Pending): Promise<void> {
    entry.writing ??= writeOut(key, entry)
    return entry.writing
  }

  function writeAll(): Promise<unknown> {
    if (timer !== null) clearTimeout(timer)
    timer = null
    return Promise.all([...pending].map(([key, entry]) => startWriting(key, entry)))
  }

  function add(address: LogAddress, lines: readonly LogLine[], mend: boolean): void {
    if (lines.length === 0) return
    const key = keyOf(address)
    let entry = pending.get(key)
    if (entry === undefined) {
      entry = { path: logPath(options.logsDir, address), mend, text: '', writing: null }
      pending.set(key, entry)
    }
    const end = endOfRecord(address)
    for (const line of lines) entry.text += `${JSON.stringify(line).slice(0, -1)}${end}`
    if (entry.text.length > WRITE_AT_CHARS) void startWriting(key, entry)
    else timer ??= setTimeout(() => void writeAll(), options.flushEveryMs ?? 200)
  }

  return {
    append: (address, lines) => add(address, lines, false),
    conclude: (address, line) => add(address, [line], true),

    async flush(address) {
      const key = keyOf(address)
      const entry = pending.get(key)
      if (entry !== undefined) await startWriting(key, entry)
    },

    async read(address, fromByte = 0) {
      await this.flush(address)
      return readLines(logPath(options.logsDir, address), fromByte)
    },

    async close() {
      while (pending.size > 0) await writeAll()
    },
  }
}

/** What all records of a try have in common, after what is their own. */
function endOfRecord({ runId, correlationId }: LogAddress): string {
  const correlation = correlationId == null ? '' : `,"correlationId":${JSON.stringify(correlationId)}`
  return `,"runId":${JSON.stringify(runId)}${correlation}}\n`
}

function keyOf(address: LogAddress): string {
  return `${tryKeyText(address)}/${address.dagId}/${address.runId}`
}

async function endsWithinLine(path: string): Promise<boolean> {
  let file: Awaited<ReturnType<typeof open>>
  try {
    file = await open(path, 'r')
  } catch {
    // Nothing there to end.
    return false
  }
  try {
    const { size } = await file.stat()
    if (size === 0) return false
    const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1)
    return buffer[0] !== 10
  } finally {
    await file.close()
  }
}

async function readLines(path: string, fromByte: number) {
  let file: Awaited<ReturnType<typeof open>>
  try {
    file = await open(path, 'r')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return { lines: [], nextByte: fromByte }
    throw error
  }
  try {
    const { size } = await file.stat()
    const left = Math.max(0, size - fromByte)
    let length = Math.min(left, MAX_READ_BYTES)
    let end = -1
    let buffer = Buffer.alloc(0)
    while (length > 0) {
      buffer = Buffer.alloc(length)
      const { bytesRead } = await file.read(buffer, 0, length, fromByte)
      end = buffer.subarray(0, bytesRead).lastIndexOf(10)
      if (end >= 0 || length >= Math.min(left, MAX_LINE_BYTES)) break
      length = Math.min(left, MAX_LINE_BYTES, length * 4)
    }
    if (end < 0) return { lines: [], nextByte: fromByte }
    const lines: LogRecord[] = []
    for (const text of buffer.toString('utf8', 0, end).split('\n')) {
      const line = parseLine(text)
      if (line !== null) lines.push(line)
    }
    return { lines, nextByte: fromByte + end + 1 }
  } finally {
    await file.close()
  }
}

/** A line cut short by a crash of the host is passed over. */
function parseLine(text: string): LogRecord | null {
  try {
    return JSON.parse(text) as LogRecord
  } catch {
    return null
  }
}
