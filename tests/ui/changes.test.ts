/** What each role may do on the page, and changes with their previews: mark, cancel, notes, drain, delete, connections. */
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts'
import { axeViolations, openBrowser, signIn } from './browser.ts'
import { PASSWORD, type Served, serve, wideDag } from './served-scheduler.ts'
import { steadyExecutor } from './steady-executor.ts'

let database: TestDatabase
let served: Served
let browser: Browser
const pages = new Map<string, Page>()
const problems: string[] = []

beforeAll(async () => {
  database = await createTestDatabase()
  const flow = wideDag('flow', 2)
  const [first, second] = flow.tasks
  const tasks = [
    {
      ...first!,
      inputs: { region: { kind: 'param' as const, name: 'region' }, rows: { kind: 'literal' as const, value: 7 } },
    },
    { ...second!, upstream: [first!.taskId], inputs: { rows: { kind: 'xcom' as const, taskId: first!.taskId } } },
  ]
  // Tries that last until somebody ends them.
  const executor = steadyExecutor({ slots: 8, startMs: 10, runMs: 600_000 })
  served = await serve(database, [{ ...flow, tasks }, wideDag('spare', 1)], executor, { commandPatienceMs: 1 })
  browser = await openBrowser()
  for (const role of ['viewer', 'operator', 'admin']) {
    const page = await (await browser.newContext({ viewport: { width: 1280, height: 900 } })).newPage()
    page.on('pageerror', (error) => problems.push(error.message))
    await signIn(page, served.address, role, PASSWORD)
    pages.set(role, page)
  }
  for (const run of ['one', 'two'])
    await served.command({ kind: 'trigger', dagId: 'flow', runId: run, conf: '{"region":"eu"}' })
})
afterAll(async () => {
  await browser?.close()
  await served?.stop()
})

const as = (role: string) => pages.get(role)!
const badge = (page: Page, state: string) => page.locator(`.page-title .state[data-state="${state}"]`)

test('a viewer sees everything and is offered nothing; the server refuses too', async () => {
  const page = as('viewer')
  const paths = [
    '/dags',
    '/dags/flow',
    '/dags/flow?tab=details',
    '/dags/flow/runs/one',
    '/dags/flow/runs/one/tasks/task_00',
  ]
  for (const path of [...paths, '/pools', '/variables', '/connections']) {
    await page.goto(served.address + path)
    await page.getByRole('heading', { level: 1 }).waitFor()
    await page.getByRole('status', { name: 'Loading' }).waitFor({ state: 'detached' })
    const offers = page.getByRole('button', { name: /Clear|More|Trigger|Delete|New |Edit|Add a note/ })
    expect(await offers.allTextContents(), path).toEqual([])
  }
  const status = (await page.evaluate(`fetch('/auth/me').then((a) => a.json()).then(({ csrf_token }) =>
    fetch('/api/v2/dags/flow/dagRuns', { method: 'POST', body: '{}',
      headers: { 'content-type': 'application/json', 'x-csrf-token': csrf_token } })).then((a) => a.status)`)) as number
  expect(status).toBe(403)
})

test('inputs of a try, and a note on it', async () => {
  const page = as('operator')
  await page.goto(`${served.address}/dags/flow/runs/one/tasks/task_00`)
  await page.getByRole('tab', { name: 'Inputs' }).click()
  await page.getByRole('region', { name: 'Value of region' }).getByText('"eu"').waitFor()
  await page.getByText('param region').waitFor()
  await page.getByRole('region', { name: 'Value of rows' }).getByText('7').waitFor()
  await page.getByRole('button', { name: 'Add a note' }).click()
  await page.getByLabel('Note').fill('asked anna')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('asked anna').waitFor()
  await page.goto(`${served.address}/dags/flow/runs/one/tasks/task_01`)
  await page.getByText('What it would be given').waitFor()
  await page.getByText('result of task_00').waitFor()
})

test('marking a run: the preview says what happens; the answer is waited for', async () => {
  const page = as('operator')
  await page.goto(`${served.address}/dags/flow/runs/one`)
  await badge(page, 'running').waitFor()
  await page.getByRole('button', { name: 'More' }).click()
  await page.getByRole('menuitem', { name: 'Mark as success' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText('2 task instances change:').waitFor()
  expect(await dialog.locator('tbody tr td:last-child').allTextContents()).toEqual(['success', 'success'])
  expect(await axeViolations(page)).toEqual([])
  await dialog.getByRole('button', { name: 'Mark as success' }).click()
  await page.getByText('The run is marked as success').waitFor()
  await badge(page, 'success').waitFor()
})

test('cancelling a run, after its preview', async () => {
  const page = as('operator')
  await page.goto(`${served.address}/dags/flow/runs/two`)
  await page.getByRole('button', { name: 'More' }).click()
  await page.getByRole('menuitem', { name: 'Cancel the run' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText('2 task instances change:').waitFor()
  expect(await dialog.locator('tbody tr td:last-child').allTextContents()).toEqual(['failed', 'skipped'])
  await dialog.getByRole('button', { name: 'Cancel now' }).click()
  await badge(page, 'failed').waitFor()
})

test('a finished run is deleted, and a Dag', async () => {
  const page = as('admin')
  await page.goto(`${served.address}/dags/flow/runs/two`)
  await page.getByRole('button', { name: 'More' }).click()
  await page.getByRole('menuitem', { name: 'Delete the run' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
  await page.getByRole('tab', { name: 'Grid' }).waitFor()
  expect((await database.pool.query("select from dag_run where run_id = 'two'")).rowCount).toBe(0)
  await page.goto(`${served.address}/dags/spare?tab=details`)
  await page.getByRole('button', { name: 'Delete this Dag' }).click()
  await page.getByRole('dialog').getByText('it comes back as a new Dag').waitFor()
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
  await page.getByRole('heading', { name: 'Dags', level: 1 }).waitFor()
  await page.getByRole('link', { name: 'spare', exact: true }).waitFor({ state: 'detached' })
  await page.getByRole('link', { name: 'flow', exact: true }).waitFor()
})

test('draining is seen by everybody at once, and an admin resumes', async () => {
  const [admin, viewer] = [as('admin'), as('viewer')]
  await viewer.goto(`${served.address}/pools`)
  await admin.getByRole('button', { name: 'Account of admin' }).click()
  await admin.getByRole('menuitem', { name: /Drain/ }).click()
  await admin.getByRole('dialog').getByRole('button', { name: 'Drain' }).click()
  await viewer.getByText('Draining: no new tries begin').waitFor()
  expect(await viewer.getByRole('button', { name: 'Resume' }).count()).toBe(0)
  await admin.getByRole('button', { name: 'Resume' }).click()
  await viewer.getByText('Draining: no new tries begin').waitFor({ state: 'detached' })
})

test('a secret variable is made and not shown', async () => {
  const page = as('operator')
  await page.goto(`${served.address}/variables`)
  await page.getByRole('button', { name: 'New variable' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('textbox', { name: 'Key' }).fill('token')
  await dialog.getByRole('textbox', { name: 'Value' }).fill('hunter2')
  await dialog.getByRole('switch', { name: 'Secret' }).press('Space')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await page.getByRole('cell', { name: 'secret', exact: true }).waitFor()
  expect(await page.content()).not.toContain('hunter2')
})

test('a connection is tried before it is saved', async () => {
  const page = as('operator')
  await page.goto(`${served.address}/connections`)
  await page.getByRole('button', { name: 'New connection' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('textbox', { name: 'Connection id' }).fill('page')
  await dialog.getByRole('textbox', { name: 'Type' }).fill('http')
  await dialog.getByRole('textbox', { name: 'Host' }).fill('127.0.0.1')
  await dialog.getByRole('textbox', { name: 'Port' }).fill(new URL(served.address).port)
  await dialog.getByRole('button', { name: 'Test' }).click()
  await dialog.getByText(/^It (answers|does not answer)$/).waitFor()
  expect(await axeViolations(page)).toEqual([])
})

test('nothing was thrown in the page', () => {
  expect(problems).toEqual([])
})
