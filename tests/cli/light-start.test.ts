/** What a call of the command loads: only what it needs, so that it answers at once and a call to a server stays small. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { COMMANDS } from '../../cli/command-tree.ts'
import { loadedBy } from '../support/loaded-modules.ts'
import { MAIN } from './program-in-folder.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
/** What arguments are read and tables drawn with. */
const LIGHT =
  /^(@commander-js\/extra-typings|commander|cli-table3|string-width|strip-ansi|ansi-regex|is-fullwidth-code-point|emoji-regex)$/
const ROOMS_LEFT_OUT =
  /^(database\/(?!users\/(roles|tokens|users|passwords)\.ts)|webserver|scheduler|executor|worker|testing)/

async function heavy(args: readonly string[], env: Record<string, string> = {}): Promise<string[]> {
  const { files, packages } = await loadedBy([MAIN, ...args], tmpdir(), env)
  const own = files.map((file) => relative(ROOT, file)).filter((file) => ROOMS_LEFT_OUT.test(file))
  return [...packages.filter((name) => !LIGHT.test(name)), ...own]
}

test('the version is read from package.json, and that is all', async () => {
  const { files, stdout } = await loadedBy([MAIN, '--version'], tmpdir())
  expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
  expect(files.map((file) => relative(ROOT, file)).toSorted()).toEqual(['cli/main.ts', 'cli/package-root.ts'])
})

describe('no database, web server or scheduler for', () => {
  test.each([
    ['--help'],
    ['help dags'],
    ['config list'],
    ...COMMANDS.map(({ name }) => [`${name} --help`]),
    ['db clean --help'],
    ['runs list --nonsense'],
    ['completion bash'],
  ])('%s', async (words) => {
    expect(await heavy(words.split(' '))).toEqual([])
  })
})

describe('a server elsewhere is asked without them', () => {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`)
    response.setHeader('content-type', 'application/json')
    response.end(
      JSON.stringify({ draining: false, dags: [], dag_runs: [], next_cursor: null, variables: [], pools: [] }),
    )
  })
  beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)))
  afterAll(() => new Promise((resolve) => server.close(resolve)))

  test.each(['dags list', 'runs list', 'variables list', 'pools list'])('%s', async (words) => {
    asked.length = 0
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    expect(await heavy(words.split(' '), { TRADEWIND_URL: url })).toEqual([])
    expect(asked.length).toBeGreaterThan(0)
  })
})

test('a command of this machine does load them: the test can see it', async () => {
  const env = { TRADEWIND_DATA_FOLDER: join(tmpdir(), 'there-is-no-such-folder') }
  expect(await heavy(['runs', 'list'], env)).toEqual(expect.arrayContaining(['pg', 'knex', 'database/connect.ts']))
})
