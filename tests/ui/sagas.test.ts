/**
 * An order that fails, in Chromium over the real program: it is seen to be undone, found by its number, its dead letter is
 * redriven with another input or discarded, and an order that succeeded is undone by hand. Everything without a reload.
 */
import { cp, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Place, type Program } from '../end-to-end/program.ts'
import { axeViolations, openBrowser, signIn } from './browser.ts'

let place: Place
let program: Program
let browser: Browser
let page: Page
const problems: string[] = []

beforeAll(async () => {
  place = await Place.make()
  await cp(fileURLToPath(new URL('fixtures/shop.ts', import.meta.url)), join(place.dags, 'shop.ts'))
  program = await place.start()
  await program.line(/Dag shop is live/)
  const password = /password (\S+)/.exec(await program.line(/Sign in as admin/))?.[1] ?? ''
  browser = await openBrowser()
  page = await (await browser.newContext({ viewport: { width: 1280, height: 900 } })).newPage()
  page.setDefaultTimeout(30_000)
  page.on('pageerror', (error) => problems.push(error.message))
  await signIn(page, program.url, 'admin', password)
})

afterAll(async () => {
  await browser?.close()
  await place?.close()
})

const dialog = () => page.getByRole('dialog')
const stateOf = (task: string) =>
  page.getByRole('region', { name: 'Task instances' }).getByRole('row').filter({ hasText: task }).locator('.state')
const openLetters = (count: string) => page.locator('.nav-count', { hasText: new RegExp(`^${count}$`) })

/** Not by the page: as somebody else would. */
async function triggerElsewhere(orderId: string, run: string): Promise<void> {
  const body = JSON.stringify({ conf: { orderId }, dag_run_id: run })
  const status = await page.evaluate(`fetch('/auth/me').then((a) => a.json()).then(({ csrf_token }) =>
    fetch('/api/v2/dags/shop/dagRuns', { method: 'POST', body: ${JSON.stringify(body)},
      headers: { 'content-type': 'application/json', 'x-csrf-token': csrf_token } })).then((a) => a.status)`)
  expect(status).toBe(200)
}

async function trigger(fields: Readonly<Record<string, string>>): Promise<void> {
  await page.goto(`${program.url}/dags/shop`)
  await page.getByRole('button', { name: 'Trigger' }).first().click()
  await dialog().getByRole('button', { name: 'More' }).click()
  for (const [label, value] of Object.entries(fields)) await dialog().getByLabel(label).fill(value)
  await dialog().getByRole('button', { name: 'Trigger', exact: true }).click()
  await page.getByRole('heading', { name: fields['Run id']!, level: 1 }).waitFor()
}

test('a failing order is shown to be undone, in which order and by which tries', async () => {
  await trigger({ Order: '12345', Amount: '400', 'Run id': 'first', 'Trigger key': 'web-1' })
  await page.locator('.page-title .state[data-state="failed"]').waitFor()
  await stateOf('reserve').filter({ hasText: 'compensated' }).waitFor()
  await stateOf('charge').filter({ hasText: 'compensated' }).waitFor()
  await stateOf('ship').filter({ hasText: 'failed' }).waitFor()
  await page.getByRole('tab', { name: 'Compensation' }).click()
  await page.getByText('Because ship failed: FailError: The carrier takes no parcel worth 400').waitFor()
  const undone = page.getByRole('region', { name: 'Compensations' }).locator('tbody tr')
  await expect.poll(() => undone.locator('td:nth-child(2)').allTextContents()).toEqual(['charge', 'reserve'])
  await undone.first().getByRole('link', { name: 'try 2' }).click()
  await page.getByRole('button', { name: 'Try 2, undoing' }).waitFor()
  await page.getByText('refunded receipt of r-12345').waitFor()
})

test('the box in the header says why, reached by a key', async () => {
  await page.keyboard.press('/')
  await page.keyboard.type('why did order 12345 get stuck?')
  await page.keyboard.press('Enter')
  const found = page.getByRole('article', { name: 'Run first' })
  await found.getByText('It failed at').waitFor()
  await found.getByText('The carrier takes no parcel worth 400').first().waitFor()
  await found.getByRole('link', { name: /^ship: / }).waitFor()
  expect(await axeViolations(page)).toEqual([])
})

test('its letter is redriven with another input, checked while it is typed', async () => {
  await openLetters('1').waitFor()
  await page.getByRole('link', { name: /^Dead letters/ }).click()
  await page
    .getByRole('region', { name: 'Faults' })
    .getByRole('link', { name: /The carrier takes no parcel/ })
    .click()
  await page
    .getByRole('region', { name: 'Dead letters' })
    .getByRole('link', { name: /The carrier/ })
    .click()
  await page.getByRole('heading', { name: 'ship failed' }).waitFor()
  await page.getByRole('region', { name: 'Stack' }).getByText('shop.ts').waitFor()
  await page.getByRole('button', { name: 'Redrive …' }).click()
  await dialog().getByText('3 task instances change:').waitFor()
  await dialog().getByRole('switch', { name: 'With other inputs' }).press('Space')
  const inputs = dialog().getByRole('textbox', { name: 'Inputs' })
  const redrive = dialog().getByRole('button', { name: 'Redrive', exact: true })
  await inputs.fill('{ "amount": 4')
  await dialog().getByText('This is not JSON').waitFor()
  expect(await redrive.isDisabled()).toBe(true)
  await inputs.fill('{ "worth": 4 }')
  await dialog().getByText('The task has no input "worth"').waitFor()
  await inputs.fill('{ "amount": 4 }')
  await dialog().getByText('Changed: amount').waitFor()
  expect(await axeViolations(page)).toEqual([])
  await redrive.click()
  await page.getByText('One letter redriven').waitFor()
  await page.getByText(/redriven by user:admin/).waitFor()
  await page.locator('.nav-count').waitFor({ state: 'detached' })
  await page.getByRole('link', { name: 'first', exact: true }).click()
  await page.locator('.page-title .state[data-state="success"]').waitFor()
})

test('what a run did is undone by hand, as its preview says', async () => {
  await page.getByRole('button', { name: 'More' }).click()
  await page.getByRole('menuitem', { name: 'Undo what it did' }).click()
  await dialog().getByText('2 task instances change:').waitFor()
  const rows = dialog().locator('tbody tr')
  expect(await rows.filter({ hasText: 'reserve' }).textContent()).toContain('after charge')
  await dialog().getByRole('button', { name: 'Undo 2' }).click()
  await page.locator('.page-title .state[data-state="failed"]').waitFor()
  await stateOf('reserve').filter({ hasText: 'compensated' }).waitFor()
  await stateOf('ship').filter({ hasText: 'success' }).waitFor()
})

test('several letters are discarded with a reason, and are found again by their status', async () => {
  for (const order of ['7', '8']) {
    await trigger({ Order: order, Amount: '700', 'Run id': `order ${order}`, 'Correlation id': `web ${order}` })
  }
  await openLetters('2').waitFor()
  await page.goto(`${program.url}/letters?view=letters`)
  await page.getByLabel('Tick all that are shown').check()
  await page.getByRole('button', { name: 'Discard 2 ticked …' }).click()
  expect(await dialog().getByRole('button', { name: 'Discard 2' }).isDisabled()).toBe(true)
  await dialog().getByLabel('Why').fill('Tests of the shop')
  await dialog().getByRole('button', { name: 'Discard 2' }).click()
  await page.getByText('No letter fits').waitFor()
  await page.locator('.nav-count').waitFor({ state: 'detached' })
  await page.goto(`${program.url}/letters?view=letters&status=discarded&order=web+7`)
  await page.getByText('discarded by user:admin').waitFor()
  expect(await page.getByRole('region', { name: 'Dead letters' }).locator('tbody tr').count()).toBe(1)
  await page.goto(`${program.url}/dags/shop?tab=runs&order=web+8`)
  await page.getByRole('link', { name: 'order 8' }).waitFor()
  expect(await page.getByRole('region', { name: 'Runs' }).locator('tbody tr').count()).toBe(1)
})

test('the event log of an order is followed, paused, counted and exported', async () => {
  await page.goto(`${program.url}/events?order=order-9`)
  await page.getByText('No event fits').waitFor()
  await triggerElsewhere('9', 'ninth')
  const rows = page.getByRole('region', { name: 'Events' }).locator('tbody tr')
  await rows.filter({ hasText: 'run.success' }).getByRole('link', { name: 'ninth' }).waitFor()
  await page.getByRole('button', { name: 'Pause' }).click()
  await triggerElsewhere('9', 'ninth again')
  await page.getByText('paused, and more has happened').waitFor()
  expect(await rows.filter({ hasText: 'ninth again' }).count()).toBe(0)
  await page.getByRole('button', { name: 'Follow' }).click()
  await rows.filter({ hasText: 'run.success' }).getByRole('link', { name: 'ninth again' }).waitFor()
  await page.getByLabel('State').fill('success')
  await page.getByRole('button', { name: 'Filter', exact: true }).click()
  await page.getByRole('button', { name: 'Count', exact: true }).click()
  const counts = page.getByRole('region', { name: 'Counts', exact: true })
  await counts.getByText('8 events').waitFor()
  expect(await counts.getByRole('row').allTextContents()).toEqual(['ti.success6', 'run.success2'])
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: 'Export' }).click(),
  ])
  const lines = (await readFile(await download.path(), 'utf8')).trim().split('\n')
  expect(lines.map((line) => (JSON.parse(line) as { event: string }).event).toSorted()).toEqual([
    ...Array<string>(2).fill('run.success'),
    ...Array<string>(6).fill('ti.success'),
  ])
})

test.each(['light', 'dark'] as const)(
  'axe finds nothing in the pages of sagas, wide or narrow: %s',
  async (colorScheme) => {
    await page.emulateMedia({ colorScheme })
    const list = '/letters?view=letters&status=all'
    await page.goto(program.url + list)
    const link = page
      .getByRole('region', { name: 'Dead letters' })
      .getByRole('link', { name: /carrier/ })
      .first()
    const letter = (await link.getAttribute('href')) ?? ''
    const addresses = ['/letters?status=discarded', list, letter, '/search?q=order+7', '/search', '/dags/shop?tab=runs']
    for (const width of [1280, 380]) {
      await page.setViewportSize({ width, height: 800 })
      for (const address of [...addresses, '/dags/shop', '/dags/shop/runs/first', '/events?count=kind']) {
        await page.goto(program.url + address)
        await page.getByRole('heading', { level: 1 }).waitFor()
        await page.getByRole('status', { name: 'Loading' }).first().waitFor({ state: 'detached' })
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
