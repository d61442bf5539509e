/** A year of runs of a hundred tasks: drawn, scrolled back to the oldest run and beyond, and still live. */
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts'
import { openBrowser, signIn } from './browser.ts'
import { PASSWORD, type Served, serve, wideDag } from './served-scheduler.ts'
import { steadyExecutor } from './steady-executor.ts'

const TASKS = 100
const RUNS = 500
let database: TestDatabase
let served: Served
let browser: Browser

beforeAll(async () => {
  database = await createTestDatabase()
  for (const sql of [
    `insert into dag_run (id, dag_id, run_id, run_type, state, version_id, logical_date, run_after, queued_at, start_date,
       end_date, conf, triggered_by)
     select i, 'large', 'run-' || i, 'scheduled', 'success', 1, at, at, at, at, at + interval '20 s', '{}', 'schedule'
     from generate_series(1, ${RUNS}) i, lateral (select to_timestamp(1700000000 + i * 86400) as at) t`,
    `insert into task_instance (id, dag_run_id, task_id, map_index, state, try_number, max_tries, failures, losses)
     select (run - 1) * ${TASKS} + task + 1, run, 'task_' || lpad(task::text, 2, '0'), -1,
       case when (run + task) % 40 = 0 then 'failed' else 'success' end, 1, 1, 0, 0
     from generate_series(1, ${RUNS}) run, generate_series(0, ${TASKS - 1}) task`,
  ]) {
    await database.pool.query(sql)
  }
  served = await serve(database, [wideDag('large', TASKS)], steadyExecutor({ slots: 8, startMs: 5, runMs: 20 }))
  browser = await openBrowser()
})
afterAll(async () => {
  await browser?.close()
  await served?.stop()
})

test('few cells are drawn, all runs are reached, changes still come', async () => {
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 900 } })).newPage()
  page.setDefaultTimeout(30_000)
  await signIn(page, served.address, 'viewer', PASSWORD)
  await page.goto(`${served.address}/dags/large`)
  const cell = (run: string, task: string) => page.locator(`.grid-cell[data-run="${run}"][data-task="${task}"]`)
  await cell(`run-${RUNS}`, 'task_00').waitFor()
  const drawn = () => page.locator('.grid-cell').count()
  expect(await drawn()).toBeLessThan(4_000)

  const grid = page.getByRole('grid')
  // Older runs are read as the left end comes near: 100, 300, then all.
  for (let i = 0; i < 20 && (await grid.getAttribute('aria-colcount')) !== String(RUNS + 1); i++) {
    const before = await grid.getAttribute('aria-colcount')
    await page.locator('.run-grid').evaluate((element) => {
      element.scrollLeft = 0
    })
    await page.locator(`.run-grid:not([aria-colcount="${before}"])`).waitFor()
  }
  expect(await grid.getAttribute('aria-colcount')).toBe(String(RUNS + 1))
  await page.locator('.run-grid').evaluate((element) => {
    element.scrollLeft = 0
    element.scrollTop = element.scrollHeight
  })
  await cell('run-1', 'task_99').waitFor()
  expect(await drawn()).toBeLessThan(4_000)

  await served.command({ kind: 'trigger', dagId: 'large', runId: 'live' })
  await page.locator('.run-grid').evaluate((element) => {
    element.scrollLeft = element.scrollWidth
    element.scrollTop = 0
  })
  await page.locator('.grid-cell[data-run="live"][data-task="task_00"][data-state="success"]').waitFor()
  expect(await grid.getAttribute('aria-colcount')).toBe(String(RUNS + 2))
})
