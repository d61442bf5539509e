/**
 * What the example Dags must find, computed without their code. The constants are the expected figures (the end-to-end tests
 * compare with them); `countWeather` and `countFlights` get them from the files by plain loops, and a test holds the two
 * equal.
 */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'

const DATA = join(dirname(createRequire(import.meta.url).resolve('vega-datasets')), '../data')

export interface WeatherFigures {
  /** Days, thus runs. */
  readonly days: number
  /** Tenths of a millimetre by year. */
  readonly precipitationTenths: Readonly<Record<string, number>>
  readonly byWeather: Readonly<Record<string, number>>
  /** Days whose minimum was below zero, by year. */
  readonly frostDays: Readonly<Record<string, number>>
  readonly wetDays: number
  /** Wet days with 20 mm or more. */
  readonly heavyRainDays: number
  /** Dry days of 25 degrees or more. */
  readonly warmAndDryDays: number
  /** Days whose maximum was below zero. */
  readonly iceDays: number
}

/** Sums over all 1,461 runs of `seattle_weather`, task `summarize`. */
export const WEATHER_FIGURES: WeatherFigures = {
  days: 1461,
  precipitationTenths: { 2012: 12260, 2013: 8280, 2014: 12328, 2015: 11392 },
  byWeather: { drizzle: 53, fog: 101, rain: 641, snow: 26, sun: 640 },
  frostDays: { 2012: 18, 2013: 26, 2014: 18, 2015: 10 },
  wetDays: 623,
  heavyRainDays: 51,
  warmAndDryDays: 227,
  iceDays: 3,
}

/** What `write_report` of `flights` returns. */
export const FLIGHT_FIGURES = {
  report: 'flights-report.md',
  flights: 3_000_000,
  delayMinutes: 20_003_603,
  late: 599_055,
  miles: 2_194_861_208,
  busiestAirport: 'ORD',
  worstHour: '22',
  worstMonth: '2001-06',
  byDistance: { long: 333_331, medium: 1_303_581, short: 1_363_088 },
}

/** The weather file, line by line. Decimals are read as text so that no rounding can hide. */
export function countWeather(): WeatherFigures {
  const precipitationTenths: Record<string, number> = {}
  const byWeather: Record<string, number> = {}
  const frostDays: Record<string, number> = {}
  const dates = new Set<string>()
  let [wetDays, heavyRainDays, warmAndDryDays, iceDays] = [0, 0, 0, 0]
  for (const line of readFileSync(join(DATA, 'seattle-weather.csv'), 'utf8').trim().split(/\r?\n/).slice(1)) {
    const cells = line.split(',')
    const date = cells[0]!
    const [tenths, high, low] = [cells[1]!, cells[2]!, cells[3]!].map(tenthsOf) as [number, number, number]
    const year = date.slice(0, 4)
    dates.add(date)
    precipitationTenths[year] = (precipitationTenths[year] ?? 0) + tenths
    byWeather[cells[5]!] = (byWeather[cells[5]!] ?? 0) + 1
    frostDays[year] = (frostDays[year] ?? 0) + (low < 0 ? 1 : 0)
    if (tenths > 0) wetDays++
    if (tenths >= 200) heavyRainDays++
    if (tenths === 0 && high >= 250) warmAndDryDays++
    if (high < 0) iceDays++
  }
  const days = dates.size
  return { days, precipitationTenths, byWeather, frostDays, wetDays, heavyRainDays, warmAndDryDays, iceDays }
}

/** `-1.7` as -17. */
function tenthsOf(text: string): number {
  const [whole = '', fraction = '0'] = text.split('.')
  const size = Number(whole.replace('-', '')) * 10 + Number(fraction)
  return text.startsWith('-') ? -size : size
}

/** The flights, value by value: DuckDB only unpacks the columns, all counting is here. */
export async function countFlights(): Promise<typeof FLIGHT_FIGURES> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' })
  const connection = await instance.connect()
  const result = await connection.stream(
    `SELECT epoch_ms(date)::DOUBLE, delay::INTEGER, distance::INTEGER, origin FROM '${join(DATA, 'flights-3m.parquet')}'`,
  )
  let [flights, delayMinutes, late, miles] = [0, 0, 0, 0]
  const byDistance = { long: 0, medium: 0, short: 0 }
  const months = new Map<string, Mean>()
  const hours = new Map<string, Mean>()
  const origins = new Map<string, number>()
  for (let chunk = await result.fetchChunk(); chunk !== null && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
    const [times, delays, distances, from] = chunk.getColumns() as unknown as [number[], number[], number[], string[]]
    for (let i = 0; i < chunk.rowCount; i++) {
      const [time, delay, distance] = [times[i]!, delays[i]!, distances[i]!]
      flights++
      delayMinutes += delay
      miles += distance
      if (delay > 15) late++
      byDistance[distance < 500 ? 'short' : distance < 1500 ? 'medium' : 'long']++
      const month = new Date(time).getUTCMonth() + 1
      addTo(months, `${new Date(time).getUTCFullYear()}-${String(month).padStart(2, '0')}`, delay)
      addTo(hours, String(Math.floor(time / 3_600_000) % 24).padStart(2, '0'), delay)
      origins.set(from[i]!, (origins.get(from[i]!) ?? 0) + 1)
    }
  }
  connection.closeSync()
  instance.closeSync()
  const large = (means: ReadonlyMap<string, Mean>) => new Map([...means].filter(([, m]) => m.count >= flights / 100))
  const busiestAirport = [...origins].toSorted((a, b) => b[1] - a[1])[0]![0]
  return {
    report: 'flights-report.md',
    flights,
    delayMinutes,
    late,
    miles,
    busiestAirport,
    worstHour: highest(large(hours)),
    worstMonth: highest(large(months)),
    byDistance,
  }
}

interface Mean {
  count: number
  sum: number
}

function addTo(means: Map<string, Mean>, name: string, value: number): void {
  const mean = means.get(name)
  if (mean === undefined) means.set(name, { count: 1, sum: value })
  else {
    mean.count++
    mean.sum += value
  }
}

function highest(means: ReadonlyMap<string, Mean>): string {
  return [...means].toSorted(([, a], [, b]) => b.sum / b.count - a.sum / a.count)[0]![0]
}
