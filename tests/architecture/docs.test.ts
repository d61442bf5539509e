/** Pages written from code are what the code says. `npm run docs` writes them anew. */
import { globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { configurationPage } from '../../core/config/configuration-page.ts'
import { ERROR_CODES, errorCodesPage } from '../../core/error-codes.ts'
import { ROOT, sourceFiles } from './source-files.ts'

test('docs/configuration.md', async () => {
  await expect(configurationPage()).toMatchFileSnapshot('../../docs/configuration.md')
})

test('docs/error-codes.md', async () => {
  await expect(errorCodesPage()).toMatchFileSnapshot('../../docs/error-codes.md')
})

/** A code where it is given: `refuse('x', ...)`, `code: 'x'`. Codes of Node and of PostgreSQL are in capitals. */
const GIVEN = /\b(?:refuse|problem|report|fail)\(\s*'([a-z]+(?:-[a-z]+)+)'|\bcode: '([a-z]+(?:-[a-z]+)*)'/g

/** Codes that are no errors: why a task instance waits, and what the scheduler notes for itself. */
const OTHER_CODES = /^core\/(why-not|explain-ti)\.ts$/

test('every code that is given is in the table', () => {
  const known = new Set(ERROR_CODES.map((entry) => entry.code))
  const files = sourceFiles().filter((file) => !OTHER_CODES.test(file.path))
  const unknown = files.flatMap((file) =>
    [...file.code.matchAll(GIVEN)]
      .map((match) => match[1] ?? match[2]!)
      .filter((code) => !known.has(code))
      .map((code) => `${file.path}: ${code}`),
  )
  expect(unknown).toEqual([])
})

test('every code of the table is given somewhere', () => {
  const code = sourceFiles()
    .filter((file) => file.path !== 'core/error-codes.ts')
    .map((file) => file.code)
    .join('\n')
  expect(ERROR_CODES.map((entry) => entry.code).filter((name) => !code.includes(`'${name}'`))).toEqual([])
})

test('links between the pages lead somewhere', () => {
  const pages = ['README.md', 'CHANGELOG.md', ...globSync('docs/**/*.md', { cwd: ROOT })]
  const known = new Set([
    ...pages,
    ...globSync('{docs/patterns/*.svg,dags/patterns/*.ts}', { cwd: ROOT }),
    ...globSync('{docs,docs/*,dags/*}/', { cwd: ROOT }).map((path) => path.replace(/\/$/, '')),
  ])
  const broken = pages.flatMap((page) =>
    [...readFileSync(join(ROOT, page), 'utf8').matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)]
      .map((match) => match[1]!)
      .filter((target) => !/^https?:/.test(target))
      .filter((target) => !known.has(join(dirname(page), target).replace(/\/$/, '')))
      .map((target) => `${page} -> ${target}`),
  )
  expect(broken).toEqual([])
})
