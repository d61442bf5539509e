/**
 * Values that leave a task (return value, XComs) as JSON text. What JSON would drop or change without a word is refused
 * with the path where it is and what to do; `undefined` fields are left out, and objects with `toJSON` (dates) speak for
 * themselves.
 */
import type { Json } from '../core/json.ts'

/** A value that cannot be kept; the message names path, cause and remedy. */
export class ResultError extends Error {
  override readonly name = 'ResultError'
}

/** `what` names the value in messages: `return value`, `XCom "total"`. Throws `ResultError`. */
export function toResultJson(value: unknown, what: string, maxBytes: number): string {
  let json: string
  try {
    json = JSON.stringify(plain(value, '', [], what))
  } catch (error) {
    if (error instanceof RangeError)
      throw new ResultError(`The ${what} is nested too deep or too large for JSON. Flatten it.`)
    throw error
  }
  const bytes = json.length > maxBytes ? json.length : Buffer.byteLength(json)
  if (bytes > maxBytes) {
    const [is, limit] = [bytes, maxBytes].map((size) => `${(size / 1024 / 1024).toFixed(1)} MiB`)
    const remedy = 'Write large data to a file (ctx.filesDir) or a table and return its place.'
    throw new ResultError(`The ${what} is ${is} of JSON, more than the limit of ${limit}. ${remedy}`)
  }
  return json
}

function plain(value: unknown, path: string, above: readonly object[], what: string): Json | undefined {
  switch (typeof value) {
    case 'string':
    case 'boolean':
    case 'undefined':
      return value
    case 'number':
      if (Number.isFinite(value)) return value
      throw refusal(what, path, `is ${value}, which JSON does not know`, 'Return null or a string instead.')
    case 'bigint':
      throw refusal(what, path, `is the BigInt ${value}`, 'Return Number(x) or String(x).')
    case 'function':
      throw refusal(
        what,
        path,
        `is the function ${value.name || '(anonymous)'}`,
        'Return data; did you forget to call it?',
      )
    case 'symbol':
      throw refusal(what, path, `is the symbol ${String(value)}`, 'Return a string.')
  }
  if (value === null) return null
  const object = value as object
  if (above.includes(object))
    throw refusal(what, path, 'is a cycle: it contains itself', 'Return ids instead of objects.')
  const under = [...above, object]
  if ('toJSON' in object && typeof object.toJSON === 'function') return plain(object.toJSON(''), path, under, what)
  if (Array.isArray(object)) return object.map((item, index) => plain(item, `${path}[${index}]`, under, what) ?? null)
  if (object instanceof Map) throw refusal(what, path, 'is a Map', 'Return Object.fromEntries(map) or [...map].')
  if (object instanceof Set) throw refusal(what, path, 'is a Set', 'Return [...set].')
  if (object instanceof Promise) throw refusal(what, path, 'is a promise', 'Await it first.')
  if (object instanceof Error) throw refusal(what, path, 'is an Error', 'Throw it, or return its message.')
  if (ArrayBuffer.isView(object) || object instanceof ArrayBuffer) {
    throw refusal(what, path, 'is binary data', 'Return Array.from(it), or write it to a file.')
  }
  const fields: Record<string, Json> = {}
  for (const [key, item] of Object.entries(object)) {
    const field = plain(
      item,
      /^[A-Za-z_$][\w$]*$/.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`,
      under,
      what,
    )
    if (field !== undefined) Object.defineProperty(fields, key, { value: field, enumerable: true, configurable: true })
  }
  return fields
}

function refusal(what: string, path: string, is: string, remedy: string): ResultError {
  const place = path === '' ? `The ${what}` : `The ${what} at ${path.startsWith('.') ? path.slice(1) : path}`
  return new ResultError(`${place} ${is}, so it cannot be kept as JSON. ${remedy}`)
}
