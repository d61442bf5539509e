/**
 * Who may do what, written down once more by hand: a route or a command that is new, or asks for another role than here,
 * makes a test fail until somebody has thought about it. Each is then really asked by each role.
 */
import type { FastifyInstance, InjectOptions } from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CommandRequest } from '../../core/records.ts'
import { createToken } from '../../database/users/tokens.ts'
import { createUser } from '../../database/users/users.ts'
import { DEFAULT_ACCESS } from '../../webserver/auth/index.ts'
import { createWebServer } from '../../webserver/create-web-server.ts'
import type { Role } from '../../webserver/request-identity.ts'
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts'
import { seed } from './seed.ts'
import { parts } from './web-server.ts'

const RUN = '/api/v2/dags/:dag_id/dagRuns/:dag_run_id'
const TI = `${RUN}/taskInstances/:task_id`

const ROUTES: Readonly<Record<Role | 'anybody', readonly string[]>> = {
  anybody: ['POST /auth/login', 'POST /auth/token', 'GET /api/v2/monitor/health', 'GET /api/v2/version'],
  viewer: [
    'GET /auth/me',
    'POST /auth/logout',
    'GET /metrics',
    'GET /api/v2/ws',
    'GET /api/v2/dags',
    'GET /api/v2/dags/:dag_id',
    'GET /api/v2/dags/:dag_id/details',
    'GET /api/v2/dags/:dag_id/dagVersions',
    'GET /api/v2/dags/:dag_id/dagVersions/:version_number',
    'GET /api/v2/dags/:dag_id/structure',
    'GET /api/v2/dags/:dag_id/grid',
    'GET /api/v2/dags/:dag_id/dagRuns',
    'GET /api/v2/dagSources/:dag_id',
    'GET /api/v2/dagTags',
    `GET ${RUN}`,
    `PATCH ${RUN}/dry_run`,
    `POST ${RUN}/cancel/dry_run`,
    `GET ${RUN}/compensations`,
    'GET /api/v2/deadLetters',
    'GET /api/v2/deadLetters/groups',
    'GET /api/v2/deadLetters/:letter_id',
    `GET ${RUN}/taskInstances`,
    `GET ${TI}`,
    `GET ${TI}/listMapped`,
    `GET ${TI}/dependencies`,
    `GET ${TI}/tries`,
    `GET ${TI}/tries/:try_number`,
    `GET ${TI}/inputs`,
    `GET ${TI}/logs/:try_number`,
    `GET ${TI}/xcomEntries`,
    `GET ${TI}/xcomEntries/:xcom_key`,
    `PATCH ${TI}/dry_run`,
    'GET /api/v2/pools',
    'GET /api/v2/pools/:pool_name',
    'GET /api/v2/importErrors',
    'GET /api/v2/importErrors/:import_error_id',
    'GET /api/v2/eventLogs',
    'GET /api/v2/eventLogs/count',
    'GET /api/v2/eventLogs/export',
    'GET /api/v2/eventLogs/:event_log_id',
    'GET /api/v2/search',
    'GET /api/v2/platform',
    'GET /api/v2/docs/',
    'GET /api/v2/docs/json',
    'GET /api/v2/docs/yaml',
    'GET /api/v2/docs/static/*',
    'GET /api/v2/docs/static/index.html',
    'GET /api/v2/docs/static/swagger-initializer.js',
  ],
  operator: [
    'PATCH /api/v2/dags/:dag_id',
    'POST /api/v2/dags/:dag_id/dagRuns',
    'POST /api/v2/dags/:dag_id/clearTaskInstances',
    `PATCH ${RUN}`,
    `DELETE ${RUN}`,
    `POST ${RUN}/clear`,
    `POST ${RUN}/cancel`,
    `POST ${RUN}/compensate`,
    'POST /api/v2/deadLetters/redrive',
    'POST /api/v2/deadLetters/discard',
    `POST ${RUN}/markTaskInstances`,
    `PATCH ${TI}`,
    'GET /api/v2/variables',
    'POST /api/v2/variables',
    'GET /api/v2/variables/:variable_key',
    'PATCH /api/v2/variables/:variable_key',
    'DELETE /api/v2/variables/:variable_key',
    'GET /api/v2/connections',
    'POST /api/v2/connections',
    'POST /api/v2/connections/test',
    'GET /api/v2/connections/:connection_id',
    'PATCH /api/v2/connections/:connection_id',
    'DELETE /api/v2/connections/:connection_id',
    'POST /api/v2/pools',
    'PATCH /api/v2/pools/:pool_name',
    'DELETE /api/v2/pools/:pool_name',
    'GET /api/v2/commands/:command_id',
  ],
  admin: [
    'DELETE /api/v2/dags/:dag_id',
    'POST /api/v2/platform/drain',
    'POST /api/v2/platform/resume',
    'GET /api/v2/config',
  ],
}

/** The page: the same file at each of its addresses, with nothing of anybody's in it. */
const isOfPage = (name: string) => /^GET \/(?!api\b|auth\b|metrics\b)/.test(name)

interface Asked {
  readonly role: Role
  readonly method: NonNullable<InjectOptions['method']>
  readonly path: string
  readonly body?: object
}

/** Every kind of command there is, or this does not compile, and a request that sends it. */
const commands = <Table extends Readonly<Record<CommandRequest['kind'], Asked>>>(table: Table) => table
const COMMANDS: Readonly<Record<string, Asked>> = commands({
  trigger: { role: 'operator', method: 'POST', path: '/dags/sales/dagRuns', body: {} },
  pause: { role: 'operator', method: 'PATCH', path: '/dags/sales', body: { is_paused: true } },
  unpause: { role: 'operator', method: 'PATCH', path: '/dags/sales', body: { is_paused: false } },
  clear: { role: 'operator', method: 'POST', path: '/dags/sales/dagRuns/manual__2/clear', body: { dry_run: false } },
  mark: {
    role: 'operator',
    method: 'PATCH',
    path: '/dags/sales/dagRuns/manual__2/taskInstances/check',
    body: { new_state: 'success' },
  },
  'mark-run': { role: 'operator', method: 'PATCH', path: '/dags/sales/dagRuns/manual__2', body: { state: 'success' } },
  cancel: { role: 'operator', method: 'POST', path: '/dags/sales/dagRuns/manual__2/cancel', body: {} },
  compensate: { role: 'operator', method: 'POST', path: '/dags/sales/dagRuns/manual__2/compensate', body: {} },
  redrive: { role: 'operator', method: 'POST', path: '/deadLetters/redrive', body: { ids: ['1-1'] } },
  'discard-letters': {
    role: 'operator',
    method: 'POST',
    path: '/deadLetters/discard',
    body: { ids: ['1-1'], reason: 'x' },
  },
  note: { role: 'operator', method: 'PATCH', path: '/dags/sales/dagRuns/manual__2', body: { note: 'x' } },
  'delete-run': { role: 'operator', method: 'DELETE', path: '/dags/sales/dagRuns/manual__2' },
  'delete-dag': { role: 'admin', method: 'DELETE', path: '/dags/old' },
  'set-pool': { role: 'operator', method: 'POST', path: '/pools', body: { name: 'new', slots: 1 } },
  'delete-pool': { role: 'operator', method: 'DELETE', path: '/pools/warehouse' },
  'set-variable': { role: 'operator', method: 'POST', path: '/variables', body: { key: 'new', value: 'x' } },
  'delete-variable': { role: 'operator', method: 'DELETE', path: '/variables/none' },
  'set-connection': {
    role: 'operator',
    method: 'POST',
    path: '/connections',
    body: { connection_id: 'new', conn_type: 'http' },
  },
  'delete-connection': { role: 'operator', method: 'DELETE', path: '/connections/none' },
  drain: { role: 'admin', method: 'POST', path: '/platform/drain' },
  resume: { role: 'admin', method: 'POST', path: '/platform/resume' },
})

const ROLES = ['viewer', 'operator', 'admin'] as const
let database: TestDatabase
let app: FastifyInstance
const tokens = new Map<Role, string>()
/** An admin's token can be made for less, and never gets back what was left out. */
let viewerTokenOfAdmin: string

beforeAll(async () => {
  database = await createTestDatabase()
  await seed(database, true)
  app = createWebServer(parts({ pool: database.pool, access: DEFAULT_ACCESS }))
  await app.ready()
  const { pool } = database
  for (const role of ROLES) {
    tokens.set(role, (await createToken(pool, { name: role, role, owner: 'cli', lifeMs: null })).token)
  }
  await createUser(pool, { name: 'anna', password: 'correct horse battery', role: 'admin' })
  viewerTokenOfAdmin = (await createToken(pool, { name: 'less', role: 'viewer', owner: 'anna', lifeMs: null })).token
})
afterAll(() => app.close())

async function ask(token: string | null, request: InjectOptions): Promise<number> {
  const headers = token === null ? {} : { authorization: `Bearer ${token}` }
  return (await app.inject({ ...request, headers })).statusCode
}

const allows = (role: Role, needed: Role) => ROLES.indexOf(role) >= ROLES.indexOf(needed)

describe('the table of routes', () => {
  it('names every route there is, each once, with the role it asks for', () => {
    const written = Object.entries(ROUTES).flatMap(([role, names]) => names.map((name) => `${name}: ${role}`))
    const real = app
      .routeRoles()
      .map(({ method, url, role }) => ({ name: `${method} ${url}`, role: role ?? 'anybody' }))
      .filter(({ name, role }) => !(role === 'anybody' && isOfPage(name)))
    const isHead = ({ name }: { name: string }) => name.startsWith('HEAD ')
    expect(
      real
        .filter((one) => !isHead(one))
        .map(({ name, role }) => `${name}: ${role}`)
        .sort(),
    ).toEqual(written.sort())
    // A HEAD is a GET without its body: never for more people.
    for (const { name, role } of real.filter(isHead)) {
      const path = name.slice('HEAD '.length)
      // Of the reference page there is one for its address without the slash, too.
      if (!isOfPage(`GET ${path}`))
        expect(written).toContain(`GET ${path === '/api/v2/docs' ? `${path}/` : path}: ${role}`)
    }
  })

  it('holds: each route asked by nobody and by each role', async () => {
    for (const needed of ROLES) {
      for (const name of ROUTES[needed]) {
        const [method, path] = name.split(' ')
        // The names in a path need not be anybody's: who may not is refused before they are looked at.
        const request = { method: method as 'GET', url: path!.replace(/:\w+/g, 'x').replace(/\*$/, 'x') }
        expect(await ask(null, request), `${name} by nobody`).toBe(401)
        for (const role of ROLES) {
          const status = await ask(tokens.get(role)!, request)
          if (allows(role, needed)) expect([401, 403], `${name} by ${role}`).not.toContain(status)
          else expect(status, `${name} by ${role}`).toBe(403)
        }
        const lesser = await ask(viewerTokenOfAdmin, request)
        if (needed !== 'viewer') expect(lesser, `${name} by a viewer's token of an admin`).toBe(403)
      }
    }
  })
})

describe('the table of commands', () => {
  for (const [kind, { role: needed, method, path, body }] of Object.entries(COMMANDS)) {
    it(`${kind}: from ${needed} on`, async () => {
      const request = { method, url: `/api/v2${path}`, ...(body === undefined ? {} : { payload: body }) }
      expect(await ask(null, request)).toBe(401)
      for (const role of ROLES) {
        const status = await ask(tokens.get(role)!, request)
        // Nobody leads: what is let through finds the inbox closed, unless it is about something that is not there.
        if (allows(role, needed)) expect([201, 404, 409, 503], role).toContain(status)
        else expect(status, role).toBe(403)
      }
    })
  }

  it('changed nothing in the inbox: those let through found nobody leading', async () => {
    expect((await database.pool.query('select from command')).rowCount).toBe(0)
  })
})
