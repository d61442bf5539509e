/** The command as a person or a script calls it: what it prints where, and how it ends. */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { SETTING_KEYS } from '../../core/config/schema.ts'

const MAIN = fileURLToPath(new URL('../../cli/main.ts', import.meta.url))
const BIN = fileURLToPath(new URL('../../bin/tradewind.js', import.meta.url))

const folder = mkdtempSync(join(tmpdir(), 'tradewind-cli-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

function run(args: readonly string[], env: Record<string, string> = {}, entry: readonly string[] = [MAIN]) {
  return new Promise<Ended>((resolve) => {
    const options = { cwd: folder, env: { PATH: process.env.PATH ?? '', ...env } }
    execFile(process.execPath, [...entry, ...args], options, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1, stdout, stderr })
    })
  })
}

describe('config list', () => {
  afterEach(() => rmSync(join(folder, 'tradewind.config.json'), { force: true }))

  test('--json is one document with every setting, its value and source, and nothing else', async () => {
    writeFileSync(join(folder, 'tradewind.config.json'), '{ "max_retries": 7 }')
    const { code, stdout, stderr } = await run(['config', 'list', '--json', '--dags-folder', 'mine'], {
      TRADEWIND_SERVER_PORT: '0',
      DATABASE_URL: 'postgres://u:hunter2@h/d',
    })
    expect([code, stderr]).toEqual([0, ''])
    const rows = JSON.parse(stdout) as { key: string; value: unknown; source: string }[]
    const found = Object.fromEntries(rows.map((row) => [row.key, [row.value, row.source]]))
    expect(Object.keys(found)).toEqual(SETTING_KEYS)
    expect(found.max_retries).toEqual([7, 'file'])
    expect(found['server.port']).toEqual([0, 'environment'])
    expect(found['dags.folder']).toEqual(['mine', 'flag'])
    expect(found['database.url']).toEqual(['***', 'environment'])
    expect(stdout).not.toContain('hunter2')
  })

  test('a former name is read, and said on standard error', async () => {
    writeFileSync(join(folder, 'tradewind.config.json'), '{ "tasks": { "retries": 7 } }')
    const { code, stdout, stderr } = await run(['config', 'list', '--json'])
    expect([code, stderr]).toEqual([0, expect.stringContaining('is called "max_retries" now')])
    expect(JSON.parse(stdout)).toContainEqual(expect.objectContaining({ key: 'max_retries', value: 7 }))
  })

  test('a broken file and unknown names are usage errors, all at once, on standard error', async () => {
    writeFileSync(join(folder, 'tradewind.config.json'), '{ "max_retrys": 7 }')
    const both = await run(['config', 'list'], { TRADEWIND_SERVER_PROT: '1' })
    expect([both.code, both.stdout]).toEqual([2, ''])
    expect(both.stderr).toContain('Did you mean "max_retries"?')
    expect(both.stderr).toContain('Did you mean "TRADEWIND_SERVER_PORT"?')

    writeFileSync(join(folder, 'tradewind.config.json'), '{')
    expect((await run(['config', 'list'])).stderr).toContain('tradewind.config.json is not valid JSON')
  })
})

describe('what is not understood ends with 2 and a suggestion', () => {
  test.each([
    [['confg'], 'Did you mean config?', 'See: tradewind --help'],
    [['config', 'lst'], 'Did you mean list?', 'See: tradewind config --help'],
    [['config', 'list', '--jsn'], 'Did you mean --json?', 'See: tradewind config list --help'],
    [['runs', 'show'], "missing required argument 'dag'", 'See: tradewind runs show --help'],
    [['logs', 'a', 'b', '--try', 'x'], 'Give a whole number', 'See: tradewind logs --help'],
  ])('%j', async (args, suggestion, where) => {
    const { code, stdout, stderr } = await run(args)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain(suggestion)
    expect(stderr).toContain(`${where}\n`)
  })
})

test('--help and --version end with 0', async () => {
  const help = await run(['--help'])
  expect(help.code).toBe(0)
  expect(help.stdout).toContain('config')
  const version = await run(['--version'])
  expect([version.code, version.stdout]).toEqual([0, '0.1.0\n'])
})

describe('a database that cannot be used', () => {
  test.each([
    ['postgres://u:hunter2@127.0.0.1:1/x', '127.0.0.1:1/x cannot be used', 'Start the server'],
    ['postgres://u:hunter2@no-such-host.invalid/x', 'no-such-host.invalid/x cannot be used', 'Correct the host'],
    ['postgres://[', 'of DATABASE_URL cannot be used', 'Write DATABASE_URL as'],
  ])('%s', async (url, problem, remedy) => {
    for (const args of [['dags', 'list'], ['db', 'check'], ['standalone']]) {
      const { code, stderr, stdout } = await run(args, { DATABASE_URL: url })
      expect([code, stdout], args.join(' ')).toEqual([1, ''])
      expect(stderr).toContain(problem)
      expect(stderr).toContain(remedy)
      expect(stderr).not.toContain('hunter2')
    }
  })
})

test('an old Node is told which one it is and what to do', async () => {
  const pretend = "data:text/javascript,Object.defineProperty(process,'versions',{value:{node:'20.19.0'}})"
  const { code, stderr } = await run(['config', 'list'], {}, ['--import', pretend, BIN])
  expect(code).toBe(1)
  expect(stderr).toContain('needs Node 22.12 or newer; this is Node 20.19.0')
  expect(stderr).toContain('Install a newer one')
})
