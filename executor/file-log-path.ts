/**
 * Where a try's log lies below the logs folder: `dag=<id>/run=<runId>/task=<id>[/map=<i>]/try=<n>.jsonl`.
 * Whatever the names hold, the path stays below the folder, is valid on every file system, and two names never share one.
 */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { LogAddress } from '../core/ports/log-store.ts'

/** File systems allow 255 bytes a name; the rest is for the prefix. */
const MAX_NAME_BYTES = 200

/** Readable where possible: anything but letters, digits and `_ - . + @` becomes `%XX`; a long name ends in a hash. */
export function escapeName(name: string): string {
  let escaped = ''
  for (const byte of Buffer.from(name, 'utf8')) {
    const char = String.fromCharCode(byte)
    escaped += /[A-Za-z0-9_.+@-]/.test(char) ? char : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }
  if (escaped.length <= MAX_NAME_BYTES) return escaped
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 32)
  return `${escaped.slice(0, 120)}~${hash}`
}

export function logPath(logsDir: string, address: LogAddress): string {
  const parts = [`dag=${escapeName(address.dagId)}`, `run=${escapeName(address.runId)}`]
  parts.push(`task=${escapeName(address.taskId)}`)
  if (address.mapIndex >= 0) parts.push(`map=${address.mapIndex}`)
  return join(logsDir, ...parts, `try=${address.tryNumber}.jsonl`)
}
