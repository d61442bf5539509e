/** How much a browser loads: what every visit takes, and that each page's program is its own. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'

const FOLDER = fileURLToPath(new URL('../../dist/ui', import.meta.url))
const ASSETS = join(FOLDER, 'assets')
const KB = 1_000

/** Scripts that the page names, and those they import, without what is loaded later. */
function loadedAtOnce(): readonly string[] {
  const found = new Set<string>()
  const follow = (name: string) => {
    if (found.has(name)) return
    found.add(name)
    const text = readFileSync(join(ASSETS, name), 'utf8')
    for (const [, next] of text.matchAll(/(?:from|import)\s*["']\.\/([\w.-]+\.js)["']/g)) follow(next!)
  }
  const html = readFileSync(join(FOLDER, 'index.html'), 'utf8')
  for (const [, name] of html.matchAll(/(?:src|href)="\/assets\/([\w.-]+\.js)"/g)) follow(name!)
  return [...found]
}

const size = (name: string) => statSync(join(ASSETS, name)).size
const packed = (name: string) => gzipSync(readFileSync(join(ASSETS, name))).length

test('a first visit takes 650 kB of scripts at most, 210 kB packed', () => {
  const scripts = loadedAtOnce()
  const total = scripts.reduce((sum, name) => sum + size(name), 0)
  const onTheWire = scripts.reduce((sum, name) => sum + packed(name), 0)
  expect(scripts.length).toBeGreaterThan(0)
  expect(total / KB, scripts.join(' ')).toBeLessThan(650)
  expect(onTheWire / KB).toBeLessThan(210)
})

test('no script is larger than 360 kB, but the layout program of graphs, in its worker', () => {
  const large = readdirSync(ASSETS).filter((name) => name.endsWith('.js') && size(name) > 360 * KB)
  expect(large).toEqual([expect.stringMatching(/^elk-worker-/)])
})

test('graphs, and pages that are not looked at, come later', () => {
  const scripts = loadedAtOnce().join(' ')
  for (const later of ['graph-tab', 'dag-page', 'run-page', 'task-instance-page', 'connections-page']) {
    expect(scripts).not.toContain(later)
    expect(readdirSync(ASSETS).some((name) => name.startsWith(`${later}-`))).toBe(true)
  }
})
