/**
 * Both output streams of a child, sorted into the logs of its tries. A line belongs to the try that runs, or, between two
 * tries, to the last one. Structured lines name their try themselves.
 *
 * The border between two tries: a child writes synchronously, and its result after its output. So when the result is here,
 * the output stands in the pipes' buffers, and one turn of the event loop in which nothing comes has read all of it.
 * No mark is needed in the streams, which would cost each try two writes and two wake-ups.
 */
import type { ChildProcess } from 'node:child_process'
import type { LogLine } from '../core/ports/log-store.ts'
import { type CapturedControl, createOutputCapture } from './capture-output.ts'
import type { Masker } from './masking.ts'
import type { RunningTry } from './running-try.ts'
import type { TryLog } from './try-log.ts'

export interface CaptureHooks {
  /** The try whose order has gone out. */
  running(): RunningTry | null
  exitCall(seq: number, code: number): void
  heapExhausted(): void
  /** Output of a child that has not run anything yet. */
  outsideTries(line: string): void
}

export interface ChildCapture {
  begin(running: RunningTry): void
  late(seq: number, stream: 'stdout' | 'stderr', text: string): void
  platformLine(seq: number, level: LogLine['level'], text: string): void
  /** Calls back when everything written up to now has been read, and the lines of this try are whole. */
  drained(done: () => void): void
  /** Both streams are open at the other end, as far as can be told. */
  isOpen(): boolean
  finish(): void
  stderrTail(): string
}

const TAIL_LINES = 40
/** Something else may go on writing; what a try wrote fills a pipe once at most and is read within a turn or two. */
const MOST_TURNS = 64
/** Logs of ended tries kept for what they may still say. */
const KEPT_LOGS = 256
const LEVELS: ReadonlySet<string> = new Set(['debug', 'info', 'warning', 'error'])

export function captureChild(
  child: ChildProcess,
  prefix: string,
  maxLineChars: number,
  masker: Masker,
  hooks: CaptureHooks,
): ChildCapture {
  const logs = new Map<number, TryLog>()
  const tail: string[] = []
  let chunks = 0
  let latest: { readonly seq: number; readonly log: TryLog } | null = null

  function writeStructured(log: TryLog, payload: string): void {
    const line = parseStructured(masker.maskJson(payload))
    if (line !== null) log.write(line.level, 'task', line.text, line)
  }

  function control(stream: 'stdout' | 'stderr', record: CapturedControl): void {
    if (record.kind === 'exit') hooks.exitCall(record.seq, Number(record.payload))
    else if (record.kind === 'log') {
      const log = logs.get(record.seq) ?? latest?.log
      if (log !== undefined) writeStructured(log, record.payload)
    } else hooks.outsideTries(`unknown ${stream} record ${record.kind}`)
  }

  const captures = (['stdout', 'stderr'] as const).map((stream) => {
    const capture = createOutputCapture(
      prefix,
      {
        line(text) {
          if (stream === 'stderr') {
            tail.push(text)
            if (tail.length > TAIL_LINES) tail.shift()
            if (text.includes('JavaScript heap out of memory')) hooks.heapExhausted()
          }
          const log = hooks.running()?.log ?? latest?.log
          if (log === undefined) hooks.outsideTries(text)
          else log.write(stream === 'stdout' ? 'info' : 'warning', stream, text)
        },
        control: (record) => control(stream, record),
        mask: masker.mask,
        longestSecret: () => masker.longest,
      },
      maxLineChars,
    )
    child[stream]?.on('data', (chunk: Buffer) => {
      chunks++
      capture.write(chunk)
    })
    child[stream]?.on('error', () => undefined)
    return capture
  })

  return {
    begin(running) {
      latest = { seq: running.seq, log: running.log }
      logs.set(running.seq, running.log)
      logs.delete(running.seq - KEPT_LOGS)
    },
    late(seq, stream, text) {
      const log = logs.get(seq) ?? latest?.log
      for (const line of masker.mask(text).replace(/\n$/, '').split('\n')) {
        log?.write(stream === 'stdout' ? 'info' : 'warning', stream, line)
      }
    },
    platformLine(seq, level, text) {
      const log = logs.get(seq) ?? latest?.log
      log?.platform(level, text)
    },
    drained(done) {
      turnsUntilQuiet(MOST_TURNS, chunks)

      function turnsUntilQuiet(turnsLeft: number, seen: number): void {
        setImmediate(() => {
          if (chunks !== seen && turnsLeft > 0) {
            turnsUntilQuiet(turnsLeft - 1, chunks)
            return
          }
          for (const capture of captures) capture.endLine()
          done()
        })
      }
    },
    isOpen: () => child.stdout?.readableEnded !== true && child.stderr?.readableEnded !== true,
    finish() {
      for (const capture of captures) capture.finish()
    },
    stderrTail: () => tail.join('\n'),
  }
}

interface StructuredLine {
  readonly at: number
  readonly level: LogLine['level']
  readonly text: string
  readonly fields?: Readonly<Record<string, unknown>>
}

function parseStructured(payload: string): StructuredLine | null {
  try {
    const line = JSON.parse(payload) as StructuredLine
    return LEVELS.has(line.level) && typeof line.text === 'string' && typeof line.at === 'number' ? line : null
  } catch {
    return null
  }
}
