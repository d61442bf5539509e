/**
 * Requests drawn from the OpenAPI document: mostly right in every part, so that they get past the checks and reach the
 * database and the scheduler, with a wrong or hostile part here and there.
 */
import fc from 'fast-check'
import type { FastifyInstance, InjectOptions } from 'fastify'
import type { OpenApiDocument } from '../../webserver/generate-api-types.ts'

interface Schema {
  readonly type?: string
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly anyOf?: readonly Schema[]
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly format?: string
}

const nasty = fc.constantFrom(
  '',
  '~',
  '..',
  '../../etc/passwd',
  '..\\..\\windows\\win.ini',
  '%2e%2e%2f',
  '%00',
  '\u0000',
  'a\u0000b',
  '\ud800',
  '\u009b31m',
  '\r\nset-cookie: x=1',
  "'; drop table dag; --",
  '%',
  '_',
  '-1',
  '1e309',
  '9223372036854775808',
  'null',
  '2026-02-30T25:61:00Z',
  '0000-01-01T00:00:00Z',
  '+275760-09-13T00:00:00Z',
  '𝕏'.repeat(200),
  'x'.repeat(300),
  '__proto__',
  'constructor',
  '{"__proto__":{"role":"admin"}}',
)

/** What `seed.ts` made, by the name under which requests ask for it. */
const KNOWN: Readonly<Record<string, readonly string[]>> = {
  dag_id: ['sales', 'sales', 'sales', 'old', '~'],
  dag_run_id: ['manual__2', 'scheduled__1', 'a/b c+d', 'x', '~'],
  run_id: ['manual__2', 'scheduled__1'],
  task_id: ['extract', 'check', 'load', 'a'],
  task_ids: ['extract', 'check', 'load'],
  pool_name: ['warehouse', 'default_pool', 'spare'],
  pool: ['warehouse', 'default_pool'],
  name: ['warehouse', 'spare'],
  variable_key: ['secret', 'plain'],
  key: ['secret', 'plain'],
  connection_id: ['kept', 'other'],
  xcom_key: ['return_value', 'part'],
  import_error_id: ['broken.ts'],
  try_number: ['1', '2'],
  version_number: ['1', '2'],
  command_id: ['1', '2', '3'],
  event_log_id: ['1', '2', '3'],
  order_by: ['id', '-id', 'state', '-start_date', 'dag_id'],
  cursor: ['1', '2:3'],
  letter_id: ['5-2', '1-1'],
  ids: ['5-2', '1-1', '999-1'],
  fingerprint: ['f1', 'f2'],
  correlation_id: ['order-1'],
  q: ['manual__2', 'why did order 1 get stuck?', '2', '5-2'],
  extra: ['{"sslmode":"require"}', '{}'],
  conf: ['{}'],
}

const anything = fc.oneof(
  nasty,
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.jsonValue(),
  fc.double(),
  fc.bigInt().map(String),
)

function text(name: string): fc.Arbitrary<string> {
  const known = KNOWN[name]
  const free = fc.oneof({ weight: 2, arbitrary: fc.string({ maxLength: 30 }) }, { weight: 1, arbitrary: nasty })
  return known === undefined
    ? free
    : fc.oneof({ weight: 12, arbitrary: fc.constantFrom(...known) }, { weight: 1, arbitrary: free })
}

/** Fits, but for one part in twenty. */
function mostlyFitting(schema: Schema, name: string): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 19, arbitrary: fitting(schema, name) }, { weight: 1, arbitrary: anything })
}

function fitting(schema: Schema, name: string): fc.Arbitrary<unknown> {
  if (schema.anyOf !== undefined) return fc.oneof(...schema.anyOf.map((one) => fitting(one, name)))
  if (schema.const !== undefined) return fc.constant(schema.const)
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum)
  switch (schema.type) {
    case 'string':
      return schema.format === 'date-time' ? instant : text(name)
    case 'integer':
      return fc.oneof(
        { weight: 3, arbitrary: fc.integer({ min: 0, max: 5 }) },
        fc.integer({ min: -2, max: 1_001 }),
        fc.maxSafeInteger(),
      )
    case 'number':
      return fc.double()
    case 'boolean':
      return fc.boolean()
    case 'null':
      return fc.constant(null)
    case 'array':
      return fc.array(mostlyFitting(schema.items ?? {}, name), { maxLength: 3 })
    case 'object':
      return fc.record(
        Object.fromEntries(Object.entries(schema.properties ?? {}).map(([key, one]) => [key, mostlyFitting(one, key)])),
        { requiredKeys: [...(schema.required ?? [])] },
      )
    default:
      return fc.jsonValue()
  }
}

const instant = fc.oneof(
  { weight: 9, arbitrary: fc.integer({ min: 0, max: 50_000 }).map((day) => new Date(day * 86_400_000).toISOString()) },
  { weight: 1, arbitrary: fc.date({ noInvalidDate: true }).map((date) => date.toISOString()) },
)

const escaped = (value: unknown) => {
  const plain = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'undefined')
  // A lone surrogate has no escape; a client that sends its bytes sends the replacement.
  return encodeURIComponent(plain.toWellFormed())
}

interface Operation {
  readonly path: string
  readonly method: string
  readonly parameters: readonly { readonly in: string; readonly name: string; readonly schema: Schema }[]
  readonly body: Schema | undefined
}

/** Signing in takes its time on purpose and has tests of its own; a tried connection starts a process. */
function operationsOf(app: FastifyInstance): readonly Operation[] {
  const document = JSON.parse(JSON.stringify(app.swagger())) as OpenApiDocument
  return Object.entries(document.paths)
    .filter(([path]) => /^\/api\/v2\/(?!connections\/test)/.test(path))
    .flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({
        path,
        method,
        parameters: (operation.parameters ?? []) as Operation['parameters'],
        body: operation.requestBody?.content['application/json']?.schema as Schema | undefined,
      })),
    )
}

/** Changes as often as reads, though there are fewer of them. */
export function requestsOf(app: FastifyInstance): fc.Arbitrary<InjectOptions> {
  const operations = operationsOf(app)
  const reads = operations.filter(({ method }) => method === 'get')
  const changes = operations.filter(({ method }) => method !== 'get')
  return fc.oneof(fc.constantFrom(...reads), fc.constantFrom(...changes)).chain(requestOf)
}

function requestOf({ path, method, parameters, body }: Operation): fc.Arbitrary<InjectOptions> {
  const inPath = parameters.filter((parameter) => parameter.in === 'path')
  const inQuery = parameters.filter((parameter) => parameter.in === 'query')
  return fc
    .record({
      path: fc.tuple(...inPath.map(({ name, schema }) => fc.oneof(mostlyFitting(schema, name), text(name)))),
      query: fc.tuple(...inQuery.map(({ name, schema }) => fc.option(mostlyFitting(schema, name), { freq: 1 }))),
      more: fc.option(fc.tuple(fc.string({ maxLength: 8 }), nasty), { freq: 1, nil: null }),
      isMore: fc.integer({ min: 1, max: 25 }),
      body: mostlyFitting(body ?? {}, ''),
      raw: fc.oneof(
        { weight: 24, arbitrary: fc.constant(null) },
        { weight: 1, arbitrary: fc.constantFrom('{', '', 'null', '[]', '"x"', '\u0000', '{"a":1,"a":2}') },
      ),
      type: fc.oneof(
        { weight: 24, arbitrary: fc.constant('application/json') },
        { weight: 1, arbitrary: fc.constantFrom('text/plain', 'x', 'application/x-www-form-urlencoded') },
      ),
      key: fc.oneof(
        { weight: 9, arbitrary: fc.constant(null) },
        { weight: 1, arbitrary: fc.constantFrom('a', 'k'.repeat(300)) },
      ),
    })
    .map((drawn) => {
      const url = inPath.reduce((whole, { name }, i) => whole.replace(`{${name}}`, escaped(drawn.path[i])), path)
      const query = inQuery.flatMap(({ name }, i) => {
        const value = drawn.query[i]
        return value === null ? [] : [value].flat().map((one) => `${name}=${escaped(one)}`)
      })
      if (drawn.more !== null && drawn.isMore === 1) query.push(`${escaped(drawn.more[0])}=${escaped(drawn.more[1])}`)
      const headers = {
        ...(drawn.key === null ? {} : { 'idempotency-key': drawn.key }),
        ...(body === undefined ? {} : { 'content-type': drawn.type }),
      }
      return {
        method: method.toUpperCase() as NonNullable<InjectOptions['method']>,
        url: `${url}${query.length > 0 ? `?${query.join('&')}` : ''}`,
        headers,
        ...(body === undefined ? {} : { payload: drawn.raw ?? JSON.stringify(drawn.body) ?? '' }),
      }
    })
}
