/** Params: defaults, validation, messages that name path, value and rule, and the formats. */
import { describe, expect, test } from 'vitest'
import type { Json } from '../../core/json.ts'
import { PARAM_FORMATS } from '../../core/param-formats.ts'
import { checkParamsSchema, resolveParams } from '../../core/params.ts'

const schema: Json = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  properties: {
    region: { type: 'string', enum: ['eu', 'us'], default: 'eu', description_md: '**Where**' },
    limit: { type: 'integer', minimum: 1, maximum: 10, default: 5 },
    day: { type: ['string', 'null'], format: 'date', default: null },
    notify: { type: 'object', properties: { to: { type: 'string', format: 'email' }, loud: { default: false } } },
    text: { type: 'string', format: 'multiline' },
  },
  required: ['region'],
  additionalProperties: false,
}

function messageOf(conf: Json, of: Json = schema): string {
  const result = resolveParams(of, conf)
  return result.ok ? '' : result.message
}

describe('resolveParams', () => {
  test('fills defaults, nested ones too, and lets conf win', () => {
    expect(resolveParams(schema, { limit: 7, notify: { to: 'a@example.org' } })).toEqual({
      ok: true,
      params: { region: 'eu', limit: 7, day: null, notify: { to: 'a@example.org', loud: false } },
    })
  })

  test('leaves what went in alone', () => {
    const conf: Json = { notify: {} }
    const result = resolveParams(schema, conf)
    expect(conf).toEqual({ notify: {} })
    expect(result.ok && result.params !== conf).toBe(true)
  })

  test('names path, value and rule of every mistake', () => {
    const message = messageOf({ region: 'mars', limit: 0, day: '2023-02-29', notify: { to: 'nobody' }, extra: 1 })
    expect(message).toContain('params.region is "mars", must be one of ["eu","us"]')
    expect(message).toContain('params.limit is 0, must be >= 1')
    expect(message).toContain('params.day is "2023-02-29", must match format "date"')
    expect(message).toContain('params.notify.to is "nobody"')
    expect(message).toContain('params.extra is not a param of this Dag')
  })

  test('a key that the schema leaves open is taken as it is, as in Airflow', () => {
    const of: Json = { type: 'object', properties: { limit: { type: 'integer', default: 5 } } }
    expect(resolveParams(of, { extra: [1] })).toEqual({ ok: true, params: { limit: 5, extra: [1] } })
  })

  test('a required param without a default is named', () => {
    const of: Json = { type: 'object', required: ['id'], properties: { id: { type: 'string' } } }
    expect(messageOf({}, of)).toContain('params.id is required and missing')
  })

  test('only objects, with a schema or without', () => {
    for (const conf of [null, [], 'x', 3] as Json[]) {
      expect(resolveParams(undefined, conf)).toMatchObject({ ok: false })
      expect(messageOf(conf)).toContain('conf must be a JSON object')
    }
    expect(resolveParams(undefined, { any: ['thing'] })).toEqual({ ok: true, params: { any: ['thing'] } })
  })

  test('more than 1 MiB is refused with its size, counted in bytes', () => {
    expect(resolveParams(undefined, { a: 'x'.repeat(1024 * 1024 - 8) })).toMatchObject({ ok: true })
    expect(resolveParams(undefined, { a: 'x'.repeat(1024 * 1024 - 7) })).toMatchObject({ ok: false })
    expect(resolveParams(undefined, { a: 'é'.repeat(600_000) })).toMatchObject({ ok: false })
  })

  test('a long value is shortened, many errors are counted', () => {
    const of: Json = { type: 'object', additionalProperties: { type: 'number' } }
    const many = Object.fromEntries(Array.from({ length: 15 }, (_, i) => [`k${i}`, 'v'.repeat(200)]))
    expect(messageOf(many, of)).toMatch(/vvv\.\.\., must be number.*and 5 more/)
    expect(messageOf(many, of).length).toBeLessThan(2_000)
  })

  test('draft 7 and 2020-12 keywords', () => {
    const draft7: Json = {
      $schema: 'http://json-schema.org/draft-07/schema#',
      type: 'object',
      properties: { pair: { type: 'array', items: [{ type: 'string' }, { type: 'number' }], additionalItems: false } },
    }
    expect(resolveParams(draft7, { pair: ['a', 1] })).toMatchObject({ ok: true })
    expect(messageOf({ pair: ['a', 'b'] }, draft7)).toContain('params.pair[1] is "b"')
    const modern: Json = {
      type: 'object',
      properties: { pair: { type: 'array', prefixItems: [{ type: 'string' }], items: false } },
      $defs: { unused: {} },
    }
    expect(resolveParams(modern, { pair: ['a'] })).toMatchObject({ ok: true })
    expect(messageOf({ pair: ['a', 1] }, modern)).toContain('params.pair')
  })

  test('names that are special in JavaScript are data', () => {
    const conf = JSON.parse('{"__proto__": {"polluted": true}}') as Json
    const result = resolveParams(undefined, conf)
    expect(result.ok && Object.hasOwn(result.params as object, '__proto__')).toBe(true)
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  })
})

test('a schema that cannot be used is a sentence, not an exception', () => {
  expect(checkParamsSchema(undefined)).toBeNull()
  expect(checkParamsSchema(schema)).toBeNull()
  expect(checkParamsSchema({ type: 'strin' })).toContain('The params schema cannot be used')
  expect(checkParamsSchema({ $ref: 'https://example.org/other.json' })).toContain('cannot be used')
  expect(checkParamsSchema('x')).toContain('must be a JSON Schema object')
  expect(resolveParams({ type: 'strin' }, {})).toMatchObject({ ok: false })
})

test.each([
  ['date', ['2024-02-29', '2000-02-29'], ['2023-02-29', '1900-02-29', '2024-13-01', '2024-04-31', '24-01-01', '']],
  ['time', ['00:00:00', '23:59:60Z', '12:00:00.5+02:00'], ['24:00:00', '12:60:00', '12:00', '12:00:00+25:00']],
  ['date-time', ['2024-02-29T12:00:00Z', '2024-01-01t00:00:00-03:30'], ['2024-02-29T12:00:00', '2024-02-30T12:00:00Z']],
  [
    'email',
    ['a@example.org', 'a.b+c@x'],
    ['a', '@x', 'a@', 'a b@x', 'a@-x.org', '.a@x', 'a@x..y', `${'a'.repeat(65)}@x`],
  ],
  [
    'uri',
    ['https://example.org/a?b#c', 's3://bucket/key', 'mailto:a@x'],
    ['example.org', 'http://', 'http://a b', '//x'],
  ],
])('format %s', (name, good, bad) => {
  const check = PARAM_FORMATS[name]!
  expect(good.filter((text) => !check(text))).toEqual([])
  expect(bad.filter((text) => check(text))).toEqual([])
})
