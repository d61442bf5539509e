/**
 * Pictures of every page of a running program, wide and narrow, light and dark, with what axe says about each:
 * `npm run screenshots -- <address> <name> <password> <folder>`.
 */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { axeViolations, openBrowser, signIn } from './browser.ts'

const [address, name, password, folder] = process.argv.slice(2)
if (address === undefined || name === undefined || password === undefined || folder === undefined) {
  console.error('Usage: npm run screenshots -- <address> <name> <password> <folder>')
  process.exit(2)
}

const SIZES = { wide: { width: 1360, height: 860 }, narrow: { width: 380, height: 760 } } as const
const SCHEMES = ['light', 'dark'] as const

interface Api {
  readonly dags: readonly {
    readonly dag_id: string
    readonly recent_runs: readonly { readonly dag_run_id: string }[]
  }[]
}

async function addresses(page: Page): Promise<Readonly<Record<string, string>>> {
  const { dags } = (await page.evaluate("fetch('/api/v2/dags').then((answer) => answer.json())")) as Api
  const pages: Record<string, string> = { dags: '/dags' }
  for (const { dag_id: dagId, recent_runs: runs } of dags) {
    const dag = `/dags/${encodeURIComponent(dagId)}`
    for (const tab of ['grid', 'graph', 'runs', 'code', 'details']) pages[`${dagId}-${tab}`] = `${dag}?tab=${tab}`
    const run = runs[0]?.dag_run_id
    if (run === undefined) continue
    const path = `${dag}/runs/${encodeURIComponent(run)}`
    const answer = (await page.evaluate(
      `fetch('/api/v2/dags/${encodeURIComponent(dagId)}/dagRuns/${encodeURIComponent(run)}/taskInstances').then((a) => a.json())`,
    )) as { task_instances: readonly { task_id: string }[] }
    pages[`${dagId}-run`] = path
    const task = answer.task_instances[0]?.task_id
    if (task !== undefined) pages[`${dagId}-ti`] = `${path}/tasks/${encodeURIComponent(task)}`
  }
  pages['letter-list'] = '/letters?view=letters&status=all'
  pages['event-counts'] = '/events?count=kind'
  const { dead_letters: letters } = (await page.evaluate(
    "fetch('/api/v2/deadLetters').then((answer) => answer.json())",
  )) as {
    readonly dead_letters: readonly { readonly id: string; readonly dag_run_id: string }[]
  }
  const [letter] = letters
  if (letter !== undefined) {
    pages.letter = `/letters/${letter.id}`
    pages.search = `/search?q=${encodeURIComponent(letter.dag_run_id)}`
  }
  for (const plain of ['letters', 'import-errors', 'pools', 'variables', 'connections', 'events']) {
    pages[plain] = `/${plain}`
  }
  return pages
}

await mkdir(folder, { recursive: true })
const browser = await openBrowser()
let count = 0
for (const [size, viewport] of Object.entries(SIZES)) {
  for (const colorScheme of SCHEMES) {
    const context = await browser.newContext({ viewport, colorScheme })
    const page = await context.newPage()
    page.on('pageerror', (error) => console.log(`error in ${page.url()}: ${error.message}`))
    page.on('console', (message) => {
      if (message.type() === 'error') console.log(`console of ${page.url()}: ${message.text()}`)
    })
    await page.goto(address)
    await page.getByLabel('Name').waitFor()
    await page.screenshot({ path: join(folder, `sign-in-${size}-${colorScheme}.png`) })
    await signIn(page, address, name, password)
    for (const [title, path] of Object.entries(await addresses(page))) {
      await page.goto(address + path)
      await page.getByRole('heading', { level: 1 }).waitFor()
      await page.waitForLoadState('networkidle')
      await page.screenshot({ path: join(folder, `${title}-${size}-${colorScheme}.png`) })
      count += 1
      for (const violation of await axeViolations(page)) console.log(`${title} ${size} ${colorScheme}: ${violation}`)
      const overflow = await page.evaluate(
        'document.documentElement.scrollWidth > document.documentElement.clientWidth',
      )
      if (overflow === true) console.log(`${title} ${size} ${colorScheme}: wider than the window`)
    }
    await context.close()
  }
}
await browser.close()
console.log(`${count} pages in ${folder}`)
