/** Chromium from npm alone, headless, without network but to the program under test; and axe over a page. */
import chromiumFiles from '@sparticuz/chromium'
import axe from 'axe-core'
import { type Browser, chromium, type Page } from 'playwright-core'

export async function openBrowser(): Promise<Browser> {
  // A single process does not outlive the first context that is closed.
  const args = chromiumFiles.args.filter((arg) => arg !== '--single-process')
  return chromium.launch({ args, executablePath: await chromiumFiles.executablePath() })
}

export async function signIn(page: Page, address: string, name: string, password: string): Promise<void> {
  await page.goto(address)
  await page.getByLabel('Name').fill(name)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('heading', { name: 'Dags', level: 1 }).waitFor()
}

const RULES = "{ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }"

/** What fades in has other colours until it is there; what moves for ever (a running state) is not waited for. */
const AT_REST = `Promise.allSettled(document.getAnimations()
  .filter(({ effect }) => effect?.getComputedTiming().iterations !== Infinity).map(({ finished }) => finished)).then(() => {})`

/** Each violation as a line: rule, element, what is wrong. */
export async function axeViolations(page: Page): Promise<readonly string[]> {
  // `evaluate` is not held back by the content security policy of the page, a script element would be.
  await page.evaluate(axe.source)
  await page.evaluate(AT_REST)
  const found = (await page.evaluate(`axe.run(document, ${RULES}).then(({ violations }) => violations.flatMap(
    ({ id, nodes }) => nodes.map((node) => id + ' ' + node.target.join(' ') + ': ' + node.failureSummary)))`)) as string[]
  return found
}
