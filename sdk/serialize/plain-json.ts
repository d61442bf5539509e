/**
 * Literals: what survives JSON unchanged. Anything JSON would silently alter (a Date, NaN, a Map, a class) is refused with
 * its path, so that a handler never gets another type than the one it declares. `undefined` fields are left out, as in JSON.
 */
import type { Json } from '../../core/json.ts'
import { describe } from '../declarations.ts'

const DEEPEST = 64

/** What is wrong, and where: `rows[2].at`, empty for the value itself. */
export interface NotPlain {
  readonly wrong: string
  readonly path: string
}

/** Why a value that is no structure cannot be a literal, or `undefined` when it can. */
export function whyNotPlain(value: unknown): string | undefined {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return undefined
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : `${value}, which JSON does not have`
  if (value instanceof Date || Object.prototype.toString.call(value) === '[object Date]') {
    return 'a Date, which JSON turns into text; pass date.toISOString() and read it with new Date(...) in the handler'
  }
  return describe(value)
}

/** Whether `value` is an object literal or of no class. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  // A literal of another realm (a vm context) has a prototype of its own without a parent.
  return prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null
}

/** A copy that is plain JSON, or what is in the way. */
export function plainJson(value: unknown): { readonly value: Json } | NotPlain {
  const open = new Set<unknown>()
  const walk = (part: unknown, path: string): { readonly value: Json } | NotPlain => {
    if (Array.isArray(part) || isPlainObject(part)) {
      if (open.has(part)) return { wrong: 'a structure that contains itself', path }
      if (open.size >= DEEPEST) return { wrong: `nested deeper than ${DEEPEST}`, path }
      open.add(part)
      const result = Array.isArray(part) ? walkList(part, path) : walkObject(part, path)
      open.delete(part)
      return result
    }
    const why = whyNotPlain(part)
    return why === undefined ? { value: part as Json } : { wrong: why, path }
  }
  const walkList = (list: readonly unknown[], path: string): { readonly value: Json } | NotPlain => {
    const items: Json[] = []
    for (const [index, item] of list.entries()) {
      const result = walk(item, `${path}[${index}]`)
      if ('wrong' in result) return result
      items.push(result.value)
    }
    return { value: items }
  }
  const walkObject = (object: Record<string, unknown>, path: string): { readonly value: Json } | NotPlain => {
    const fields: [string, Json][] = []
    for (const [name, field] of Object.entries(object)) {
      if (field === undefined) continue
      const result = walk(field, path === '' ? name : `${path}.${name}`)
      if ('wrong' in result) return result
      fields.push([name, result.value])
    }
    return { value: Object.fromEntries(fields) }
  }
  return walk(value, '')
}
