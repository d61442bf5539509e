/** The eight packages this program is built on, and where production code uses each. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { packageOf, ROOT, sourceFiles } from './source-files.ts'

const PRODUCTION = [
  ['cron-parser', 'core/timetable/'],
  ['graphology', 'core/'],
  ['graphology-dag', 'core/'],
  ['knex', 'database/'],
  ['pg', 'database/'],
  ['fastify', 'webserver/'],
  ['@fastify/websocket', 'webserver/'],
] as const

const files = sourceFiles()
const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  dependencies: Record<string, string>
  devDependencies: Record<string, string>
}

/** Files that import a value, not only a type, of the package. */
function usersOf(name: string, under: string): string[] {
  return files
    .filter((file) => file.path.startsWith(under))
    .filter((file) => file.imports.some((entry) => !entry.typeOnly && packageOf(entry.specifier) === name))
    .map((file) => file.path)
}

describe('used in production code', () => {
  test.each(PRODUCTION)('%s in %s', (name, under) => {
    expect(manifest.dependencies).toHaveProperty([name])
    expect(usersOf(name, under), `no file under ${under} imports ${name}`).not.toEqual([])
  })
})

test('vitest in tests only', () => {
  expect(manifest.devDependencies).toHaveProperty('vitest')
  expect(usersOf('vitest', '')).toEqual([])
  const tests = globSync('tests/**/*.test.ts', { cwd: ROOT })
  expect(tests.length).toBeGreaterThan(0)
  for (const path of tests) expect(readFileSync(join(ROOT, path), 'utf8'), path).toMatch(/from 'vitest'|describe[A-Z]/)
})
