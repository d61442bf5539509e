/** Answers to commands: an effect as JSON, or a refusal with its code (core/error-codes.ts). */
import type { Json } from '../json.ts'
import type { CommandAnswer } from '../records.ts'

export function accept(value: Json): CommandAnswer {
  return { ok: true, value: JSON.stringify(value) }
}

export function refuse(code: string, message: string): CommandAnswer {
  return { ok: false, code, message }
}
