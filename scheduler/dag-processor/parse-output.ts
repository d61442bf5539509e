/**
 * What a Dag file, or a process it started, writes while it is loaded, line by line for the program's log. Bounded: a
 * file that never stops writing, or never ends its line, fills neither the log nor the memory of this program.
 */
import type { Readable } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'

export interface ParseOutput {
  read(stream: Readable): void
  /** The next file has all of the room again. */
  begin(): void
}

const LONGEST_LINE = 4_096
/** Of one load, in characters. */
const MOST_OUTPUT = 256 * 1024
/** What a line costs besides its text. */
const LINE_OVERHEAD = 64

export function createParseOutput(log: (line: string) => void): ParseOutput {
  let room = MOST_OUTPUT

  function write(line: string): void {
    if (room <= 0) return
    room -= line.length + LINE_OVERHEAD
    log(line)
    if (room <= 0) log(`Output cut here: past ${MOST_OUTPUT / 1024} KiB. Write less while the file is loaded.`)
  }

  return {
    read(stream) {
      const decoder = new StringDecoder('utf8')
      let pending = ''
      const take = (text: string) => {
        const lines = (pending + text).split('\n')
        pending = lines.pop() ?? ''
        for (const line of lines) for (const piece of pieces(line.replace(/\r$/, ''))) write(piece)
        while (pending.length > LONGEST_LINE) {
          write(pending.slice(0, LONGEST_LINE))
          pending = pending.slice(LONGEST_LINE)
        }
      }
      stream.on('data', (chunk: Buffer) => {
        if (room > 0) take(decoder.write(chunk))
        else pending = ''
      })
      stream.on('close', () => {
        if (pending !== '') write(pending)
      })
      stream.on('error', () => undefined)
    },
    begin() {
      room = MOST_OUTPUT
    },
  }
}

function pieces(line: string): string[] {
  if (line.length <= LONGEST_LINE) return [line]
  const count = Math.ceil(line.length / LONGEST_LINE)
  return Array.from({ length: count }, (_, index) => line.slice(index * LONGEST_LINE, (index + 1) * LONGEST_LINE))
}
