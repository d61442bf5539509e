/** Params from maps, JSON Schemas and schemas of libraries; dates in zones. */
import { expect, test } from 'vitest'
import { readDate } from '../../sdk/serialize/read-date.ts'
import { readDuration } from '../../sdk/serialize/read-duration.ts'
import { readDag } from './dag-file.ts'

const params = (given: unknown) => readDag(`new Dag('d', { params })`, 'tradewind', { params: given }).params

test('a map: plain values are defaults, objects are schemas, what has no default is required', () => {
  expect(
    params({
      region: { type: 'string', enum: ['eu', 'us'], default: 'eu' },
      limit: 10,
      dry: false,
      tags: ['a'],
      id: { type: 'integer' },
      any: null,
    }),
  ).toEqual({
    type: 'object',
    properties: {
      region: { type: 'string', enum: ['eu', 'us'], default: 'eu' },
      limit: { type: 'number', default: 10 },
      dry: { type: 'boolean', default: false },
      tags: { type: 'array', default: ['a'] },
      id: { type: 'integer' },
      any: { default: null },
    },
    required: ['id'],
  })
})

test('a JSON Schema of an object is kept', () => {
  const schema = {
    type: 'object',
    properties: { n: { type: ['integer', 'null'], default: null } },
    additionalProperties: false,
  }
  expect(params(schema)).toEqual(schema)
})

test('a param called type is a param', () => {
  expect(params({ type: 'object' })).toEqual({
    type: 'object',
    properties: { type: { type: 'string', default: 'object' } },
  })
})

test('a Standard Schema tells the JSON Schema of its input', () => {
  const told: unknown[] = []
  const schema = {
    '~standard': {
      version: 1,
      vendor: 'zod',
      validate: () => ({}),
      jsonSchema: {
        input: (options: unknown) => {
          told.push(options)
          return { type: 'object', properties: { n: { type: 'number', default: 1 } }, '~standard': undefined }
        },
        output: () => ({ type: 'string' }),
      },
    },
  }
  expect(params(schema)).toEqual({ type: 'object', properties: { n: { type: 'number', default: 1 } } })
  expect(told).toEqual([{ target: 'draft-07' }])
})

test('a schema with toJSONSchema is asked for its input in draft 7', () => {
  const schema = {
    shape: { a: 1 },
    '~standard': { version: 1, vendor: 'zod' },
    toJSONSchema(options: unknown) {
      expect([this, options]).toEqual([schema, { target: 'draft-7', io: 'input' }])
      return { type: 'object', properties: {} }
    },
  }
  expect(params(schema)).toEqual({ type: 'object', properties: {} })
})

test.each([
  [30, 30_000],
  [0.5, 500],
  ['30 s', 30_000],
  ['5min', 300_000],
  ['2 hours', 7_200_000],
  ['1 day', 86_400_000],
  ['1h 30m', 5_400_000],
  ['1.5 h', 5_400_000],
  ['250 ms', 250],
  ['1 Week', 604_800_000],
  ['', undefined],
  ['5', undefined],
  ['5 constructor', undefined],
  [-1, undefined],
  [Number.NaN, undefined],
  [1e12, undefined],
  [true, undefined],
])('the duration %j', (value, ms) => {
  expect(readDuration(value)).toBe(ms)
})

const at = (text: string) => Date.parse(text)

test.each([
  ['2026-01-31', 'UTC', 'start', at('2026-01-31T00:00Z')],
  ['2026-01-31', 'UTC', 'end', at('2026-02-01T00:00Z') - 1],
  ['2026-07-01', 'Europe/Berlin', 'start', at('2026-06-30T22:00Z')],
  ['2026-03-29', 'Europe/Berlin', 'end', at('2026-03-29T22:00Z') - 1],
  // The hour that does not exist is moved forward; of the hour that comes twice it is the second.
  ['2026-03-29T02:30', 'Europe/Berlin', 'start', at('2026-03-29T01:30Z')],
  ['2026-10-25T02:30', 'Europe/Berlin', 'start', at('2026-10-25T01:30Z')],
  ['2026-04-05T01:45', 'Australia/Lord_Howe', 'start', at('2026-04-04T15:15Z')],
  ['2011-12-30T12:00', 'Pacific/Apia', 'start', at('2011-12-30T22:00Z')],
  ['2026-01-31T06:00:05.250', 'America/New_York', 'start', at('2026-01-31T11:00:05.250Z')],
  ['2026-01-31T06:00+05:30', 'America/New_York', 'end', at('2026-01-31T00:30Z')],
  ['2026-01-31 06:00', 'UTC', 'start', at('2026-01-31T06:00Z')],
  ['0001-01-01', 'UTC', 'start', at('0001-01-01T00:00Z')],
  ['2026-02-29', 'UTC', 'start', undefined],
  ['2026-01-31T24:00', 'UTC', 'start', undefined],
  ['31.1.2026', 'UTC', 'start', undefined],
] as const)('the date %s in %s as %s', (text, zone, edge, expected) => {
  expect(readDate(text, zone, edge)).toBe(expected)
})

test('of any local time of a year, in any zone, the instant shows that time again', () => {
  for (const zone of ['Europe/Berlin', 'America/St_Johns', 'Asia/Kathmandu', 'Africa/Cairo', 'Pacific/Chatham']) {
    const format = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' })
    for (let wall = Date.UTC(2026, 0, 1, 12); wall < Date.UTC(2027, 0, 1); wall += 86_400_000 * 3) {
      const text = new Date(wall).toISOString().slice(0, 19)
      expect(format.format(readDate(text, zone, 'start')!)).toBe(text.replace('T', ' '))
    }
  }
})
