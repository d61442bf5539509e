/** Each pattern is in docs/patterns.md with a picture of its graph as it is now; `npm run docs` draws them anew. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { serializeDags } from '../../sdk/internal.ts'
import { drawGraph } from './draw-graph.ts'
import { PATTERNS } from './pattern-files.ts'

test.each(PATTERNS)('the picture of $name', async ({ name, dag }) => {
  const { dags, problems } = serializeDags([dag], { file: `${name}.ts`, positionOf: () => null })
  expect(problems).toEqual([])
  await expect(await drawGraph(dags[0]!)).toMatchFileSnapshot(`../../docs/patterns/${name}.svg`)
})

test('docs/patterns.md has a chapter for each, in one order', () => {
  const page = readFileSync(fileURLToPath(new URL('../../docs/patterns.md', import.meta.url)), 'utf8')
  const pictures = [...page.matchAll(/^!\[[^\]]+\]\(patterns\/([a-z-]+)\.svg\)$/gm)].map((match) => match[1])
  expect(pictures).toEqual(PATTERNS.map(({ name }) => name))
  for (const { name } of PATTERNS) expect(page).toContain(`](../dags/patterns/${name}.ts)`)
})
