/** Sign-in over a real database: sessions, tokens, roles, forged requests, limits on attempts, headers. */
import type { FastifyInstance } from 'fastify'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createToken, readToken, revokeToken } from '../../database/users/tokens.ts'
import {
  checkSignIn,
  createUser,
  makeFirstAdmin,
  resetAdmin,
  setDisabled,
  setPassword,
  setRole,
} from '../../database/users/users.ts'
import { type AccessOptions, DEFAULT_ACCESS } from '../../webserver/auth/index.ts'
import { createWebServer } from '../../webserver/create-web-server.ts'
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts'
import { parts } from './web-server.ts'

const PASSWORD = 'correct horse battery'
let database: TestDatabase
const apps: FastifyInstance[] = []

beforeAll(async () => {
  database = await createTestDatabase()
  for (const role of ['viewer', 'operator', 'admin'] as const) {
    await createUser(database.pool, { name: role, password: PASSWORD, role })
  }
})
afterEach(async () => {
  for (const app of apps.splice(0)) await app.close()
})

function server(access: Partial<AccessOptions> = {}): FastifyInstance {
  const app = createWebServer(parts({ pool: database.pool, access: { ...DEFAULT_ACCESS, ...access } }))
  for (const role of ['viewer', 'operator', 'admin'] as const) {
    app.get(`/test/${role}`, { config: { role } }, async (request) => request.identity)
    app.post(`/test/${role}`, { config: { role } }, async (request) => request.identity)
  }
  apps.push(app)
  return app
}

async function signIn(app: FastifyInstance, name = 'operator', headers: Record<string, string> = {}) {
  const answer = await app.inject({
    method: 'POST',
    url: '/auth/login',
    payload: { name, password: PASSWORD },
    headers,
  })
  expect(answer.statusCode, answer.body).toBe(200)
  const header = String(answer.headers['set-cookie'])
  return { header, cookie: header.split(';')[0]!, csrf: answer.json<{ csrf_token: string }>().csrf_token }
}

describe('sessions', () => {
  it('begin with name and password, are seen by /auth/me, and end with sign-out', async () => {
    const app = server()
    const { header, cookie, csrf } = await signIn(app)
    expect(header).toMatch(/^tradewind_session=[\w-]{43}; .*HttpOnly.*SameSite=Lax/)
    expect(header).not.toContain('Secure')
    const me = await app.inject({ url: '/auth/me', headers: { cookie } })
    expect(me.json()).toEqual({ name: 'operator', role: 'operator', csrf_token: csrf })
    const out = await app.inject({ method: 'POST', url: '/auth/logout', headers: { cookie, 'x-csrf-token': csrf } })
    expect(out.statusCode).toBe(204)
    expect((await app.inject({ url: '/auth/me', headers: { cookie } })).statusCode).toBe(401)
  })

  it('what the database holds does not open one', async () => {
    const app = server()
    await signIn(app)
    const { rows } = await database.pool.query<{ id_hash: string }>('select id_hash from session')
    for (const { id_hash: hash } of rows) {
      const answer = await app.inject({ url: '/auth/me', headers: { cookie: `tradewind_session=${hash}` } })
      expect(answer.statusCode).toBe(401)
    }
  })

  it('a sign-in gets a new one and ends the one before', async () => {
    const app = server()
    const first = await signIn(app)
    const second = await signIn(app, 'operator', { cookie: first.cookie })
    expect(second.cookie).not.toBe(first.cookie)
    expect((await app.inject({ url: '/auth/me', headers: { cookie: first.cookie } })).statusCode).toBe(401)
    expect((await app.inject({ url: '/auth/me', headers: { cookie: second.cookie } })).statusCode).toBe(200)
  })

  it('end when idle, and on their last day', async () => {
    const app = server()
    for (const column of ['seen_at', 'expires_at']) {
      const { cookie } = await signIn(app)
      await database.pool.query(`update session set ${column} = now() - interval '13 hours'`)
      expect((await app.inject({ url: '/auth/me', headers: { cookie } })).statusCode, column).toBe(401)
    }
  })

  it('are not kept alive by a socket that asks whether they still hold', async () => {
    const app = server()
    app.get('/test/ask', { config: { role: 'viewer' } }, async (request) => {
      await database.pool.query("update session set seen_at = now() - interval '1 hour'")
      return { isValid: await request.authenticated!.isStillValid() }
    })
    const { cookie } = await signIn(app)
    expect((await app.inject({ url: '/test/ask', headers: { cookie } })).json()).toEqual({ isValid: true })
    const { rows } = await database.pool.query("select from session where seen_at > now() - interval '59 minutes'")
    expect(rows).toEqual([])
  })

  it('end at once when the user is disabled or gets another password or role', async () => {
    const app = server()
    await createUser(database.pool, { name: 'leaver', password: PASSWORD, role: 'viewer' })
    for (const change of [
      () => setRole(database.pool, 'leaver', 'operator'),
      () => setPassword(database.pool, 'leaver', PASSWORD),
      () => setDisabled(database.pool, 'leaver', true),
    ]) {
      const { cookie } = await signIn(app, 'leaver')
      await change()
      expect((await app.inject({ url: '/auth/me', headers: { cookie } })).statusCode).toBe(401)
    }
    expect(await checkSignIn(database.pool, 'leaver', PASSWORD)).toBeNull()
  })

  it('behind https the cookie is for https only', async () => {
    const app = server({ baseUrl: 'https://tradewind.example.org' })
    const { header } = await signIn(app, 'operator', { origin: 'https://tradewind.example.org' })
    expect(header).toContain('Secure')
  })
})

describe('forged requests', () => {
  it('a change with the cookie needs the CSRF token and our own origin', async () => {
    const app = server()
    const { cookie, csrf } = await signIn(app)
    const post = async (headers: Record<string, string>) =>
      (await app.inject({ method: 'POST', url: '/test/operator', headers: { cookie, host: 'own:8080', ...headers } }))
        .statusCode
    expect(await post({})).toBe(403)
    expect(await post({ 'x-csrf-token': 'x' })).toBe(403)
    expect(await post({ 'x-csrf-token': csrf })).toBe(200)
    expect(await post({ 'x-csrf-token': csrf, origin: 'http://own:8080', 'sec-fetch-site': 'same-origin' })).toBe(200)
    expect(await post({ 'x-csrf-token': csrf, origin: 'http://evil.example' })).toBe(403)
    expect(await post({ 'x-csrf-token': csrf, origin: 'null' })).toBe(403)
    expect(await post({ 'x-csrf-token': csrf, 'sec-fetch-site': 'cross-site' })).toBe(403)
    expect(await post({ 'x-csrf-token': csrf, 'sec-fetch-site': 'same-site' })).toBe(403)
  })

  it('the token of another session is none', async () => {
    const app = server()
    const one = await signIn(app)
    const other = await signIn(app, 'admin')
    const answer = await app.inject({
      method: 'POST',
      url: '/test/operator',
      headers: { cookie: one.cookie, 'x-csrf-token': other.csrf },
    })
    expect(answer.statusCode).toBe(403)
  })

  it('another site cannot sign people in', async () => {
    const answer = await server().inject({
      method: 'POST',
      url: '/auth/login',
      payload: { name: 'operator', password: PASSWORD },
      headers: { origin: 'http://evil.example', host: 'own:8080' },
    })
    expect(answer.statusCode).toBe(403)
    expect(answer.headers['set-cookie']).toBeUndefined()
  })
})

describe('tokens', () => {
  it('POST /auth/token gives one that works without cookie or CSRF', async () => {
    const app = server()
    const made = await app.inject({
      method: 'POST',
      url: '/auth/token',
      payload: { username: 'operator', password: PASSWORD },
    })
    expect(made.statusCode).toBe(201)
    const authorization = `Bearer ${made.json<{ access_token: string }>().access_token}`
    const answer = await app.inject({ method: 'POST', url: '/test/operator', headers: { authorization } })
    expect(answer.json()).toEqual({ name: 'operator', role: 'operator' })
  })

  it('may never more than their owner; revoked, expired or of a disabled owner they are nobody', async () => {
    const { pool } = database
    await createUser(pool, { name: 'owner', password: PASSWORD, role: 'viewer' })
    const { id, token } = await createToken(pool, { name: 'ci', role: 'admin', owner: 'owner', lifeMs: null })
    expect(await readToken(pool, token)).toMatchObject({ name: 'owner', role: 'viewer' })
    await setDisabled(pool, 'owner', true)
    expect(await readToken(pool, token)).toBeNull()
    await setDisabled(pool, 'owner', false)
    expect(await readToken(pool, token)).not.toBeNull()
    await revokeToken(pool, id)
    expect(await readToken(pool, token)).toBeNull()
    const short = await createToken(pool, { name: 'short', role: 'viewer', owner: 'cli', lifeMs: -1 })
    expect(await readToken(pool, short.token)).toBeNull()
    const { rows } = await pool.query<{ line: string }>('select t::text as line from api_token t')
    for (const { line } of rows) expect(line).not.toContain(token)
    await expect(createToken(pool, { name: 'x', role: 'viewer', owner: 'nobody', lifeMs: null })).rejects.toThrow(
      /no user "nobody"/,
    )
  })

  it('nonsense is refused without an error inside', async () => {
    const app = server()
    for (const authorization of [
      'Bearer',
      'Bearer x',
      `Bearer tradewind_${'a'.repeat(43)}`,
      'Basic eDp5',
      `Bearer ${'x'.repeat(9_000)}`,
    ]) {
      expect((await app.inject({ url: '/test/viewer', headers: { authorization } })).statusCode).toBe(401)
    }
    for (const cookie of [
      'tradewind_session=',
      'tradewind_session=%ff',
      `tradewind_session=${'a'.repeat(43)}`,
      ';;=',
    ]) {
      expect((await app.inject({ url: '/test/viewer', headers: { cookie } })).statusCode).toBe(401)
    }
  })
})

describe('attempts', () => {
  it('wrong password, unknown and disabled users are told the same', async () => {
    const app = server()
    await createUser(database.pool, { name: 'disabled', password: PASSWORD, role: 'viewer' })
    await setDisabled(database.pool, 'disabled', true)
    const bodies = await Promise.all(
      [
        { name: 'operator', password: 'wrong password' },
        { name: 'nobody', password: PASSWORD },
        { name: 'disabled', password: PASSWORD },
      ].map(async (payload) => {
        const answer = await app.inject({ method: 'POST', url: '/auth/login', payload })
        expect(answer.statusCode).toBe(401)
        return answer.body
      }),
    )
    expect(new Set(bodies).size).toBe(1)
  })

  it('are limited by address', async () => {
    const app = server()
    const statuses: number[] = []
    for (let i = 0; i < 12; i++) {
      // Too short to be anybody's: costs no hash.
      const answer = await app.inject({
        method: 'POST',
        url: '/auth/login',
        payload: { name: `user${i}`, password: 'x' },
        headers: { 'x-forwarded-for': `10.0.0.${i}` },
      })
      statuses.push(answer.statusCode)
    }
    expect(statuses.slice(0, 10)).toEqual(Array(10).fill(401))
    expect(statuses.slice(10)).toEqual([429, 429])
  })

  it('of another address go on: the forwarded one, where the proxy is trusted', async () => {
    const app = server({ trustedProxies: ['127.0.0.1'] })
    for (let i = 0; i < 11; i++) {
      const answer = await app.inject({
        method: 'POST',
        url: '/auth/login',
        payload: { name: `user${i}`, password: 'x' },
        headers: { 'x-forwarded-for': `10.0.0.${i}` },
      })
      expect(answer.statusCode).toBe(401)
    }
  })
})

describe('routes', () => {
  it('one without a role keeps the server from starting', async () => {
    const app = server()
    app.get('/test/forgotten', async () => 'open to all')
    await expect(app.ready()).rejects.toThrow(/without a role.*\/test\/forgotten/)
  })

  it('only health, version, sign-in and files of the page are open', async () => {
    const app = server()
    await app.ready()
    const open = app.routeRoles().filter((route) => route.role === null && route.method !== 'HEAD')
    const names = open.map((route) => `${route.method} ${route.url}`).sort()
    // Everything else is the page itself: the same file for each of its addresses, with nothing of anybody's in it.
    const isOfPage = (name: string) => /^GET \/(?!api\b|auth\b|metrics\b)/.test(name)
    expect(names.filter((name) => !isOfPage(name))).toEqual([
      'GET /api/v2/monitor/health',
      'GET /api/v2/version',
      'POST /auth/login',
      'POST /auth/token',
    ])
  })

  it('carry headers that keep other sites out', async () => {
    const { headers } = await server().inject('/api/v2/version')
    expect(headers['content-security-policy']).toContain("default-src 'self'")
    expect(headers['content-security-policy']).toContain("frame-ancestors 'none'")
    expect(headers['content-security-policy']).not.toContain('upgrade-insecure-requests')
    expect(headers['x-content-type-options']).toBe('nosniff')
    expect(headers['strict-transport-security']).toBeUndefined()
    const https = await server({ baseUrl: 'https://x.example' }).inject('/api/v2/version')
    expect(https.headers['strict-transport-security']).toContain('max-age')
  })
})

describe('the first admin', () => {
  it('is made once, by one of many starts, and can be made anew', async () => {
    const { pool } = await createTestDatabase()
    const made = (await Promise.all([1, 2, 3].map(() => makeFirstAdmin(pool)))).filter((one) => one !== null)
    expect(made).toHaveLength(1)
    expect(await checkSignIn(pool, 'admin', made[0]!.password)).toEqual({ name: 'admin', role: 'admin' })
    expect(await makeFirstAdmin(pool)).toBeNull()
    await setDisabled(pool, 'admin', true)
    const again = await resetAdmin(pool)
    expect(await checkSignIn(pool, 'admin', made[0]!.password)).toBeNull()
    expect(await checkSignIn(pool, 'admin', again.password)).toEqual({ name: 'admin', role: 'admin' })
  })
})
