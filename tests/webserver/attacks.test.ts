/**
 * What comes over the wire from who means harm, against a server that listens: paths out of its folders, names of other
 * sites, bodies that are too large or lie about their length, upgrades where there are none. It stays up through all of it.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest'
import { openPool } from '../../database/connect.ts'
import { createToken } from '../../database/users/tokens.ts'
import { createUser } from '../../database/users/users.ts'
import { DEFAULT_ACCESS } from '../../webserver/auth/index.ts'
import { createWebServer } from '../../webserver/create-web-server.ts'
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts'
import { seed } from './seed.ts'
import { parts } from './web-server.ts'

const PASSWORD = 'correct horse battery'
const OUTSIDE = 'kept outside of the page'
let database: TestDatabase
let port: number
let token: string
let folder: string
const logged: string[] = []
const closes: (() => Promise<unknown>)[] = []

beforeAll(async () => {
  database = await createTestDatabase()
  await seed(database, true)
  folder = await mkdtemp(join(tmpdir(), 'tradewind-attacks-'))
  await writeFile(join(folder, 'secret.key'), OUTSIDE)
  port = await listen(null)
  token = (await createToken(database.pool, { name: 'test', role: 'admin', owner: 'cli', lifeMs: null })).token
  await createUser(database.pool, { name: 'anna', password: PASSWORD, role: 'admin' })
})
afterAll(async () => {
  for (const close of closes) await close()
  await rm(folder, { recursive: true })
})

async function listen(baseUrl: string | null): Promise<number> {
  const app = createWebServer(
    parts({
      pool: database.pool,
      access: { ...DEFAULT_ACCESS, baseUrl },
      log: (line) => logged.push(line),
    }),
  )
  closes.push(() => app.close())
  return Number(new URL(await app.listen({ host: '127.0.0.1', port: 0 })).port)
}

/** Sends bytes as they are; resolves with all that comes back until the server closes or is still for a while. */
async function raw(bytes: string, to = port): Promise<string> {
  const socket = connect(to, '127.0.0.1')
  let answer = ''
  socket.setEncoding('latin1')
  socket.on('data', (text: string) => {
    answer += text
  })
  socket.on('error', () => {})
  socket.setTimeout(5_000, () => socket.destroy())
  socket.write(bytes, 'latin1')
  await new Promise((resolve) => socket.once('close', resolve))
  return answer
}

const request = (line: string, headers: Record<string, string> = {}, body = '') =>
  `${line} HTTP/1.1\r\n${Object.entries({ host: `127.0.0.1:${port}`, connection: 'close', ...headers })
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')}\r\n${body}`
const statusOf = (answer: string) => Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1])
const known = () => ({ authorization: `Bearer ${token}` })

describe('paths', () => {
  const ways = [
    '/../secret.key',
    '/../../../../../../etc/passwd',
    '/assets/../../secret.key',
    '/assets/..%2f..%2fsecret.key',
    '/assets/%2e%2e/%2e%2e/secret.key',
    '/assets/..%5c..%5csecret.key',
    '/assets/....//....//secret.key',
    '/assets/%00/../../secret.key',
    '//etc/passwd',
    '/%2e%2e%2f%2e%2e%2fetc%2fpasswd',
    '/api/v2/docs/static/../../../../../../../../etc/passwd',
    '/api/v2/docs/static/..%2f..%2f..%2f..%2f..%2fpackage.json',
    '/dags/..%2f..%2f..%2fpackage.json',
    '/api/v2/dagSources/..%2f..%2fetc%2fpasswd',
    '/api/v2/importErrors/..%2f..%2fetc%2fpasswd',
    '/api/v2/dags/..%2f../dagRuns/..%2f../taskInstances/..%2f../logs/1',
    '/api/v2/dags/sales/dagRuns/manual__2/taskInstances/..%2f..%2f..%2fetc/logs/1',
    'http://127.0.0.1/../secret.key',
  ]
  for (const path of ways) {
    it(`${path} leads nowhere else`, async () => {
      const answer = await raw(request(`GET ${path}`, known()))
      expect(statusOf(answer)).toBeGreaterThanOrEqual(400)
      expect(statusOf(answer)).toBeLessThan(500)
      expect(answer).not.toMatch(/root:x|"devDependencies"|kept outside/)
    })
  }
})

describe('names', () => {
  const ask = async (host: string, path: string, to = port) =>
    statusOf(await raw(request(`GET ${path}`, { ...known(), host }), to))

  it('of another site that leads to loopback are not ours', async () => {
    for (const host of [
      'evil.example',
      `evil.example:${port}`,
      '127.0.0.1.evil.example',
      'localhost.evil.example',
      '@',
      '',
    ]) {
      for (const path of ['/', '/api/v2/version', '/api/v2/dags', '/metrics']) {
        expect([400, 421], `${host} ${path}`).toContain(await ask(host, path))
      }
    }
    const login = request(
      'POST /auth/login',
      {
        host: 'evil.example',
        origin: 'http://evil.example',
        'content-type': 'application/json',
        'content-length': '2',
      },
      '{}',
    )
    expect(statusOf(await raw(login))).toBe(421)
  })

  it('of this machine are, and the one behind a proxy', async () => {
    for (const host of [
      'localhost',
      `localhost:${port}`,
      `127.0.0.1:${port}`,
      `[::1]:${port}`,
      'app.localhost',
      'mybox',
    ]) {
      expect(await ask(host, '/api/v2/version'), host).toBe(200)
    }
    const behind = await listen('https://tradewind.example.org')
    expect(await ask('tradewind.example.org', '/api/v2/version', behind)).toBe(200)
    expect(await ask('evil.example', '/api/v2/version', behind)).toBe(421)
  })
})

describe('messages', () => {
  const json = { 'content-type': 'application/json' }
  const post = 'POST /api/v2/dags/sales/dagRuns'

  it('that are too large are cut off', async () => {
    const announced = await raw(request(post, { ...known(), ...json, 'content-length': String(2 ** 31) }))
    expect(statusOf(announced)).toBe(413)
    const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`
    const chunked = await raw(request(post, { ...known(), ...json, 'transfer-encoding': 'chunked' }, chunk.repeat(40)))
    expect(statusOf(chunked)).toBe(413)
    expect(statusOf(await raw(request('GET /api/v2/dags', { ...known(), cookie: 'x'.repeat(100_000) })))).toBe(431)
    expect(statusOf(await raw(request(`GET /api/v2/dags?${'x'.repeat(100_000)}`, known())))).toBe(431)
  })

  it('of who is not known are refused before they are read', async () => {
    const announced = await raw(request(post, { ...json, 'content-length': String(2 ** 31) }))
    expect(statusOf(announced)).toBe(401)
  })

  it('that say two lengths, or hold a second request, are one at most', async () => {
    const two = await raw(
      request(
        post,
        { ...known(), ...json, 'content-length': '4', 'transfer-encoding': 'chunked' },
        '0\r\n\r\nGET / HTTP/1.1\r\n\r\n',
      ),
    )
    expect(statusOf(two)).toBe(400)
    expect(two.match(/HTTP\/1\.1 /g)).toHaveLength(1)
  })

  it('cannot put headers into an answer', async () => {
    for (const part of ['x%0d%0aset-cookie:%20a=b', 'x%0aset-cookie:%20a=b', 'x%E5%98%8A%E5%98%8Dset-cookie:a=b']) {
      for (const path of [`/api/v2/dags/${part}`, `/dags/${part}`, `/api/v2/dags?order_by=${part}`, `/${part}`]) {
        const answer = await raw(request(`GET ${path}`, known()))
        expect(answer.split('\r\n\r\n')[0]!.toLowerCase()).not.toContain('set-cookie')
      }
    }
  })

  it('have to be there within a minute, and what is shown is for no cache', async () => {
    const app = createWebServer(parts({ pool: database.pool, access: DEFAULT_ACCESS }))
    closes.push(() => app.close())
    await app.ready()
    expect(app.server.requestTimeout).toBe(60_000)
    const headers = { authorization: `Bearer ${token}` }
    for (const url of ['/api/v2/dags', '/api/v2/nothing', '/auth/me']) {
      expect((await app.inject({ url, headers })).headers['cache-control'], url).toBe('no-store')
    }
  })
})

describe('upgrades', () => {
  const upgrade = {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
  }

  async function cookie(): Promise<string> {
    const answer = await fetch(`http://127.0.0.1:${port}/auth/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'anna', password: PASSWORD }),
    })
    return answer.headers.get('set-cookie')!.split(';')[0]!
  }

  it('do not stand in for the CSRF token', async () => {
    const headers = {
      ...upgrade,
      cookie: await cookie(),
      origin: `http://127.0.0.1:${port}`,
      'content-type': 'application/json',
      'content-length': '2',
    }
    const answer = await raw(request('PATCH /api/v2/dags/sales', headers, '{}'))
    expect(statusOf(answer)).toBe(400)
  })

  it('of who may not, or of no socket at all, get none', async () => {
    const mine = await cookie()
    for (const [path, headers] of [
      ['/api/v2/ws', {}],
      ['/api/v2/ws', { authorization: `Bearer ${token.slice(0, -1)}x` }],
      ['/api/v2/ws', { cookie: mine }],
      ['/api/v2/ws', { cookie: mine, origin: 'https://evil.example' }],
      ['/api/v2/ws', { cookie: mine, origin: 'http://127.0.0.1:3000' }],
      ['/api/v2/ws', { cookie: mine, origin: 'null' }],
      ['/api/v2/dags', { cookie: mine, origin: 'https://evil.example' }],
      ['/', {}],
      ['/nothing', {}],
    ] as const) {
      const answer = await raw(request(`GET ${path}`, { ...upgrade, ...headers }))
      expect(answer, `${path} ${JSON.stringify(headers)}`).not.toMatch(/^HTTP\/1\.1 101/)
    }
  })
})

test('after all this it is there, and nothing was its fault', async () => {
  expect(statusOf(await raw(request('GET /api/v2/dags', known())))).toBe(200)
  expect(logged.filter((line) => !line.startsWith('Sign-in'))).toEqual([])
})

test('a database that is away is 503, and no detail of it', async () => {
  const app = createWebServer(parts({ log: () => {} }))
  closes.push(() => app.close())
  const answer = await app.inject('/api/v2/dags')
  expect(answer.statusCode).toBe(503)
  expect(answer.headers['retry-after']).toBe('5')
  expect(answer.body).not.toContain('nowhere')
})

test('a statement that takes too long is 503 and says what to ask instead', async () => {
  const slow = openPool(database.connection, { name: 'tradewind test', max: 1, statementTimeoutMs: 50 })
  closes.push(() => slow.end())
  const app = createWebServer(parts({ pool: slow, log: () => {} }))
  closes.unshift(() => app.close())
  // Whoever holds the table keeps the request waiting.
  const holder = await database.pool.connect()
  try {
    await holder.query('begin; lock table dag in access exclusive mode')
    const answer = await app.inject('/api/v2/dags')
    expect(answer).toMatchObject({ statusCode: 503, body: expect.stringContaining('took too long') })
  } finally {
    await holder.query('rollback')
    holder.release()
  }
})
