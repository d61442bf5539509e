/**
 * Ten thousand requests drawn from the OpenAPI document, right and wrong in every part, by callers of every kind, while a
 * scheduler leads that would carry out what gets through: never a 500, nothing logged, no secret or inner detail in an
 * answer, and no change by who may not change anything. Set TRADEWIND_BAD_REQUESTS for a longer run.
 */
import fc from 'fast-check'
import type { FastifyInstance, InjectOptions } from 'fastify'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createSecrets, generateSecretKey } from '../../database/secrets/cipher.ts'
import { secretHash } from '../../database/users/passwords.ts'
import { endSession, startSession } from '../../database/users/sessions.ts'
import { createToken, revokeToken } from '../../database/users/tokens.ts'
import { createUser, setDisabled } from '../../database/users/users.ts'
import { csrfToken } from '../../webserver/auth/cookies.ts'
import { DEFAULT_ACCESS } from '../../webserver/auth/index.ts'
import { createWebServer } from '../../webserver/create-web-server.ts'
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts'
import { requestsOf } from './generated-requests.ts'
import { startLeader } from './leading-scheduler.ts'
import { seed } from './seed.ts'
import { asRole, parts } from './web-server.ts'

const ALL = Number(process.env.TRADEWIND_BAD_REQUESTS ?? 10_000)
const SECRET = 'gUwK2mZr9-never-to-be-seen'

let database: TestDatabase
let leader: { stop(): Promise<void> }
const secrets = createSecrets({ current: generateSecretKey() })
const apps: FastifyInstance[] = []
const logged: string[] = []
const schedulerSaid: string[] = []

beforeAll(async () => {
  database = await createTestDatabase()
  await seed(database, true)
  leader = await startLeader(database, { dispatch: () => {}, log: (line) => schedulerSaid.push(line) })
  const admin = await server('admin')
  const made = [
    ['/variables', { key: 'secret', value: SECRET, is_secret: true }],
    ['/variables', { key: 'plain', value: 'seen' }],
    [
      '/connections',
      { connection_id: 'kept', conn_type: 'http', host: 'h', password: SECRET, extra: `{"a":"${SECRET}"}` },
    ],
  ] as const
  for (const [path, payload] of made) {
    const answer = await admin.inject({ method: 'POST', url: `/api/v2${path}`, payload })
    expect(answer.statusCode, answer.body).toBe(201)
  }
})
afterAll(async () => {
  for (const app of apps) await app.close()
  await leader.stop()
})

/** `null`: with the real sign-in. */
async function server(role: 'viewer' | 'admin' | null): Promise<FastifyInstance> {
  const app = createWebServer(
    parts({
      pool: database.pool,
      secrets,
      log: (line) => logged.push(line),
      access: role === null ? DEFAULT_ACCESS : { ...DEFAULT_ACCESS, authenticators: [asRole(role)] },
    }),
  )
  apps.push(app)
  await app.ready()
  return app
}

/** Of every table that a request could touch. */
async function state(): Promise<unknown> {
  const tables = ['dag', 'dag_run', 'task_instance', 'try', 'xcom', 'command', 'pool', 'variable', 'connection']
  const more = ['task_note', 'event', 'app_user', 'dag_version', 'platform_state', 'import_error']
  const sums = await Promise.all(
    [...tables, ...more].map(async (table) => {
      const result = await database.pool.query(
        `select count(*), md5(string_agg(t::text, '' order by t::text)) from ${table} t`,
      )
      return [table, result.rows]
    }),
  )
  return Object.fromEntries(sums)
}

const INSIDE = /node_modules|\.ts:\d+|\bat .+:\d+:\d+\)|\bselect .+ from\b|insert into|violates|SQLSTATE/i

async function holds(
  app: FastifyInstance,
  runs: number,
  caller: fc.Arbitrary<Caller>,
): Promise<ReadonlyMap<number, number>> {
  const statuses = new Map<number, number>()
  await fc.assert(
    fc.asyncProperty(requestsOf(app), caller, async (request, { name, headers, isKnown }) => {
      const answer = await app.inject({ ...request, headers: { ...request.headers, ...headers } })
      const { statusCode: status, body } = answer
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
      // 503: nobody leads.
      const isOurFault = status >= 500 && status !== 503
      expect(isOurFault, `${status} ${body} ${logged.at(-1)}`).toBe(false)
      if (status >= 400) {
        expect(answer.json()).toHaveProperty('detail')
        expect(body.replace(JSON.stringify(request.url), '')).not.toMatch(INSIDE)
      }
      expect(body).not.toContain(SECRET)
      if (isKnown(request)) return
      const isOpen = /"url":"\/api\/v2\/(version|monitor\/health)\b/.test(JSON.stringify(request))
      // What cannot be read, or names no route at all, is answered before it matters who asks.
      expect(isOpen ? [200, 422] : [401, 403, 404, 400, 414], `${name}: ${status} ${body}`).toContain(status)
      if (status === 404) expect(body).toMatch(/There is no \w+ \//)
    }),
    { numRuns: runs, endOnFailure: true },
  )
  expect(logged).toEqual([])
  return statuses
}

interface Caller {
  readonly name: string
  readonly headers: Readonly<Record<string, string>>
  /** May read, at least. */
  isKnown(request: InjectOptions): boolean
}
const somebody = fc.constant<Caller>({ name: 'somebody', headers: {}, isKnown: () => true })

/** Who holds a token or a cookie that is not good, or not good for what is asked. */
async function badCallers(): Promise<readonly Caller[]> {
  const { pool } = database
  const password = 'correct horse battery'
  for (const name of ['anna', 'gone']) await createUser(pool, { name, password, role: 'admin' })
  const token = async (owner: string, lifeMs: number | null) =>
    createToken(pool, { name: 'ci', role: 'admin', owner, lifeMs })
  const [expired, revoked, ofGone, good] = [
    await token('anna', -1),
    await token('anna', null),
    await token('gone', null),
    await token('anna', null),
  ]
  await revokeToken(pool, revoked.id)
  const session = (name: string) => startSession(pool, name, DEFAULT_ACCESS.sessions)
  const [ended, mine, stolenOfGone] = [await session('anna'), await session('anna'), await session('gone')]
  await endSession(pool, secretHash(ended))
  await setDisabled(pool, 'gone', true)
  const bearer = (name: string, text: string): Caller => ({
    name,
    headers: { authorization: `Bearer ${text}` },
    isKnown: () => false,
  })
  const cookie = (name: string, secret: string, more: Readonly<Record<string, string>> = {}): Caller => ({
    name,
    headers: { cookie: `tradewind_session=${secret}`, host: 'own:8080', ...more },
    isKnown: () => false,
  })
  // A page elsewhere can make a browser read, though not let it see what it read.
  const reads = (caller: Caller): Caller => ({ ...caller, isKnown: ({ method }) => method === 'GET' })
  const csrf = { 'x-csrf-token': csrfToken(mine) }
  return [
    { name: 'nobody', headers: {}, isKnown: () => false },
    bearer('an expired token', expired.token),
    bearer('a revoked token', revoked.token),
    bearer('a token of a disabled user', ofGone.token),
    bearer('a token cut short', good.token.slice(0, -1)),
    bearer('what the database holds of a token', `tradewind_${secretHash(good.token)}`),
    bearer('a session in place of a token', mine),
    cookie('an ended session', ended, { 'x-csrf-token': csrfToken(ended) }),
    cookie('a session of a disabled user', stolenOfGone, { 'x-csrf-token': csrfToken(stolenOfGone) }),
    cookie('what the database holds of a session', secretHash(mine), csrf),
    cookie('a token in place of a session', good.token),
    reads(cookie('a form of another site', mine)),
    reads(cookie('a script of another site', mine, { ...csrf, origin: 'https://evil.example' })),
    reads(cookie('another port of this host', mine, { ...csrf, origin: 'http://own:3000' })),
    reads(cookie('a frame without origin', mine, { ...csrf, origin: 'null' })),
    reads(cookie('a stolen CSRF token of another session', mine, { 'x-csrf-token': csrfToken(ended) })),
  ]
}

/** About 20 s for all three when nothing else runs. */
const LONGEST = { timeout: 300_000 }

test('of who is not signed in, or sent by another site: refused, and nothing is changed', LONGEST, async () => {
  const callers = await badCallers()
  const before = await state()
  await holds(await server(null), ALL * 0.3, fc.constantFrom(...callers))
  expect(await state()).toEqual(before)
})

test('of a viewer: never a 500, and nothing is changed', LONGEST, async () => {
  const before = await state()
  const statuses = await holds(await server('viewer'), ALL * 0.3, somebody)
  expect(await state()).toEqual(before)
  expect(statuses.get(200)).toBeGreaterThan(ALL * 0.03)
})

test('of an admin: never a 500, and the scheduler goes on', LONGEST, async () => {
  const admin = await server('admin')
  const statuses = await holds(admin, ALL * 0.4, somebody)
  // Enough got through to mean something.
  expect(statuses.get(200)).toBeGreaterThan(ALL * 0.04)
  expect(statuses.get(202) ?? 0).toBe(0)
  expect(schedulerSaid.filter((line) => !/leading with epoch|dag_run_dag_id_logical_date_unique/.test(line))).toEqual(
    [],
  )
  const { rows } = await database.pool.query('select request from command where answer is null')
  expect(rows).toEqual([])
})
