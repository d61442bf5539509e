/**
 * The example Dags find what is in their data: expected figures against plain loops over the files, and the Dags' own
 * handlers, called through the SDK, against the expected figures.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { upcomingFires } from '../../core/timetable/index.ts'
import flights from '../../dags/flights.ts'
import weather from '../../dags/seattle_weather.ts'
import { buildContext, handlerOf, runInScope, type Scope, serializeDags } from '../../sdk/internal.ts'
import { countFlights, countWeather, FLIGHT_FIGURES, WEATHER_FIGURES } from './figures.ts'

const DAY = 86_400_000
const filesDir = mkdtempSync(join(tmpdir(), 'dag-files-'))
afterAll(() => rmSync(filesDir, { recursive: true }))

const silent = (): void => {}
const refused = (): Promise<never> => Promise.reject(new Error('the examples ask the platform for nothing'))

function scopeOf(dagId: string, taskId: string, logicalDate: number): Scope {
  const context = buildContext({
    dagId,
    taskId,
    runId: 'test',
    tryNumber: 1,
    mapIndex: -1,
    signal: AbortSignal.timeout(60_000),
    filesDir,
    logger: { debug: silent, info: silent, warn: silent, error: silent },
    context: {
      runType: 'scheduled',
      logicalDate,
      dataIntervalStart: logicalDate,
      dataIntervalEnd: logicalDate,
      runAfter: logicalDate,
      timezone: 'UTC',
      params: {},
      idempotencyKey: 'key',
      correlationId: null,
      maxTries: 1,
    },
  })
  const client = {
    getXCom: refused,
    setXCom: refused,
    getVariable: refused,
    getVariableOrThrow: refused,
    setVariable: refused,
    deleteVariable: refused,
    getConnection: refused,
    getConnectionOrThrow: refused,
  }
  return { context, client }
}

/** Runs a task's handler as a try would; what it returns goes through JSON, as an XCom does. */
async function run<T>(dag: { readonly dagId: string }, taskId: string, logicalDate: number, args: object): Promise<T> {
  const handler = handlerOf(dag, taskId)
  if (handler === undefined) throw new Error(`${dag.dagId} has no task ${taskId}`)
  const value = await runInScope(scopeOf(dag.dagId, taskId, logicalDate), () => handler({ ...args }))
  return JSON.parse(JSON.stringify(value)) as T
}

test('both are without mistakes, and drawn as they are meant', () => {
  const { dags, problems } = serializeDags([weather, flights], { file: 'dags', positionOf: () => null })
  expect(problems).toEqual([])
  const drawn = dags.map((dag) => Object.fromEntries(dag.tasks.map((task) => [task.taskId, task.upstream])))
  expect(drawn).toEqual([
    {
      read_day: [],
      is_wet: ['read_day'],
      measure_rain: ['is_wet', 'read_day'],
      measure_dry_day: ['is_wet', 'read_day'],
      check_frost: ['read_day'],
      summarize: ['check_frost', 'measure_dry_day', 'measure_rain', 'read_day'],
    },
    {
      count_flights: [],
      'questions.by_month': ['count_flights'],
      'questions.by_hour': ['count_flights'],
      'questions.by_distance': ['count_flights'],
      'questions.by_airport': ['count_flights'],
      write_report: [
        'count_flights',
        'questions.by_airport',
        'questions.by_distance',
        'questions.by_hour',
        'questions.by_month',
      ],
    },
  ])
  expect(dags.map((dag) => dag.schedule)).toEqual([{ kind: 'cron', expression: '0 0 * * *' }, { kind: 'once' }])
})

describe('seattle_weather', () => {
  test('the expected figures are those of the file', () => {
    expect(countWeather()).toEqual(WEATHER_FIGURES)
  })

  test('1,461 days add up to them', async () => {
    const fires = upcomingFires(
      {
        schedule: { kind: 'cron', expression: '0 0 * * *' },
        timezone: 'UTC',
        startDate: Date.UTC(2012, 0, 1),
        endDate: Date.UTC(2016, 0, 1) - 1,
        catchup: true,
      },
      null,
      0,
      0,
      2_000,
    )
    const found = {
      days: 0,
      precipitationTenths: {} as Record<string, number>,
      byWeather: {} as Record<string, number>,
      frostDays: {} as Record<string, number>,
      wetDays: 0,
      heavyRainDays: 0,
      warmAndDryDays: 0,
      iceDays: 0,
    }
    const add = (sums: Record<string, number>, key: string | number, value: number): void => {
      sums[key] = (sums[key] ?? 0) + value
    }
    for (const { logicalDate } of fires) {
      const day = await run<object>(weather, 'read_day', logicalDate, {})
      const isWet = await run<boolean>(weather, 'is_wet', logicalDate, { day })
      const rain = isWet ? await run(weather, 'measure_rain', logicalDate, { day }) : null
      const dry = isWet ? null : await run(weather, 'measure_dry_day', logicalDate, { day })
      const frost = await run(weather, 'check_frost', logicalDate, { day })
      const summary = await run<{
        date: string
        year: number
        weather: string
        wet: boolean
        precipitationTenths: number
        heavyRain: boolean
        warmAndDry: boolean
        frost: boolean
        iceDay: boolean
      }>(weather, 'summarize', logicalDate, { day, rain, dry, frost })
      expect(summary.date).toBe(new Date(Date.UTC(2012, 0, 1) + found.days * DAY).toISOString().slice(0, 10))
      found.days++
      add(found.precipitationTenths, summary.year, summary.precipitationTenths)
      add(found.byWeather, summary.weather, 1)
      add(found.frostDays, summary.year, Number(summary.frost))
      found.wetDays += Number(summary.wet)
      found.heavyRainDays += Number(summary.heavyRain)
      found.warmAndDryDays += Number(summary.warmAndDry)
      found.iceDays += Number(summary.iceDay)
    }
    expect(found).toEqual(WEATHER_FIGURES)
  })

  test('a day outside the file is an error that says which', async () => {
    await expect(run(weather, 'read_day', Date.UTC(2016, 0, 1), {})).rejects.toThrow('no row for 2016-01-01')
  })
})

describe('flights', () => {
  test('the expected figures are those of the file', async () => {
    expect(await countFlights()).toEqual(FLIGHT_FIGURES)
  })

  test('its report has them', async () => {
    const [totals, months, hours, distances, airports] = await Promise.all([
      run<object>(flights, 'count_flights', 0, {}),
      run<object[]>(flights, 'questions.by_month', 0, {}),
      run<object[]>(flights, 'questions.by_hour', 0, {}),
      run<object[]>(flights, 'questions.by_distance', 0, {}),
      run<object[]>(flights, 'questions.by_airport', 0, {}),
    ])
    const report = await run(flights, 'write_report', 0, { totals, months, hours, distances, airports })
    expect(report).toEqual(FLIGHT_FIGURES)
    expect(airports[0]).toMatchObject({ name: 'ORD', city: 'Chicago', state: 'IL' })
    expect(readdirSync(filesDir)).toEqual(['flights-report.md'])
    const text = readFileSync(join(filesDir, 'flights-report.md'), 'utf8')
    expect(text).toContain('3000000 flights over 2194861208 miles, 599055 of them more than 15 minutes late.')
    expect(text).toContain('| ORD (Chicago, IL) |')
  })

  test('figures that do not add up fail the report', async () => {
    const totals = { flights: 2, delayMinutes: 0, late: 0, miles: 0 }
    const few = [{ name: 'x', flights: 1, delayMinutes: 0 }]
    const broken = { totals, months: few, hours: few, distances: few, airports: [] }
    await expect(run(flights, 'write_report', 0, broken)).rejects.toThrow('add up to 1 flights, but there are 2')
  })
})
