/** The examples under the real program, and kill -9 in the middle of them. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { FLIGHT_FIGURES, WEATHER_FIGURES } from '../dags/figures.ts'
import { Place, processesOf } from './program.ts'

let place: Place
beforeEach(async () => {
  place = await Place.make({ examples: ['seattle_weather.ts', 'flights.ts'] })
})
afterEach(() => place.close())

const SUMMARIES = `
  select x.json as value from xcom x join task_instance t on t.id = x.ti_id and t.try_number = x.try_number
  where t.task_id = 'summarize' and t.state = 'success' and x.key = 'return_value'`
const WEATHER_ENDED = `select count(*)::int as n from dag_run where dag_id = 'seattle_weather' and state = 'success'`

interface Summary {
  readonly date: string
  readonly year: number
  readonly weather: string
  readonly wet: boolean
  readonly precipitationTenths: number
  readonly heavyRain: boolean
  readonly warmAndDry: boolean
  readonly frost: boolean
  readonly iceDay: boolean
}

async function expectWeatherFigures(): Promise<void> {
  const summaries = (await place.query<{ value: string }>(SUMMARIES)).map((row) => JSON.parse(row.value) as Summary)
  const sum = (key: (one: Summary) => string | number, value: (one: Summary) => number) => {
    const sums: Record<string, number> = {}
    for (const one of summaries) sums[key(one)] = (sums[key(one)] ?? 0) + value(one)
    return sums
  }
  const count = (is: (one: Summary) => boolean) => summaries.filter(is).length
  expect(new Set(summaries.map((one) => one.date)).size).toBe(summaries.length)
  expect({
    days: summaries.length,
    precipitationTenths: sum(
      (one) => one.year,
      (one) => one.precipitationTenths,
    ),
    byWeather: sum(
      (one) => one.weather,
      () => 1,
    ),
    frostDays: sum(
      (one) => one.year,
      (one) => Number(one.frost),
    ),
    wetDays: count((one) => one.wet),
    heavyRainDays: count((one) => one.heavyRain),
    warmAndDryDays: count((one) => one.warmAndDry),
    iceDays: count((one) => one.iceDay),
  }).toEqual(WEATHER_FIGURES)
}

test('1,461 weather runs and the flights report come out right, with kill -9 in the middle', {
  timeout: 240_000,
}, async () => {
  const first = await place.start()
  await place.until<{ n: number }>(WEATHER_ENDED, ([row]) => row!.n >= 300, 120_000)
  const before = await place.query<{ id: string; tries: number }>(
    `select t.id, t.try_number as tries from task_instance t where t.state = 'success'`,
  )
  await first.kill()

  const second = await place.start()
  await place.until<{ n: number }>(WEATHER_ENDED, ([row]) => row!.n === WEATHER_FIGURES.days, 180_000)
  await place.until<{ n: number }>(
    `select count(*)::int as n from dag_run where dag_id = 'flights' and state = 'success'`,
    ([row]) => row!.n === 1,
  )
  await expectWeatherFigures()

  const [report] = await place.query<{ value: string }>(
    `select x.json as value from xcom x join task_instance t on t.id = x.ti_id and t.try_number = x.try_number
     where t.task_id = 'write_report' and x.key = 'return_value'`,
  )
  expect(JSON.parse(report!.value)).toEqual(FLIGHT_FIGURES)
  expect(await readFile(join(place.data, 'files/flights-report.md'), 'utf8')).toContain('# Flights')

  // Nothing that had succeeded before the kill ran again.
  const after = new Map(
    (await place.query<{ id: string; tries: number }>(`select id, try_number as tries from task_instance`)).map(
      (row) => [row.id, row.tries],
    ),
  )
  for (const { id, tries } of before) expect(after.get(id)).toBe(tries)
  const [counts] = await place.query<{ runs: number; dates: number; active: number; failed: number }>(
    `select count(*)::int as runs, count(distinct logical_date)::int as dates,
       (select count(*)::int from active) as active,
       (select count(*)::int from task_instance where state = 'failed') as failed
     from dag_run where dag_id = 'seattle_weather'`,
  )
  expect(counts).toEqual({ runs: 1461, dates: 1461, active: 0, failed: 0 })
  // Every try that was cut off tells why.
  const lost = await place.query<{ cause: string }>(
    `select cause::json->>'kind' as cause from try where state not in ('success', 'skipped')`,
  )
  for (const { cause } of lost) expect(cause).toBe('host-lost')

  await second.stop()
  expect(await processesOf(place.root)).toEqual([])
})
