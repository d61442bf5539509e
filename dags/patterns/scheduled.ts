/**
 * Scheduled: a report of each day, made the morning after, at six by the clocks in Berlin, in summer as in winter. It reads
 * the day that its run stands for, never «now»: a run that comes late, runs again or is made for last year tells the same.
 */
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Dag, getContext } from 'tradewind'
import { type Sale, till } from './services.ts'

const dag = new Dag('daily_sales_report', {
  description: 'Sales of each day, by product',
  schedule: '0 6 * * *',
  timezone: 'Europe/Berlin',
  // The days on which it did not run are not made up for.
  catchup: false,
  // Unpause it on the page, or take this line away, and it runs every morning.
  isPausedUponCreation: true,
  tags: ['pattern'],
})

const readSales = dag.task('read_sales', () => till.sales(dayBefore(getContext(dag).ds)))

const sumUp = dag.task('sum_up', ({ sales }: { sales: Sale[] }) => {
  const sums: Record<string, number> = {}
  for (const { product, cents } of sales) sums[product] = (sums[product] ?? 0) + cents
  return sums
})

const writeReport = dag.task('write_report', async ({ sums }: { sums: Record<string, number> }) => {
  const { ds, filesDir } = getContext(dag)
  const name = `sales-${dayBefore(ds)}.md`
  const rows = Object.entries(sums).map(([product, cents]) => `| ${product} | ${(cents / 100).toFixed(2)} |`)
  await mkdir(filesDir, { recursive: true })
  // Renamed into place: a reader sees the old report or the new one, and a task that is killed leaves none half-written.
  await writeFile(join(filesDir, `${name}.tmp`), ['| product | euro |', '|---|---:|', ...rows, ''].join('\n'))
  await rename(join(filesDir, `${name}.tmp`), join(filesDir, name))
  return name
})

writeReport({ sums: sumUp({ sales: readSales() }) })

/** Of a date such as `2026-03-01`. */
function dayBefore(ds: string): string {
  return new Date(Date.parse(`${ds}T00:00:00Z`) - 86_400_000).toISOString().slice(0, 10)
}

export default dag
