/** `init --pattern`: into a new folder, into a project that is there, and what it refuses. */
import { execFile } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { PATTERNS } from '../dags/pattern-files.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'tradewind-init-pattern-'))
chmodSync(folder, 0o755)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function init(...args: string[]): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  const command = [join(ROOT, 'cli/main.ts'), 'init', ...args]
  return new Promise((resolve) => {
    execFile(process.execPath, command, { cwd: folder }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? -1), stdout, stderr })
    })
  })
}

const read = (path: string) => readFileSync(join(folder, path), 'utf8')
const pattern = (file: string) => readFileSync(join(ROOT, 'dags/patterns', file), 'utf8')

test('a new folder has the Dag, its test, its services, and a command for both', async () => {
  const made = await init('--pattern', 'retry', 'rates')
  expect([made.code, made.stderr]).toEqual([0, ''])
  expect(made.stdout).toContain('Test it: cd rates && npm install && npm test')
  for (const file of ['retry.ts', 'retry.test.ts', 'services.ts'])
    expect(read(`rates/dags/${file}`)).toBe(pattern(file))
  expect(JSON.parse(read('rates/package.json'))).toMatchObject({
    type: 'module',
    scripts: { test: 'node --experimental-strip-types --test' },
    dependencies: { tradewind: `file:${ROOT.replace(/\/$/, '')}` },
  })
})

test('a project that is there gets it beside what it has, as often as wanted', async () => {
  const manifest = { name: 'mine', type: 'module', scripts: { test: 'vitest', lint: 'x' }, dependencies: { pg: '^8' } }
  mkdirSync(join(folder, 'mine'))
  writeFileSync(join(folder, 'mine/package.json'), JSON.stringify(manifest))
  const made = await init('--pattern', 'parallel', 'mine')
  expect([made.code, made.stderr]).toEqual([0, ''])
  expect(made.stdout).toContain(`Your own "npm test" stays. Tests of patterns: node --experimental-strip-types --test`)
  expect(JSON.parse(read('mine/package.json'))).toMatchObject({
    ...manifest,
    dependencies: { pg: '^8', tradewind: expect.any(String) as string },
  })
  const second = await init('--pattern', 'retry', 'mine', '--json')
  expect(JSON.parse(second.stdout)).toMatchObject({ files: ['dags/retry.ts', 'dags/retry.test.ts'] })
  const again = await init('--pattern', 'retry', 'mine')
  expect([again.code, again.stdout]).toEqual([0, expect.stringContaining('Everything is in')])
})

test("a file of one's own is never replaced, and then nothing is copied", async () => {
  mkdirSync(join(folder, 'own/dags'), { recursive: true })
  writeFileSync(join(folder, 'own/package.json'), '{"type":"commonjs"}')
  writeFileSync(join(folder, 'own/dags/services.ts'), '// mine')
  const refused = await init('--pattern', 'retry', 'own')
  expect([refused.code, refused.stdout]).toEqual([2, ''])
  expect(refused.stderr).toMatch(/has its own dags\/services\.ts; nothing was copied\.\nRename it/)
  expect(read('own/dags/services.ts')).toBe('// mine')
  expect(read('own/package.json')).toBe('{"type":"commonjs"}')
  rmSync(join(folder, 'own/dags/services.ts'))
  expect((await init('--pattern', 'retry', 'own')).stdout).toContain('package.json needs "type": "module"')
})

test('a wrong name is answered with the nearest and all there are; a folder that is no project is left alone', async () => {
  const wrong = await init('--pattern', 'retri', 'wrong')
  expect([wrong.code, wrong.stdout]).toEqual([2, ''])
  const all = PATTERNS.map(({ name }) => name).toSorted()
  expect(wrong.stderr).toContain(
    `There is no pattern "retri". Did you mean "retry"?\nThe patterns are ${all.join(', ')}.`,
  )
  mkdirSync(join(folder, 'full'))
  writeFileSync(join(folder, 'full/notes.txt'), '')
  const full = await init('--pattern', 'retry', 'full')
  expect([full.code, full.stderr]).toEqual([2, expect.stringContaining('a project, which has a package.json')])
})
