/**
 * Params as the JSON Schema of an object (draft-07 compatible, plain data). A map of names becomes `properties`: a plain
 * value is the default of its own type, an object is a schema. A param without a default has to be given at trigger.
 */
import type { Json } from '../../core/json.ts'
import { branded } from '../brand.ts'
import { describe } from '../declarations.ts'
import { isRecord } from '../declare-task.ts'
import { plainJson } from './plain-json.ts'

export interface ReadParams {
  readonly schema: Json
  /** Names a run can have, or `undefined` when the schema does not list them. */
  readonly names: readonly string[] | undefined
  /** Names that have to be given: required, and without a default. */
  readonly missing: readonly string[]
}

type Wrong = { readonly wrong: string; readonly remedy: string }

const TYPES = new Set(['string', 'number', 'integer', 'boolean', 'array', 'object', 'null'])
const SCHEMA_KEYWORDS = [
  'type',
  'enum',
  'const',
  'default',
  'anyOf',
  'oneOf',
  'allOf',
  '$ref',
  'not',
  'format',
  'title',
]
const WRITE =
  "Write params: { region: { type: 'string', default: 'eu' } }, a JSON Schema of an object, or a zod object."

/** The stored schema, or what is wrong with what the author gave. */
export function readParams(value: unknown): ReadParams | Wrong {
  const given = isRecord(value) || typeof value === 'function' ? (value as Record<string, unknown>) : undefined
  if (given === undefined) return { wrong: `they are ${describe(value)}, not an object`, remedy: WRITE }
  const raw = isStandard(given) ? fromStandard(given) : isObjectSchema(given) ? given : fromMap(given)
  if ('wrong' in raw && typeof raw.wrong === 'string') return raw as unknown as Wrong
  const plain = plainJson(raw)
  if ('wrong' in plain) return { wrong: `${plain.path || 'the schema'} is ${plain.wrong}`, remedy: WRITE }
  const schema = plain.value
  const cause = checkSchema(schema, '')
  if (cause !== undefined) return { wrong: cause, remedy: WRITE }
  if (!isRecord(schema) || schema.type !== 'object') {
    return { wrong: 'their schema does not describe an object', remedy: WRITE }
  }
  const properties = schema.properties
  const names = isRecord(properties) ? Object.keys(properties) : undefined
  const required = Array.isArray(schema.required) ? schema.required : []
  const missing = required.filter((name): name is string => {
    const property = isRecord(properties) && typeof name === 'string' ? properties[name] : undefined
    return typeof name === 'string' && !(isRecord(property) && ('default' in property || 'const' in property))
  })
  return { schema, names: schema.additionalProperties === true ? undefined : names, missing }
}

function isStandard(value: Record<string, unknown>): boolean {
  return isRecord(value['~standard']) || typeof value.toJSONSchema === 'function'
}

function isObjectSchema(value: Record<string, unknown>): boolean {
  return value.type === 'object' && isRecord(value.properties)
}

/** Asks a schema of a library for its JSON Schema: of what it takes, not of what it makes of that. */
function fromStandard(schema: Record<string, unknown>): Record<string, unknown> {
  const standard = isRecord(schema['~standard']) ? schema['~standard'] : {}
  const told = isRecord(standard.jsonSchema) ? standard.jsonSchema.input : undefined
  const own = schema.toJSONSchema ?? schema.toJsonSchema
  try {
    if (typeof told === 'function') return told({ target: 'draft-07' }) as Record<string, unknown>
    if (typeof own === 'function') {
      return own.call(schema, { target: 'draft-7', io: 'input' }) as Record<string, unknown>
    }
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error)
    return { wrong: `their ${vendorOf(standard)} schema has no JSON Schema: ${cause}`, remedy: WRITE }
  }
  const remedy = 'Use a version of the library that can (zod 4.2 or later), or write the JSON Schema itself.'
  return { wrong: `their ${vendorOf(standard)} schema cannot tell its JSON Schema`, remedy }
}

function vendorOf(standard: Record<string, unknown>): string {
  return typeof standard.vendor === 'string' ? standard.vendor : 'library'
}

function fromMap(map: Record<string, unknown>): Record<string, unknown> {
  const properties: [string, unknown][] = []
  const required: string[] = []
  for (const [name, value] of Object.entries(map)) {
    if (value === undefined) continue
    const schema = isRecord(value) ? value : { ...typeOf(value), default: value }
    if (isRecord(value) && branded(value, 'task') !== undefined) {
      return { wrong: `"${name}" is ${describe(value)}, which is known only at run time`, remedy: WRITE }
    }
    if (!SCHEMA_KEYWORDS.some((keyword) => Object.hasOwn(schema, keyword))) {
      const remedy = `Write ${name}: { type: 'object', default: { ... } }.`
      return { wrong: `"${name}" is an object without any keyword of JSON Schema`, remedy }
    }
    properties.push([name, schema])
    if (!Object.hasOwn(schema, 'default') && !Object.hasOwn(schema, 'const')) required.push(name)
  }
  return { type: 'object', properties: Object.fromEntries(properties), ...(required.length > 0 ? { required } : {}) }
}

function typeOf(value: unknown): { type?: string } {
  if (Array.isArray(value)) return { type: 'array' }
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? { type: typeof value }
    : {}
}

/** Shallow sense: types that exist, properties that are schemas, defaults of the type. Values are checked at trigger. */
function checkSchema(schema: unknown, path: string): string | undefined {
  if (typeof schema === 'boolean') return undefined
  const at = path === '' ? 'the schema' : `"${path}"`
  if (!isRecord(schema)) return `${at} is ${describe(schema)}, not a schema`
  const types = schema.type === undefined ? [] : [schema.type].flat()
  const strange = types.find((type) => typeof type !== 'string' || !TYPES.has(type))
  const known = types.filter((type) => typeof type === 'string')
  if (strange !== undefined) return `${at} has the type ${describe(strange)}, which JSON Schema does not know`
  if (schema.enum !== undefined && !Array.isArray(schema.enum)) return `the enum of ${at} is no array`
  if ('default' in schema && types.length > 0 && !known.some((type) => isOfType(schema.default, type))) {
    return `the default of ${at} is ${describe(schema.default)}, not of the type ${known.join(' or ')}`
  }
  const enumeration = schema.enum
  if ('default' in schema && Array.isArray(enumeration)) {
    const wanted = JSON.stringify(schema.default)
    if (!enumeration.some((value) => JSON.stringify(value) === wanted)) {
      return `the default of ${at} is ${describe(schema.default)}, which its enum does not list`
    }
  }
  const properties = schema.properties
  if (properties !== undefined && !isRecord(properties)) return `the properties of ${at} are ${describe(properties)}`
  for (const [name, property] of Object.entries(properties ?? {})) {
    const cause = checkSchema(property, path === '' ? name : `${path}.${name}`)
    if (cause !== undefined) return cause
  }
  return schema.items === undefined || Array.isArray(schema.items) ? undefined : checkSchema(schema.items, `${path}[]`)
}

function isOfType(value: unknown, type: string): boolean {
  if (type === 'integer') return Number.isInteger(value)
  if (type === 'array') return Array.isArray(value)
  if (type === 'null') return value === null
  if (type === 'object') return isRecord(value)
  return typeof value === type
}
