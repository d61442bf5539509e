/**
 * Three million flights of 2001 with DuckDB: counts them, fans out into four questions, joins the airports' names, and
 * writes a report. Each task has a database of its own in memory over the same Parquet file; what they pass on are figures.
 */
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { Dag, getContext } from 'tradewind'

/** Flights of one kind; `delayMinutes` is the sum of their delays, early ones negative. */
interface Group {
  readonly name: string
  readonly flights: number
  readonly delayMinutes: number
}

interface Airport extends Group {
  readonly city: string
  readonly state: string
}

interface Totals {
  readonly flights: number
  readonly delayMinutes: number
  /** Later than a quarter of an hour. */
  readonly late: number
  readonly miles: number
}

const dag = new Dag('flights', {
  description: 'Where and when three million flights of 2001 were late',
  schedule: '@once',
  tags: ['example', 'duckdb'],
  // Each question takes well under a second; a busy machine may take longer.
  defaultArgs: { timeout: '2 min' },
})

const countFlights = dag.task('count_flights', async (): Promise<Totals> => {
  const [row] = await query(`
    SELECT count(*) AS flights, sum(delay) AS delay, count(*) FILTER (delay > 15) AS late, sum(distance) AS miles
    FROM read_parquet($flights)`)
  return {
    flights: Number(row?.flights),
    delayMinutes: Number(row?.delay),
    late: Number(row?.late),
    miles: Number(row?.miles),
  }
})

const questions = dag.taskGroup('questions')

const byMonth = questions.task('by_month', (): Promise<Group[]> => groupBy("strftime(date, '%Y-%m')"))

const byHour = questions.task('by_hour', (): Promise<Group[]> => groupBy("strftime(date, '%H')"))

const byDistance = questions.task(
  'by_distance',
  (): Promise<Group[]> =>
    groupBy("CASE WHEN distance < 500 THEN 'short' WHEN distance < 1500 THEN 'medium' ELSE 'long' END"),
)

const byAirport = questions.task('by_airport', async (): Promise<Airport[]> => {
  const rows = await query(`
    SELECT origin AS name, any_value(city) AS city, any_value(state) AS state, count(*) AS flights, sum(delay) AS delay
    FROM read_parquet($flights) JOIN read_csv($airports, all_varchar = true) ON iata = origin
    GROUP BY origin ORDER BY flights DESC, name LIMIT 10`)
  return rows.map((row) => ({ ...toGroup(row), city: String(row.city), state: String(row.state) }))
})

const writeReport = dag.task(
  'write_report',
  async (figures: { totals: Totals; months: Group[]; hours: Group[]; distances: Group[]; airports: Airport[] }) => {
    const { totals, months, hours, distances } = figures
    for (const [question, groups] of Object.entries({ months, hours, distances })) {
      const counted = groups.reduce((sum, group) => sum + group.flights, 0)
      if (counted !== totals.flights) {
        throw new Error(`The ${question} add up to ${counted} flights, but there are ${totals.flights} in the file.`)
      }
    }
    const { filesDir, logger } = getContext(dag)
    const path = join(filesDir, 'flights-report.md')
    await mkdir(filesDir, { recursive: true })
    // Renamed into place: a reader sees the old report or the new one.
    await writeFile(`${path}.tmp`, markdown(figures))
    await rename(`${path}.tmp`, path)
    logger.info('report written', { path, flights: totals.flights })
    return {
      report: 'flights-report.md',
      ...totals,
      busiestAirport: figures.airports[0]?.name ?? null,
      worstHour: worst(hours, totals),
      worstMonth: worst(months, totals),
      byDistance: Object.fromEntries(distances.map((group) => [group.name, group.flights])),
    }
  },
)

const totals = countFlights()
const months = byMonth()
const hours = byHour()
const distances = byDistance()
const airports = byAirport()
questions.after(totals)
writeReport({ totals, months, hours, distances, airports })

/** Flights by the value of an SQL expression, in order of that value. */
async function groupBy(expression: string): Promise<Group[]> {
  const rows = await query(`
    SELECT ${expression} AS name, count(*) AS flights, sum(delay) AS delay
    FROM read_parquet($flights) GROUP BY name ORDER BY name`)
  return rows.map(toGroup)
}

function toGroup(row: Record<string, unknown>): Group {
  return { name: String(row.name), flights: Number(row.flights), delayMinutes: Number(row.delay) }
}

/** Rows of one query; the database is closed again before the task ends. Counts come as text: they are 64 bits wide. */
async function query(sql: string): Promise<Record<string, unknown>[]> {
  const data = join(dirname(createRequire(import.meta.url).resolve('vega-datasets')), '../data')
  const files = { flights: join(data, 'flights-3m.parquet'), airports: join(data, 'airports.csv') }
  const instance = await DuckDBInstance.create(':memory:', { threads: '2' })
  try {
    const connection = await instance.connect()
    try {
      const used = Object.fromEntries(Object.entries(files).filter(([name]) => sql.includes(`$${name}`)))
      return (await connection.runAndReadAll(sql, used)).getRowObjectsJson()
    } finally {
      connection.closeSync()
    }
  } finally {
    instance.closeSync()
  }
}

/** The group with the highest mean delay among those that hold at least one flight in a hundred. */
function worst(groups: readonly Group[], totals: Totals): string | null {
  const mean = (group: Group): number => group.delayMinutes / group.flights
  const large = groups.filter((group) => group.flights * 100 >= totals.flights)
  return large.toSorted((a, b) => mean(b) - mean(a))[0]?.name ?? null
}

function markdown(figures: {
  totals: Totals
  months: Group[]
  hours: Group[]
  distances: Group[]
  airports: Airport[]
}) {
  const { totals } = figures
  const table = (title: string, groups: readonly Group[]): string =>
    [
      `## ${title}`,
      '',
      '| | flights | mean delay, minutes |',
      '|---|---:|---:|',
      ...groups.map((g) => `| ${g.name} | ${g.flights} | ${(g.delayMinutes / g.flights).toFixed(2)} |`),
      '',
    ].join('\n')
  return [
    '# Flights',
    '',
    `${totals.flights} flights over ${totals.miles} miles, ${totals.late} of them more than 15 minutes late.`,
    '',
    table('By month', figures.months),
    table('By hour', figures.hours),
    table('By distance', figures.distances),
    table(
      'Busiest airports',
      figures.airports.map((airport) => ({ ...airport, name: `${airport.name} (${airport.city}, ${airport.state})` })),
    ),
  ].join('\n')
}

export default dag
