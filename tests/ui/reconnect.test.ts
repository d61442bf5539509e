/** The web server goes and comes again: the page says so, goes on by itself, and has missed nothing. */
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts'
import { openBrowser, signIn } from './browser.ts'
import { PASSWORD, type Served, serve, wideDag } from './served-scheduler.ts'
import { steadyExecutor } from './steady-executor.ts'

const TASKS = 12
let database: TestDatabase
let served: Served
let browser: Browser

beforeAll(async () => {
  database = await createTestDatabase()
  served = await serve(database, [wideDag('steady', TASKS)], steadyExecutor({ slots: 4, startMs: 5, runMs: 20 }))
  browser = await openBrowser()
})
afterAll(async () => {
  await browser?.close()
  await served?.stop()
})

test('what was committed meanwhile is there, without reading the grid anew', async () => {
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 900 } })).newPage()
  page.setDefaultTimeout(40_000)
  await signIn(page, served.address, 'viewer', PASSWORD)
  await served.command({ kind: 'trigger', dagId: 'steady', runId: 'before' })
  await page.goto(`${served.address}/dags/steady`)
  const green = (run: string) => page.locator(`.grid-cell[data-run="${run}"][data-state="success"]`)
  await green('before')
    .nth(TASKS - 1)
    .waitFor()
  const readings: string[] = []
  page.on('request', (request) => {
    if (request.url().includes('/grid?limit')) readings.push(request.url())
  })
  await served.restartWebServer(async () => {
    await served.command({ kind: 'trigger', dagId: 'steady', runId: 'meanwhile' })
    await page.getByText('Live updates are interrupted').waitFor()
  })
  await green('meanwhile')
    .nth(TASKS - 1)
    .waitFor()
  await page.getByText('Live updates are interrupted').waitFor({ state: 'detached' })
  await served.command({ kind: 'trigger', dagId: 'steady', runId: 'after' })
  await green('after')
    .nth(TASKS - 1)
    .waitFor()
  expect(readings).toEqual([])
})
