/** The Dags shown in docs/dags.md are read without a mistake and without a warning. */
import { readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readDagFile } from './dag-file.ts'

const page = readFileSync(join(import.meta.dirname, '../../docs/dags.md'), 'utf8')
const examples = [...page.matchAll(/^```ts\n([\s\S]*?)^```$/gm)]
  .map((match) => match[1]!)
  .filter((code) => code.includes("from 'tradewind'"))
  .map((code) => [/new Dag\('([^']+)'/.exec(code)?.[1] ?? 'none', code] as const)

test.each(examples)('%s', (dagId, code) => {
  const withoutImports = stripTypeScriptTypes(code).replaceAll(/^import .*$/gm, '')
  const { problems, warnings, serialized } = readDagFile(withoutImports)
  expect([...problems, ...warnings]).toEqual([])
  expect(serialized.map((dag) => dag.dagId)).toContain(dagId)
})

test('there are examples of sagas, strategies, keys and correlation ids', () => {
  expect(examples.map(([dagId]) => dagId)).toEqual(expect.arrayContaining(['order', 'travel', 'strategies', 'payment']))
})
