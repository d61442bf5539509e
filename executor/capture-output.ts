/**
 * Turns the raw bytes of a child's stdout or stderr into lines and control records (`core/ports/child-protocol.ts`), in
 * the order they were written. What is captured comes from the file descriptor, so native code and grandchildren are in.
 * Bytes that are not UTF-8 become U+FFFD, NUL and other control characters (but tab and ESC) are shown as `\xNN`; a line
 * longer than `maxLineChars` is split, and a split never cuts a secret in two.
 */
export interface CapturedControl {
  readonly kind: string
  readonly seq: number
  readonly payload: string
}

export interface CaptureSink {
  /** Masked already. */
  line(text: string): void
  control(record: CapturedControl): void
  mask(text: string): string
  longestSecret(): number
}

export interface OutputCapture {
  write(chunk: Buffer): void
  /** A line without its end becomes one: the try that wrote it has ended. */
  endLine(): void
  /** What is left becomes a line. */
  finish(): void
}

const NEWLINE = 10
/** A record that never ends is not one of ours. */
const MAX_RECORD_BYTES = 1024 * 1024
const MAX_PENDING_BYTES_PER_CHAR = 4

export function createOutputCapture(prefix: string, sink: CaptureSink, maxLineChars = 16_384): OutputCapture {
  const marker = Buffer.from(prefix, 'latin1')
  /** Bytes of the line being written, without control records. */
  let pending: Buffer[] = []
  let pendingBytes = 0
  /** Bytes not looked at to the end: they may be the beginning of a record. */
  let carry: Buffer = Buffer.alloc(0)

  function emitPending(): void {
    if (pendingBytes === 0) {
      sink.line('')
      return
    }
    const bytes = pending.length === 1 && pending[0] !== undefined ? pending[0] : Buffer.concat(pending)
    pending = []
    pendingBytes = 0
    let text = bytes.toString('utf8')
    if (text.endsWith('\r')) text = text.slice(0, -1)
    emitText(text, true)
  }

  /**
   * Hands out the text in pieces. With `all` false the end is kept back for the bytes to come: long enough that a secret
   * of which only the beginning is here stays whole.
   */
  function emitText(text: string, all: boolean): string {
    let rest = sink.mask(text)
    const keepBack = all ? 0 : sink.longestSecret()
    while (rest.length > maxLineChars + keepBack) {
      const last = rest.charCodeAt(maxLineChars - 1)
      const cut = last >= 0xd800 && last <= 0xdbff ? maxLineChars - 1 : maxLineChars
      sink.line(printable(rest.slice(0, cut)))
      rest = rest.slice(cut)
    }
    if (!all) return rest
    sink.line(printable(rest))
    return ''
  }

  function take(bytes: Buffer): void {
    let from = 0
    for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, from)) {
      keep(bytes.subarray(from, at))
      emitPending()
      from = at + 1
    }
    keep(bytes.subarray(from))
    if (pendingBytes > (maxLineChars + sink.longestSecret()) * MAX_PENDING_BYTES_PER_CHAR) {
      const whole = Buffer.concat(pending)
      const end = completeUtf8(whole)
      const rest = Buffer.from(emitText(whole.toString('utf8', 0, end), false), 'utf8')
      pending = [rest, whole.subarray(end)]
      pendingBytes = rest.length + whole.length - end
    }
  }

  function keep(bytes: Buffer): void {
    if (bytes.length === 0) return
    pending.push(bytes)
    pendingBytes += bytes.length
  }

  function write(chunk: Buffer): void {
    let bytes = carry.length === 0 ? chunk : Buffer.concat([carry, chunk])
    carry = Buffer.alloc(0)
    for (;;) {
      const at = bytes.indexOf(marker)
      if (at < 0) {
        const held = partialMarker(bytes, marker)
        take(bytes.subarray(0, bytes.length - held))
        carry = Buffer.from(bytes.subarray(bytes.length - held))
        return
      }
      take(bytes.subarray(0, at))
      const end = bytes.indexOf(NEWLINE, at)
      if (end < 0) {
        if (bytes.length - at > MAX_RECORD_BYTES) take(bytes.subarray(at))
        else carry = Buffer.from(bytes.subarray(at))
        return
      }
      const record = parseRecord(bytes.toString('utf8', at + marker.length, end))
      if (record !== null) sink.control(record)
      bytes = bytes.subarray(end + 1)
    }
  }

  return {
    write,
    endLine() {
      if (pendingBytes > 0) emitPending()
    },
    finish() {
      if (carry.length > 0) take(carry)
      carry = Buffer.alloc(0)
      if (pendingBytes > 0) emitPending()
    },
  }
}

function parseRecord(text: string): CapturedControl | null {
  const match = /^([a-z]+):(\d+):(.*)$/s.exec(text)
  return match === null ? null : { kind: match[1] ?? '', seq: Number(match[2]), payload: match[3] ?? '' }
}

/** How many bytes at the end could be the beginning of the marker. */
function partialMarker(bytes: Buffer, marker: Buffer): number {
  const at = bytes.lastIndexOf(0)
  if (at < 0 || bytes.length - at >= marker.length) return 0
  return marker.subarray(0, bytes.length - at).equals(bytes.subarray(at)) ? bytes.length - at : 0
}

/** Length of the part that ends with a whole character. */
function completeUtf8(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0
    if ((byte & 0xc0) === 0x80) continue
    const need = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1
    return need > back ? bytes.length - back : bytes.length
  }
  return bytes.length
}

/** Tab and ESC (colours) stay. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, (char) => {
    if (char === '\t' || char === '\u001b') return char
    return `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`
  })
}
