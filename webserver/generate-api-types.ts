/**
 * Types for the page's client (openapi-fetch), written from our OpenAPI document. Only what our schemas use is known here;
 * anything else is an error, so that no type is silently `unknown`.
 */

interface JsonSchema {
  readonly type?: string | readonly string[]
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean | JsonSchema
  readonly patternProperties?: Readonly<Record<string, JsonSchema>>
  readonly items?: JsonSchema
  readonly anyOf?: readonly JsonSchema[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly description?: string
}

interface Parameter {
  readonly in: 'query' | 'path' | 'header' | 'cookie'
  readonly name: string
  readonly required?: boolean
  readonly schema: JsonSchema
}

type Content = Readonly<Record<string, { readonly schema: JsonSchema }>>

interface Operation {
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: { readonly required?: boolean; readonly content: Content }
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>
}

export interface OpenApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
}

const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'] as const
const HEAD = '/** Written from webserver/openapi.json by `npm run openapi`; not to be edited. */\n\n'

export function apiTypes(document: OpenApiDocument): string {
  const paths = Object.entries(document.paths).map(([path, operations]) => {
    const methods = METHODS.map((method) => {
      const operation = operations[method]
      return operation === undefined ? `    ${method}?: never` : `    ${method}: ${operationType(operation)}`
    })
    return `  ${JSON.stringify(path)}: {\n    parameters: { query?: never; header?: never; path?: never; cookie?: never }\n${methods.join('\n')}\n  }`
  })
  return `${HEAD}export interface paths {\n${paths.join('\n')}\n}\n`
}

function operationType({ parameters = [], requestBody, responses }: Operation): string {
  const places = (['query', 'header', 'path', 'cookie'] as const).map((place) => {
    const here = parameters.filter((parameter) => parameter.in === place)
    if (here.length === 0) return `${place}?: never`
    const fields = here.map(({ name, required, schema }) => field(name, schema, required === true))
    const isOptional = !here.some((parameter) => parameter.required)
    return `${place}${isOptional ? '?' : ''}: { ${fields.join('; ')} }`
  })
  const body =
    requestBody === undefined
      ? 'requestBody?: never'
      : `requestBody${requestBody.required === true ? '' : '?'}: { content: ${contentType(requestBody.content)} }`
  const answers = Object.entries(responses).map(([status, { content }]) => {
    const key = /^\d+$/.test(status) ? status : JSON.stringify(status.toUpperCase())
    const shown = content === undefined ? 'content?: never' : `content: ${contentType(content)}`
    return `${key}: { headers: { [name: string]: unknown }; ${shown} }`
  })
  return `{\n      parameters: { ${places.join('; ')} }\n      ${body}\n      responses: {\n        ${answers.join('\n        ')}\n      }\n    }`
}

function contentType(content: Content): string {
  return `{ ${Object.entries(content)
    .map(([type, { schema }]) => `${JSON.stringify(type)}: ${typeOf(schema)}`)
    .join('; ')} }`
}

function field(name: string, schema: JsonSchema, isRequired: boolean): string {
  const comment = schema.description === undefined ? '' : `/** ${schema.description.replaceAll('*/', '* /')} */ `
  const key = /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name)
  return `${comment}${key}${isRequired ? '' : '?'}: ${typeOf(schema)}`
}

function typeOf(schema: JsonSchema): string {
  if (schema.anyOf !== undefined) return [...new Set(schema.anyOf.map(typeOf))].join(' | ')
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (schema.enum !== undefined) return schema.enum.map((value) => JSON.stringify(value)).join(' | ')
  switch (schema.type) {
    case 'string':
    case 'number':
    case 'boolean':
    case 'null':
      return schema.type
    case 'integer':
      return 'number'
    case 'array': {
      const item = typeOf(schema.items ?? {})
      return /[ |]/.test(item) ? `(${item})[]` : `${item}[]`
    }
    case 'object':
      return objectType(schema)
    case undefined:
      return 'unknown'
    default:
      throw new Error(
        `No type is known for the schema ${JSON.stringify(schema)}; teach generate-api-types.ts its kind.`,
      )
  }
}

function objectType({ properties, required = [], additionalProperties, patternProperties }: JsonSchema): string {
  const fields = Object.entries(properties ?? {}).map(([name, schema]) => field(name, schema, required.includes(name)))
  const open = [
    ...Object.values(patternProperties ?? {}),
    ...(typeof additionalProperties === 'object' ? [additionalProperties] : []),
  ]
  if (open.length > 0) fields.push(`[name: string]: ${open.map(typeOf).join(' | ')}`)
  return fields.length === 0 ? 'Record<string, never>' : `{ ${fields.join('; ')} }`
}
