/** The deliberate faults of `npm run simulate:mutants` still fit the code; running them takes too long for every day. */
import { spawnSync } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const PATCHES = globSync('tests/mutants/*.patch', { cwd: ROOT }).sort()

test.each(PATCHES)('%s applies', (path) => {
  expect(readFileSync(join(ROOT, path), 'utf8')).toMatch(/^Invariant \d+: /)
  const { status, stderr } = spawnSync('git', ['apply', '--check', path], { cwd: ROOT, encoding: 'utf8' })
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
})

test('every invariant that is built has one', () => {
  const numbers = PATCHES.map((path) => Number(/^Invariant (\d+)/.exec(readFileSync(join(ROOT, path), 'utf8'))?.[1]))
  expect([...new Set(numbers)].sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
})
