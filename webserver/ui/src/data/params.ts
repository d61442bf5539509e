/** The params of a Dag as fields of a form, read from their JSON Schema. What the form cannot draw is typed as JSON. */
import type { JsonSchema } from '../api/types.ts'

export type FieldKind =
  | 'text'
  | 'long-text'
  | 'number'
  | 'integer'
  | 'boolean'
  | 'choice'
  | 'date'
  | 'date-time'
  | 'json'

export interface ParamField {
  readonly name: string
  readonly kind: FieldKind
  readonly label: string
  readonly description: string | null
  readonly required: boolean
  /** May be `null`. */
  readonly nullable: boolean
  readonly choices: readonly unknown[]
  readonly minimum: number | undefined
  readonly maximum: number | undefined
}

export type Params = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const textOf = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null)
const numberOf = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined)

export function fieldsOf(schema: JsonSchema | null | undefined): readonly ParamField[] {
  if (!isObject(schema) || !isObject(schema.properties)) return []
  const required = Array.isArray(schema.required) ? schema.required : []
  return Object.entries(schema.properties).flatMap(([name, property]) => {
    if (!isObject(property) || 'const' in property) return []
    const types = Array.isArray(property.type) ? property.type : [property.type]
    return {
      name,
      kind: kindOf(
        property,
        types.find((type) => type !== 'null'),
      ),
      label: textOf(property.title) ?? name,
      description: textOf(property.description) ?? textOf(property.description_md),
      required: required.includes(name),
      nullable: types.includes('null'),
      choices: Array.isArray(property.enum) ? property.enum : [],
      minimum: numberOf(property.minimum),
      maximum: numberOf(property.maximum),
    }
  })
}

function kindOf(property: Readonly<Record<string, unknown>>, type: unknown): FieldKind {
  if (Array.isArray(property.enum)) return 'choice'
  if (type === 'boolean' || type === 'number' || type === 'integer') return type
  if (type !== 'string') return 'json'
  if (property.format === 'date' || property.format === 'date-time') return property.format
  return property.format === 'multiline' ? 'long-text' : 'text'
}

export function defaultsOf(schema: JsonSchema | null | undefined): Params {
  if (!isObject(schema) || !isObject(schema.properties)) return {}
  const base = isObject(schema.default) ? schema.default : {}
  const own = Object.entries(schema.properties).flatMap(([name, property]) =>
    isObject(property) && 'default' in property ? [[name, property.default] as const] : [],
  )
  return { ...base, ...Object.fromEntries(own) }
}
