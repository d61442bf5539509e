/**
 * Params of a run: defaults of the Dag's JSON Schema with the caller's conf over them, validated. Pure; compiled
 * validators are remembered by the identity of the schema, so a schema must not be changed after it was used.
 *
 * Invariant: what comes out with `ok: true` is valid under the schema and shares nothing with what went in.
 */
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import type { Json } from './json.ts'
import { PARAM_FORMATS } from './param-formats.ts'

export type ResolvedParams =
  | { readonly ok: true; readonly params: Json }
  | { readonly ok: false; readonly message: string }

/** Bytes of JSON: conf is copied into the run and handed to every try. */
const LARGEST_CONF = 1024 * 1024
const MOST_ERRORS_SHOWN = 10
const LONGEST_VALUE_SHOWN = 80

/** `allErrors` so that a form can show them all; not `strict`, since schemas carry hints of their own for the form. */
const OPTIONS = {
  allErrors: true,
  useDefaults: true,
  strict: false,
  verbose: true,
  logger: false,
  formats: PARAM_FORMATS,
} as const

const compiled = new WeakMap<object, ValidateFunction | string>()

/** The problem with a params schema as a sentence, or `null`. */
export function checkParamsSchema(schema: Json | undefined): string | null {
  if (schema === undefined) return null
  const validator = validatorOf(schema)
  return typeof validator === 'string' ? validator : null
}

/** Params for a run, or a message that names every path, value and rule that is broken. Without a schema any object passes. */
export function resolveParams(schema: Json | undefined, conf: Json): ResolvedParams {
  if (!isObject(conf)) return refuse(`conf must be a JSON object, got ${show(conf)}; pass {} for none.`)
  const text = JSON.stringify(conf)
  const size = Buffer.byteLength(text)
  if (size > LARGEST_CONF) {
    return refuse(`conf has ${size} bytes of JSON, the most is ${LARGEST_CONF}; pass a reference to the data instead.`)
  }
  const params = JSON.parse(text) as Json
  if (schema === undefined) return { ok: true, params }
  const validate = validatorOf(schema)
  if (typeof validate === 'string') return refuse(validate)
  if (validate(params)) return { ok: true, params }
  return refuse(describeErrors(validate.errors ?? []))
}

function validatorOf(schema: Json): ValidateFunction | string {
  if (!isObject(schema)) return `The params schema must be a JSON Schema object, got ${show(schema)}.`
  const known = compiled.get(schema)
  if (known !== undefined) return known
  const result = compile(schema)
  compiled.set(schema, result)
  return result
}

/** Draft 7 where `$schema` says so (or an older draft, whose keywords it has), else 2020-12. */
function compile(schema: { [key: string]: Json }): ValidateFunction | string {
  const { $schema: dialect, ...rest } = schema
  const old = typeof dialect === 'string' && /draft-0[4-7]/.test(dialect)
  try {
    return (old ? new Ajv(OPTIONS) : new Ajv2020(OPTIONS)).compile(rest)
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error)
    return `The params schema cannot be used: ${cause}. Correct it in the Dag file.`
  }
}

function describeErrors(errors: readonly ErrorObject[]): string {
  const lines = [...new Set(errors.map(describeError))]
  const shown = lines.slice(0, MOST_ERRORS_SHOWN).join('; ')
  const more = lines.length > MOST_ERRORS_SHOWN ? `; and ${lines.length - MOST_ERRORS_SHOWN} more` : ''
  return `The conf does not fit the params of this Dag: ${shown}${more}.`
}

function describeError(error: ErrorObject): string {
  const path = pathOf(error.instancePath)
  switch (error.keyword) {
    case 'required':
      return `${path}.${String(error.params.missingProperty)} is required and missing`
    case 'additionalProperties':
    case 'unevaluatedProperties': {
      const name = error.params.additionalProperty ?? error.params.unevaluatedProperty
      return `${path}.${String(name)} is not a param of this Dag`
    }
    case 'enum':
      return `${path} is ${show(error.data)}, must be one of ${show(error.params.allowedValues)}`
    case 'const':
      return `${path} is ${show(error.data)}, must be ${show(error.params.allowedValue)}`
    default:
      return `${path} is ${show(error.data)}, ${error.message ?? `breaks the rule ${error.keyword}`}`
  }
}

/** `/region/0/na~1me` as `params.region[0].na/me`. */
function pathOf(pointer: string): string {
  let path = 'params'
  for (const part of pointer.split('/').slice(1)) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~')
    path += /^\d+$/.test(name) ? `[${name}]` : `.${name}`
  }
  return path
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value)
  return text.length > LONGEST_VALUE_SHOWN ? `${text.slice(0, LONGEST_VALUE_SHOWN)}...` : text
}

function isObject(value: Json): value is { [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function refuse(message: string): ResolvedParams {
  return { ok: false, message }
}
