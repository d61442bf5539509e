/** Dags shown in the README and the docs compile. */
import { execFileSync } from 'node:child_process'
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { ROOT } from './source-files.ts'

const pages = ['README.md', ...globSync('docs/**/*.md', { cwd: ROOT })]
const blocks = pages.flatMap((page) =>
  [...readFileSync(join(ROOT, page), 'utf8').matchAll(/^```ts\n([\s\S]*?)^```$/gm)]
    .map((match) => ({ page, code: match[1]! }))
    .filter(({ code }) => /from '(?:tradewind|@apache-airflow|apache-airflow)/.test(code)),
)

// Inside the repository, so that its packages and paths are found.
const folder = mkdtempSync(join(ROOT, 'node_modules', '.cache-readme-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test.each(['README.md', 'docs/dags.md'])('there is a Dag to copy in %s', (page) => {
  expect(blocks.some((block) => block.page === page)).toBe(true)
})

test('they compile', () => {
  blocks.forEach(({ code }, index) => {
    writeFileSync(join(folder, `block-${index}.ts`), code)
  })
  const base = JSON.parse(readFileSync(join(ROOT, 'tsconfig.json'), 'utf8')) as {
    compilerOptions: { paths: Record<string, string[]> }
  }
  const paths = Object.fromEntries(
    Object.entries(base.compilerOptions.paths).map(([name, [target]]) => [name, [join(ROOT, target ?? '')]]),
  )
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({
      extends: join(ROOT, 'tsconfig.base.json'),
      compilerOptions: {
        noEmit: true,
        composite: false,
        declaration: false,
        rootDir: ROOT,
        typeRoots: [join(ROOT, 'node_modules/@types')],
        paths,
      },
      include: ['*.ts'],
    }),
  )
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc')
  let said = ''
  try {
    execFileSync(process.execPath, [tsc, '-p', folder], { encoding: 'utf8' })
  } catch (error) {
    said = error instanceof Error && 'stdout' in error ? String(error.stdout) : String(error)
  }
  const own = said.split('\n').filter((line) => line.includes('block-'))
  expect(own.map((line) => line.replace(/block-(\d+)/, (_, n) => `${blocks[Number(n)]?.page} (${n})`))).toEqual([])
})
