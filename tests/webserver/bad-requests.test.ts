/**
 * Requests made at random from the OpenAPI document, right and wrong in every part: never a 500, nothing logged, and no
 * change, since no scheduler leads and whoever asks is a viewer. Set TRADEWIND_BAD_REQUESTS for a longer run.
 */
import fc from 'fast-check'
import type { FastifyInstance, InjectOptions } from 'fastify'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { DEFAULT_ACCESS } from '../../webserver/auth/index.ts'
import { createWebServer } from '../../webserver/create-web-server.ts'
import type { OpenApiDocument } from '../../webserver/generate-api-types.ts'
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts'
import { seed } from './seed.ts'
import { asRole, parts } from './web-server.ts'

const RUNS = Number(process.env.TRADEWIND_BAD_REQUESTS ?? 1_000)

let database: TestDatabase
/** One whose callers may read, one whose callers may do everything. */
let viewer: FastifyInstance
let admin: FastifyInstance
const logged: string[] = []

beforeAll(async () => {
  database = await createTestDatabase()
  await seed(database)
  const server = (role: 'viewer' | 'admin') =>
    createWebServer(
      parts({
        pool: database.pool,
        log: (line) => logged.push(line),
        access: { ...DEFAULT_ACCESS, authenticators: [asRole(role)] },
      }),
    )
  viewer = server('viewer')
  admin = server('admin')
  await Promise.all([viewer.ready(), admin.ready()])
})
afterAll(() => Promise.all([viewer.close(), admin.close()]))

interface Schema {
  readonly type?: string
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly anyOf?: readonly Schema[]
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly format?: string
}

const nasty = fc.constantFrom(
  '',
  '~',
  '..',
  '../../etc/passwd',
  '%00',
  '\u0000',
  '\ud800',
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
)
const known = fc.constantFrom(
  'sales',
  'old',
  'manual__2',
  'scheduled__1',
  'extract',
  'check',
  'part',
  'warehouse',
  '1',
  '2',
)
const anything = fc.oneof(
  nasty,
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.jsonValue(),
  fc.double(),
  fc.bigInt().map(String),
)

/** Mostly what the schema asks for, sometimes anything. */
function mostlyFitting(schema: Schema | undefined): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 5, arbitrary: fitting(schema ?? {}) }, { weight: 1, arbitrary: anything })
}

function fitting(schema: Schema): fc.Arbitrary<unknown> {
  if (schema.anyOf !== undefined) return fc.oneof(...schema.anyOf.map(fitting))
  if (schema.const !== undefined) return fc.constant(schema.const)
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum)
  switch (schema.type) {
    case 'string':
      return schema.format === 'date-time'
        ? fc.date({ noInvalidDate: true }).map((date) => date.toISOString())
        : fc.oneof(known, nasty, fc.string({ maxLength: 30 }))
    case 'integer':
      return fc.oneof(fc.integer({ min: -2, max: 1_001 }), fc.maxSafeInteger())
    case 'number':
      return fc.double()
    case 'boolean':
      return fc.boolean()
    case 'null':
      return fc.constant(null)
    case 'array':
      return fc.array(mostlyFitting(schema.items), { maxLength: 3 })
    case 'object':
      return fc.record(
        Object.fromEntries(Object.entries(schema.properties ?? {}).map(([name, one]) => [name, mostlyFitting(one)])),
        { requiredKeys: [] },
      )
    default:
      return fc.jsonValue()
  }
}

const escaped = (value: unknown) => {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'undefined')
  // A lone surrogate has no escape; a client that sends its bytes sends the replacement.
  return encodeURIComponent(text.toWellFormed())
}

function requestsOf(document: OpenApiDocument): fc.Arbitrary<InjectOptions> {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  )
  return fc.constantFrom(...operations).chain(({ path, method, operation }) => {
    const parameters = (operation.parameters ?? []) as readonly { in: string; name: string; schema: Schema }[]
    const inPath = parameters.filter((parameter) => parameter.in === 'path')
    const inQuery = parameters.filter((parameter) => parameter.in === 'query')
    const body = operation.requestBody?.content['application/json']?.schema as Schema | undefined
    return fc
      .record({
        path: fc.tuple(
          ...inPath.map(() => fc.oneof({ weight: 4, arbitrary: known }, { weight: 1, arbitrary: anything })),
        ),
        query: fc.tuple(...inQuery.map(({ schema }) => fc.option(mostlyFitting(schema), { freq: 2 }))),
        more: fc.option(fc.tuple(fc.string({ maxLength: 8 }), nasty), { freq: 12 }),
        body: mostlyFitting(body),
        raw: fc.option(fc.constantFrom('{', '', 'null', '[]', '"x"', '\u0000'), { freq: 12 }),
        type: fc.constantFrom('application/json', 'application/json', 'application/json', 'text/plain', 'x'),
        key: fc.option(fc.constantFrom('a', 'k'.repeat(300)), { freq: 8 }),
      })
      .map((drawn) => {
        const url = inPath.reduce((text, { name }, i) => text.replace(`{${name}}`, escaped(drawn.path[i])), path)
        const query = inQuery.flatMap(({ name }, i) => {
          const value = drawn.query[i]
          if (value === null) return []
          return [value].flat().map((one) => `${name}=${escaped(one)}`)
        })
        if (drawn.more !== null) query.push(`${escaped(drawn.more[0])}=${escaped(drawn.more[1])}`)
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
  })
}

/** Of every table an operator's request could touch. */
async function state(): Promise<unknown> {
  const tables = ['dag', 'dag_run', 'task_instance', 'command', 'pool', 'variable', 'connection', 'task_note', 'event']
  const counts = await Promise.all(
    tables.map((table) => database.pool.query(`select md5(string_agg(t::text, '' order by t::text)) from ${table} t`)),
  )
  return counts.map((result) => result.rows)
}

/** Signing in takes its time on purpose and has tests of its own; a tried connection starts a process. */
function document(app: FastifyInstance): OpenApiDocument {
  const all = JSON.parse(JSON.stringify(app.swagger())) as OpenApiDocument
  return {
    paths: Object.fromEntries(
      Object.entries(all.paths).filter(([path]) => /^\/api\/v2\/(?!connections\/test)/.test(path)),
    ),
  }
}

async function holds(app: FastifyInstance, runs: number): Promise<void> {
  await fc.assert(
    fc.asyncProperty(requestsOf(document(app)), async (request) => {
      const answer = await app.inject(request)
      // 503: nobody leads. Anything else of ours would be a mistake.
      const isOurFault = answer.statusCode >= 500 && answer.statusCode !== 503
      expect(isOurFault, `${answer.statusCode} ${answer.body} ${logged.at(-1)}`).toBe(false)
      if (answer.statusCode >= 400) expect(answer.json()).toHaveProperty('detail')
    }),
    { numRuns: runs, endOnFailure: true },
  )
  expect(logged).toEqual([])
}

test('of a viewer: never a 500, and nothing is changed', async () => {
  const before = await state()
  await holds(viewer, RUNS)
  expect(await state()).toEqual(before)
})

test('of an admin: never a 500', async () => {
  await holds(admin, RUNS)
})
