/**
 * The page in Chromium over the real program: what a person does every day, seen live and without a reload, and axe over
 * every page in light and dark.
 */
import { cp, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Place, type Program } from '../end-to-end/program.ts'
import { axeViolations, openBrowser, signIn } from './browser.ts'

let place: Place
let program: Program
let browser: Browser
let context: BrowserContext
let page: Page
let password: string
const problems: string[] = []

beforeAll(async () => {
  place = await Place.make()
  await cp(fileURLToPath(new URL('fixtures/orders.ts', import.meta.url)), join(place.dags, 'orders.ts'))
  program = await place.start()
  await program.line(/Dag orders is live/)
  password = /password (\S+)/.exec(await program.line(/Sign in as admin/))?.[1] ?? ''
  browser = await openBrowser()
  context = await browser.newContext({ viewport: { width: 1280, height: 900 } })
  page = await context.newPage()
  page.setDefaultTimeout(30_000)
  page.on('pageerror', (error) => problems.push(error.message))
})

afterAll(async () => {
  await browser?.close()
  await place?.close()
})

const cell = (task: string, state: string) => page.locator(`.grid-cell[data-task="${task}"][data-state="${state}"]`)

test('a wrong password is told, the right one leads in', async () => {
  await page.goto(program.url)
  await page.getByLabel('Name').fill('admin')
  await page.getByLabel('Password', { exact: true }).fill('not-this')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByText('Name or password is wrong').waitFor()
  await signIn(page, program.url, 'admin', password)
  await page.getByRole('link', { name: 'orders', exact: true }).waitFor()
})

test('triggers with params, and the log grows while the task writes it', async () => {
  await page.getByRole('button', { name: 'Trigger orders' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Failures').fill('9')
  await dialog.getByRole('button', { name: 'Trigger', exact: true }).click()
  await dialog.getByText('must be <= 5').waitFor()
  await dialog.getByLabel('Failures').fill('3')
  await dialog.getByRole('tab', { name: 'Raw JSON' }).click()
  expect(JSON.parse(await dialog.getByRole('textbox', { name: 'conf' }).inputValue())).toEqual({
    region: 'eu',
    failures: 3,
    dry: false,
  })
  await dialog.getByRole('button', { name: 'Trigger', exact: true }).click()
  await page.getByRole('link', { name: 'load', exact: true }).click()
  const log = page.getByRole('log')
  await log.getByText('row 1 of eu').waitFor()
  await page.getByText('live', { exact: true }).waitFor()
  await log.getByText('row 12 of eu').waitFor()
  await page.getByText(/^\d+ lines$/).waitFor()
})

test('a task fails, waits for its retry with a countdown, fails for good', async () => {
  await page.goto(`${program.url}/dags/orders`)
  const waiting = cell('checks.flaky', 'up_for_retry')
  const failed = cell('checks.flaky', 'failed')
  await waiting.or(failed).first().waitFor()
  await failed.waitFor()
  expect(await failed.textContent()).toBe('2')
  await cell('report', 'upstream_failed').waitFor()
  await failed.click()
  await page.getByText('Cause of death: error').waitFor()
  await page.getByText('The source answered 503 on try 2').first().waitFor()
  await page.getByRole('button', { name: /Try 1$/ }).click()
  await page.getByText('The source answered 503 on try 1').first().waitFor()
})

test('clears it after a preview of exactly what changes, and sees it fail, retry, and turn green', async () => {
  await page.getByRole('button', { name: 'Clear', exact: true }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText('2 task instances change:').waitFor()
  expect(await dialog.locator('tbody tr td:first-child').allTextContents()).toEqual(['checks.flaky', 'report'])
  await dialog.getByRole('button', { name: 'Clear 2' }).click()
  await page.getByRole('link', { name: 'orders', exact: true }).click()
  await cell('checks.flaky', 'up_for_retry').waitFor()
  expect(await cell('checks.flaky', 'up_for_retry').textContent()).toMatch(/^\ds$/)
  await cell('checks.flaky', 'success').waitFor()
  await cell('report', 'success').waitFor()
  await page.locator('.grid-bar[data-state="success"]').waitFor()
  expect(await cell('checks.flaky', 'success').textContent()).toBe('4')
})

test('the grid is reached and walked by keyboard', async () => {
  await page.locator('.grid-bar').focus()
  await page.keyboard.press('ArrowDown')
  await page.locator('.grid-cell[data-task="load"]:focus').waitFor()
  await page.keyboard.press('ArrowDown')
  await page.locator('.grid-cell[data-task="checks"]:focus').waitFor()
  await page.keyboard.press('ArrowDown')
  await page.locator('.grid-cell[data-task="checks.flaky"]:focus').waitFor()
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'checks.flaky' }).waitFor()
})

test('makes, changes and deletes a variable; pauses the Dag', async () => {
  await page.getByRole('link', { name: 'Variables' }).click()
  await page.getByRole('button', { name: 'New variable' }).click()
  await page.getByRole('dialog').getByLabel('Key').fill('region')
  await page.getByRole('dialog').getByRole('textbox', { name: 'Value' }).fill('eu')
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
  await page.getByRole('cell', { name: 'region', exact: true }).waitFor()
  await page.getByRole('button', { name: 'Edit region' }).click()
  await page.getByRole('dialog').getByRole('textbox', { name: 'Value' }).fill('us')
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
  await page.getByRole('cell', { name: 'us', exact: true }).waitFor()
  await page.getByRole('button', { name: 'Delete region' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
  await page.getByText('No variables yet').waitFor()
  await page.getByRole('link', { name: 'Dags', exact: true }).first().click()
  await page.getByRole('switch', { name: 'Schedule of orders is active' }).press('Space')
  await page.getByText('paused', { exact: true }).waitFor()
})

test('an import error appears, and says what to do', async () => {
  await writeFile(
    join(place.dags, 'broken.ts'),
    "import { Dag } from 'tradewind'\nnew Dag('broken', { schedule: '61 * * * *' })\n",
  )
  await page.getByRole('link', { name: /Import errors/ }).click()
  await page.getByText('its minute field "61" is outside 0 to 59').waitFor()
  await page.getByText('broken.ts:2').first().waitFor()
})

test.each(['light', 'dark'] as const)(
  'axe finds nothing on any page, wide or narrow: %s',
  async (colorScheme) => {
    await page.emulateMedia({ colorScheme })
    const { dag_run_id: run } = (await page.evaluate(
      "fetch('/api/v2/dags/orders/dagRuns').then((answer) => answer.json()).then((list) => list.dag_runs[0])",
    )) as { dag_run_id: string }
    const path = `/dags/orders/runs/${encodeURIComponent(run)}`
    const tabs = ['grid', 'graph', 'runs', 'code', 'details'].map((tab) => `/dags/orders?tab=${tab}`)
    const plain = ['/dags', '/import-errors', '/pools', '/variables', '/connections', '/events']
    for (const width of [1280, 380]) {
      await page.setViewportSize({ width, height: 800 })
      for (const address of [...plain, ...tabs, path, `${path}/tasks/load`]) {
        await page.goto(program.url + address)
        await page.getByRole('heading', { level: 1 }).waitFor()
        await page.getByRole('status', { name: 'Loading' }).waitFor({ state: 'detached' })
        expect(await axeViolations(page), `${address} at ${width}`).toEqual([])
        const isWider = 'document.documentElement.scrollWidth > document.documentElement.clientWidth'
        expect(await page.evaluate(isWider), `${address} is wider than ${width}`).toBe(false)
      }
    }
  },
  240_000,
)

test('nothing was thrown in the page', () => {
  expect(problems).toEqual([])
})
