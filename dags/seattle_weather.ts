/**
 * Four years of Seattle weather, one run a day: a run reads the day it stands for, decides whether it was wet, does what
 * there is to do for such a day, and sums it up. Depths of rain are whole tenths of a millimetre, so that totals over many
 * runs are exact.
 */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { Dag, getContext } from 'tradewind'

interface Day {
  readonly date: string
  readonly precipitationTenths: number
  readonly tempMax: number
  readonly tempMin: number
  readonly weather: string
}

interface Frost {
  readonly frost: boolean
  /** It stayed below zero all day. */
  readonly iceDay: boolean
}

const dag = new Dag('seattle_weather', {
  description: 'Rain, frost and kind of weather in Seattle, day by day from 2012 to 2015',
  schedule: '@daily',
  startDate: '2012-01-01',
  endDate: '2015-12-31',
  catchup: true,
  tags: ['example', 'catchup'],
})

const readDay = dag.task('read_day', (): Day => {
  const { ds } = getContext(dag)
  const line = weatherByDate().get(ds)
  if (line === undefined)
    throw new Error(`seattle-weather.csv has no row for ${ds}; it covers 2012-01-01 to 2015-12-31.`)
  const [date = '', precipitation, tempMax, tempMin, , weather = ''] = line.split(',')
  return {
    date,
    precipitationTenths: Math.round(Number(precipitation) * 10),
    tempMax: Number(tempMax),
    tempMin: Number(tempMin),
    weather,
  }
})

const isWet = dag.task('is_wet', ({ day }: { day: Day }): boolean => day.precipitationTenths > 0)

const measureRain = dag.task('measure_rain', ({ day }: { day: Day }) => ({
  tenths: day.precipitationTenths,
  heavy: day.precipitationTenths >= 200,
}))

const measureDryDay = dag.task('measure_dry_day', ({ day }: { day: Day }) => ({
  warm: day.tempMax >= 25,
  rangeTenths: Math.round((day.tempMax - day.tempMin) * 10),
}))

const checkFrost = dag.task(
  'check_frost',
  ({ day }: { day: Day }): Frost => ({ frost: day.tempMin < 0, iceDay: day.tempMax < 0 }),
)

/** One of `rain` and `dry` was skipped and is null. */
const summarize = dag.task(
  'summarize',
  ({
    day,
    rain,
    dry,
    frost,
  }: {
    day: Day
    rain: { tenths: number; heavy: boolean } | null
    dry: { warm: boolean; rangeTenths: number } | null
    frost: Frost
  }) => ({
    date: day.date,
    year: Number(day.date.slice(0, 4)),
    weather: day.weather,
    wet: rain != null,
    precipitationTenths: rain?.tenths ?? 0,
    heavyRain: rain?.heavy ?? false,
    warmAndDry: dry?.warm ?? false,
    frost: frost.frost,
    iceDay: frost.iceDay,
  }),
  { triggerRule: 'none_failed_min_one_success' },
)

const day = readDay()
const wet = isWet({ day })
const rain = measureRain({ day })
const dry = measureDryDay({ day })
dag.if(wet).then(rain).else(dry)
summarize({ day, rain, dry, frost: checkFrost({ day }) })

let cached: ReadonlyMap<string, string> | undefined

/** Rows of the file by date; read once per process, since every run needs one row of the same 50 kB. */
function weatherByDate(): ReadonlyMap<string, string> {
  if (cached === undefined) {
    const entry = createRequire(import.meta.url).resolve('vega-datasets')
    const lines = readFileSync(join(dirname(entry), '../data/seattle-weather.csv'), 'utf8').split('\n')
    cached = new Map(lines.slice(1).map((line) => [line.slice(0, 10), line.trim()]))
  }
  return cached
}

export default dag
