/**
 * Scheduler and web server as two programs, and who may use them: users and tokens made by the command line, asked of the
 * web server. Then `db clean`, beside both.
 */
import { once } from 'node:events'
import { existsSync, globSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runningServer } from '../../database/embedded/server.ts'
import { ProgramInFolder } from './program-in-folder.ts'

const DAG = `import { Dag } from 'tradewind'
new Dag('sums').task('one', () => { console.log('said'); return 1 })()
`
const DAY_MS = 24 * 60 * 60 * 1_000

const program = new ProgramInFolder()
const cli = program.cli.bind(program)
let webServer: ReturnType<ProgramInFolder['following']>
let url: string

beforeAll(async () => {
  writeFileSync(join(program.folder, 'dags', 'sums.ts'), DAG)
  const early = await cli(['webserver', '--port', '0'])
  expect([early.code, early.stderr]).toEqual([1, expect.stringContaining('No program is running on')])
  program.start(['scheduler'])
  await program.line(/Dag sums is live/)
  webServer = program.following(['webserver', '--port', '0'])
  for (url = ''; !/^http:\/\/127\.0\.0\.1:\d+$/.test(url); ) url = await webServer.next()
})
afterAll(async () => {
  if (webServer.child.exitCode === null && webServer.child.kill('SIGKILL')) await once(webServer.child, 'exit')
  await program.end()
})

/** Status of signing in, as a program does it. */
async function signIn(username: string, password: string): Promise<number> {
  const headers = { 'content-type': 'application/json' }
  const body = JSON.stringify({ username, password })
  return (await fetch(`${url}/auth/token`, { method: 'POST', headers, body })).status
}

const asked = async (token: string, path: string, init: RequestInit = {}) =>
  (await fetch(`${url}/api/v2${path}`, { ...init, headers: { ...init.headers, authorization: `Bearer ${token}` } }))
    .status

describe('users', () => {
  const first = 'correct horse battery'
  const second = 'staple battery horse'

  test('created with the password on standard input, who can then sign in', async () => {
    const made = await cli(['users', 'create', 'anna', '--role', 'operator'], { input: `${first}\n` })
    expect([made.code, made.stdout, made.stderr]).toEqual([0, 'anna can sign in, as operator.\n', ''])
    expect(await signIn('anna', first)).toBe(201)
    expect(await signIn('anna', second)).toBe(401)
    const users = await program.json<{ name: string; role: string; isDisabled: boolean }[]>(['users', 'list'])
    expect(users).toContainEqual(expect.objectContaining({ name: 'anna', role: 'operator', isDisabled: false }))
    expect(JSON.stringify(users)).not.toMatch(/scrypt|hash|horse/i)
  })

  test('a name twice, a short password, none at all, an unknown role: refused with the reason', async () => {
    const twice = await cli(['users', 'create', 'anna'], { input: first })
    expect([twice.code, twice.stderr]).toEqual([1, 'There is a user "anna" already.\n'])
    const short = await cli(['users', 'create', 'ben'], { input: 'short' })
    expect([short.code, short.stderr]).toEqual([1, expect.stringContaining('characters')])
    expect(short.stderr).not.toContain('"short"')
    const nothing = await cli(['users', 'create', 'ben'])
    expect([nothing.code, nothing.stderr]).toEqual([2, expect.stringContaining('nothing came')])
    const role = await cli(['users', 'create', 'ben', '--role', 'king'], { input: first })
    expect([role.code, role.stderr]).toEqual([2, expect.stringContaining('viewer, operator, admin')])
    expect((await cli(['users', 'passwd', 'ben'], { input: first })).stderr).toContain('There is no user "ben"')
  })

  test('passwd: the old password is none any more', async () => {
    const changed = await cli(['users', 'passwd', 'anna'], { input: second })
    expect([changed.code, changed.stdout], changed.stderr).toEqual([0, expect.stringContaining('new password')])
    expect([await signIn('anna', first), await signIn('anna', second)]).toEqual([401, 201])
  })

  test('disable shuts them out with their tokens, enable lets them in again', async () => {
    const make = ['tokens', 'create', 'hers', '--role', 'admin', '--user', 'anna']
    const { token } = await program.json<{ token: string }>(make)
    expect(await asked(token, '/dags')).toBe(200)
    expect((await cli(['users', 'disable', 'anna'])).stdout).toBe('anna is disabled.\n')
    expect([await signIn('anna', second), await asked(token, '/dags')]).toEqual([401, 401])
    expect((await cli(['users', 'enable', 'anna'])).stdout).toBe('anna is enabled.\n')
    expect(await signIn('anna', second)).toBe(201)
  })

  test('role: a token never may more than its owner', async () => {
    const make = ['tokens', 'create', 'hers too', '--role', 'admin', '--user', 'anna']
    const { token } = await program.json<{ token: string }>(make)
    const pause = { method: 'PATCH', headers: { 'content-type': 'application/json' }, body: '{"is_paused":false}' }
    expect(await asked(token, '/dags/sums', pause)).toBe(200)
    expect((await cli(['users', 'role', 'anna', 'viewer'])).stdout).toBe('anna is viewer now.\n')
    expect([await asked(token, '/dags/sums', pause), await asked(token, '/dags')]).toEqual([403, 200])
  })

  test('a lost admin is made anew', async () => {
    const made = await program.json<{ name: string; password: string }>(['users', 'reset-admin'])
    expect(await signIn(made.name, made.password)).toBe(201)
  })
})

describe('tokens', () => {
  test('shown once, listed without themselves, nothing once revoked', async () => {
    const plain = await cli(['tokens', 'create', 'reports', '--days', '7'])
    expect([plain.code, plain.stderr]).toEqual([0, ''])
    const token = plain.stdout.trim()
    expect(await asked(token, '/dags')).toBe(200)
    const listed = await program.json<{ id: number; name: string; role: string; expiresAt: number }[]>([
      'tokens',
      'list',
    ])
    const one = listed.find(({ name }) => name === 'reports')
    expect(one).toMatchObject({ role: 'viewer', revokedAt: null })
    expect(Math.abs((one?.expiresAt ?? 0) - Date.now() - 7 * DAY_MS)).toBeLessThan(10 * 60_000)
    expect((await cli(['tokens', 'list'])).stdout).not.toContain(token)

    const revoked = await cli(['tokens', 'revoke', String(one?.id)])
    expect([revoked.code, revoked.stdout]).toEqual([0, `Token ${one?.id} is nobody's any more.\n`])
    expect(await asked(token, '/dags')).toBe(401)
    const ended = await cli(['dags', 'list'], { env: { TRADEWIND_URL: url, TRADEWIND_TOKEN: token } })
    expect([ended.code, ended.stderr]).toEqual([1, expect.stringContaining('does not know who you are')])
  })

  test('an unknown owner, an unknown token, too long a life', async () => {
    const owner = await cli(['tokens', 'create', 'x', '--user', 'nobody-here'])
    expect([owner.code, owner.stderr]).toEqual([1, expect.stringContaining('There is no user "nobody-here"')])
    const gone = await cli(['tokens', 'revoke', '4711'])
    expect([gone.code, gone.stderr]).toEqual([1, expect.stringContaining('There is no token 4711')])
    expect((await cli(['tokens', 'create', 'x', '--days', '99999'])).code).toBe(2)
  })
})

describe('db clean', () => {
  interface Line {
    readonly what: string
    readonly count: number
    readonly bytes: number
  }
  const counts = async (...args: string[]) => {
    const { cleaned } = await program.json<{ cleaned: Line[] }>(['db', 'clean', ...args])
    return Object.fromEntries(cleaned.map(({ what, count }) => [what, count]))
  }

  test('takes what is older than it is kept, beside programs that run; a dry run only counts it', async () => {
    for (const id of ['old', 'young']) expect((await cli(['dags', 'trigger', 'sums', '--run-id', id])).code).toBe(0)
    for (const id of ['old', 'young']) {
      const state = () => program.json(['runs', 'show', 'sums', id])
      await expect.poll(state, { timeout: 30_000 }).toMatchObject({ state: 'success' })
    }
    await age('old', 100)
    expect(await counts('--keep', '120d', '--dry-run')).toMatchObject({ runs: 0, XComs: 0, logs: 0 })
    expect(await counts('--keep', '90d', '--dry-run')).toMatchObject({ runs: 1, logs: 1 })
    expect((await cli(['runs', 'show', 'sums', 'old'])).code).toBe(0)

    const done = await cli(['db', 'clean', '--keep', '90d'])
    expect([done.code, done.stdout], done.stderr).toEqual([
      0,
      expect.stringMatching(/^WHAT +GONE +SIZE OF ALL OF IT\nruns +1 /),
    ])
    expect((await cli(['runs', 'show', 'sums', 'old'])).stderr).toContain('has no run "old"')
    expect((await cli(['logs', 'sums', 'one', 'young'])).stdout).toContain('said')
    expect(await counts('--keep', '90d')).toMatchObject({ runs: 0, XComs: 0, logs: 0 })
  })

  test('less than a day is a slip of the finger', async () => {
    const slip = await cli(['db', 'clean', '--keep', '5min'])
    expect([slip.code, slip.stderr]).toEqual([2, expect.stringContaining('a duration from 1 d')])
  })

  /** Makes a run and its logs as old as they would be after so many days. */
  async function age(runId: string, days: number): Promise<void> {
    const config = await runningServer(join(program.folder, '.tradewind/postgres'))
    if (config === null) throw new Error('no server is running')
    const client = new pg.Client(config)
    await client.connect()
    try {
      const changed = await client.query(
        `update dag_run set queued_at = queued_at - $2 * interval '1 day', start_date = start_date - $2 * interval '1 day',
           end_date = end_date - $2 * interval '1 day' where run_id = $1`,
        [runId, days],
      )
      expect(changed.rowCount).toBe(1)
    } finally {
      await client.end()
    }
    const logs = globSync(`.tradewind/logs/**/*${runId}*/**/*.jsonl`, { cwd: program.folder })
    expect(logs.length).toBeGreaterThan(0)
    const then = new Date(Date.now() - days * DAY_MS)
    for (const log of logs) utimesSync(join(program.folder, log), then, then)
  }
})

test('the web server ends in order, and the scheduler goes on without it', async () => {
  webServer.child.kill('SIGTERM')
  expect(await once(webServer.child, 'exit')).toEqual([0, null])
  await expect(fetch(url)).rejects.toThrow()
  expect((await cli(['dags', 'trigger', 'sums', '--run-id', 'after'])).code).toBe(0)
  const state = () => program.json(['runs', 'show', 'sums', 'after'])
  await expect.poll(state, { timeout: 30_000 }).toMatchObject({ state: 'success' })
  expect(existsSync(join(program.folder, '.tradewind/postgres'))).toBe(true)
})
