/** `ctx.logger`: structured lines in the log of the try. Any field is taken: what JSON cannot carry is written as text. */
import { inspect } from 'node:util'
import type { LogLine } from '../core/ports/log-store.ts'
import type { TaskLogger } from '../sdk/task-context.ts'
import type { OwnOutput } from './own-output.ts'

const MAX_TEXT = 64 * 1024
const MAX_FIELDS = 32 * 1024

export function createTaskLogger(seq: number, output: OwnOutput): TaskLogger {
  const write =
    (level: LogLine['level']) =>
    (message: string, fields?: Readonly<Record<string, unknown>>): void => {
      const text = (typeof message === 'string' ? message : inspect(message)).slice(0, MAX_TEXT)
      const line = { at: Date.now(), level, text }
      output.structured(seq, fields === undefined ? line : { ...line, fields: plainFields(fields) })
    }
  return { debug: write('debug'), info: write('info'), warn: write('warning'), error: write('error') }
}

function plainFields(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const seen = new WeakSet<object>()
  try {
    const json = JSON.stringify(fields, (_key, value: unknown) => {
      if (typeof value === 'bigint' || typeof value === 'function' || typeof value === 'symbol') return String(value)
      if (value instanceof Error) return value.stack ?? value.message
      if (value instanceof Map || value instanceof Set) return [...value]
      if (typeof value === 'object' && value !== null) {
        if (seen.has(value)) return '[seen above]'
        seen.add(value)
      }
      return value
    })
    if (json.length <= MAX_FIELDS) return JSON.parse(json) as Record<string, unknown>
    return { shortened: json.slice(0, MAX_FIELDS) }
  } catch (error) {
    return { unreadable: String(error) }
  }
}
