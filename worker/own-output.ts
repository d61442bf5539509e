/**
 * The child's stdout and stderr. Writes are synchronous, so all output of a try is in the pipe before its result is sent,
 * and nothing is lost when the process dies in the next instruction. What an ended try still writes goes to its own log.
 */
import { writeSync } from 'node:fs'
import { controlPrefix } from '../core/ports/child-protocol.ts'
import type { LogLine } from '../core/ports/log-store.ts'
import { runningTry, tryOfThisCode } from './current-try.ts'
import type { HostChannel } from './host-channel.ts'

export interface OwnOutput {
  markExit(seq: number, code: number): void
  structured(seq: number, line: Pick<LogLine, 'at' | 'level' | 'text' | 'fields'>): void
}

const STDOUT = 1
const STDERR = 2

export function takeOverOutput(token: string, channel: HostChannel): OwnOutput {
  const prefix = controlPrefix(token)
  for (const stream of ['stdout', 'stderr'] as const) {
    const target = process[stream]
    makeBlocking(target)
    const original = target.write
    target.write = function write(this: typeof target, ...args: Parameters<typeof original>): boolean {
      const owner = tryOfThisCode()
      if (owner === runningTry() || owner === null) return Reflect.apply(original, target, args) as boolean
      const [chunk, second, third] = args as unknown[]
      const text = typeof chunk === 'string' ? chunk : Buffer.from(chunk as Uint8Array).toString('utf8')
      channel.send({ t: 'late-output', seq: owner.seq, stream, text })
      const done = typeof second === 'function' ? second : third
      if (typeof done === 'function') process.nextTick(done as () => void)
      return true
    } as typeof original
  }

  function record(fd: number, kind: string, seq: number, payload: string): void {
    const bytes = Buffer.from(`${prefix}${kind}:${seq}:${payload}\n`)
    try {
      for (let from = 0; from < bytes.length; ) from += writeSync(fd, bytes, from)
    } catch {
      // User code has closed the stream; the host notices.
    }
  }

  return {
    markExit: (seq, code) => record(STDERR, 'exit', seq, String(code)),
    structured: (seq, line) => record(STDOUT, 'log', seq, JSON.stringify(line)),
  }
}

/** Node makes these pipes non-blocking and would keep what does not fit in memory, to be lost at an exit. */
function makeBlocking(stream: NodeJS.WriteStream): void {
  const { _handle: handle } = stream as { _handle?: { setBlocking?(blocking: boolean): unknown } }
  handle?.setBlocking?.(true)
}
