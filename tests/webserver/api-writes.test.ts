/** What the API changes: through the inbox of a real scheduler over a real database, and what it refuses. */
import { createHash } from 'node:crypto'
import { createServer } from 'node:net'
import type { FastifyInstance, InjectOptions } from 'fastify'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createWebServer } from '../../webserver/create-web-server.ts'
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts'
import { startLeader } from './leading-scheduler.ts'
import { seed } from './seed.ts'
import { parts } from './web-server.ts'

let database: TestDatabase
let app: FastifyInstance
const logged: string[] = []

beforeAll(async () => {
  database = await createTestDatabase()
  await seed(database, true)
  app = createWebServer(parts({ pool: database.pool, log: (line) => logged.push(line) }))
  await app.ready()
})
afterAll(() => app.close())

type Method = NonNullable<InjectOptions['method']>

async function ask(method: Method, path: string, body?: object, headers: Record<string, string> = {}) {
  const options: InjectOptions = { method, url: `/api/v2${path}`, headers }
  const answer = await app.inject(body === undefined ? options : { ...options, payload: body })
  return { status: answer.statusCode, body: answer.body === '' ? null : answer.json(), text: answer.body }
}

const RUN = '/dags/sales/dagRuns/manual__2'
type Named = { readonly task_id: string }
const ids = (list: readonly Named[]) => list.map((one) => one.task_id)

describe('without a scheduler', () => {
  test('a command is answered at once with 503 and what to do', async () => {
    const answer = await ask('POST', '/dags/sales/dagRuns', {})
    expect(answer).toMatchObject({ status: 503, body: { detail: expect.stringMatching(/npm start/) } })
  })

  test('a clear can still be previewed', async () => {
    const { status, body } = await ask('POST', '/dags/sales/clearTaskInstances', { dag_run_id: 'manual__2' })
    expect(status).toBe(200)
    expect(ids(body.task_instances)).toEqual(['check', 'load'])
    const all = await ask('POST', '/dags/sales/clearTaskInstances', {
      dag_run_id: 'manual__2',
      only_failed: false,
      task_ids: ['extract'],
      include_downstream: true,
    })
    expect(ids(all.body.task_instances)).toEqual(['extract', 'check', 'load'])
  })

  test('a mark can still be previewed', async () => {
    const { body } = await ask('PATCH', `${RUN}/taskInstances/check/dry_run`, { new_state: 'success' })
    expect(ids(body.task_instances)).toEqual(['check'])
    expect(ids(body.cleared)).toEqual(['load'])
  })

  test('a mark of several, previewed as a whole', async () => {
    const marks = { task_ids: ['check', 'load'], new_state: 'success' }
    const { status, body } = await ask('POST', `${RUN}/markTaskInstances`, marks)
    expect([status, ids(body.task_instances), ids(body.cleared)]).toEqual([200, ['check', 'load'], []])
    const unknown = await ask('POST', `${RUN}/markTaskInstances`, { ...marks, task_ids: ['check', 'nothing'] })
    expect([unknown.status, unknown.body.detail]).toEqual([404, expect.stringContaining('nothing')])
    expect((await ask('POST', `${RUN}/markTaskInstances`, { ...marks, task_ids: [] })).status).toBe(422)
    expect((await ask('POST', `${RUN}/markTaskInstances`, { ...marks, dry_run: false })).status).toBe(503)
  })
})

describe('with a scheduler', () => {
  let leader: { stop(): Promise<void> }
  beforeAll(async () => {
    leader = await startLeader(database)
  })
  afterAll(() => leader.stop())

  test('pause and unpause', async () => {
    expect((await ask('PATCH', '/dags/sales', { is_paused: true })).body.is_paused).toBe(true)
    expect((await ask('PATCH', '/dags/none', { is_paused: true })).status).toBe(404)
  })

  test('trigger: defaults filled, who did it, one run for one key', async () => {
    const key = { 'idempotency-key': 'once' }
    const first = await ask('POST', '/dags/sales/dagRuns', { logical_date: null, note: 'by hand' }, key)
    expect(first).toMatchObject({
      status: 200,
      body: { state: 'queued', conf: { region: 'eu' }, note: 'by hand', triggering_user_name: 'anna' },
    })
    const again = await ask('POST', '/dags/sales/dagRuns', { logical_date: null, note: 'by hand' }, key)
    expect(again.body.dag_run_id).toBe(first.body.dag_run_id)
    const other = await ask('POST', '/dags/sales/dagRuns', { conf: { region: 'us' }, dag_run_id: 'mine' })
    expect(other.body).toMatchObject({ dag_run_id: 'mine', conf: { region: 'us' } })
    expect((await ask('POST', '/dags/sales/dagRuns', { conf: { region: 7 } })).body).toMatchObject({
      code: 'bad-params',
    })
    expect((await ask('POST', '/dags/none/dagRuns', {})).status).toBe(404)
  })

  test('one key for two requests by mistake: each gets its own answer', async () => {
    const key = { 'idempotency-key': 'reused', 'x-request-id': 'of a proxy' }
    const first = await ask('POST', '/dags/sales/dagRuns', { dag_run_id: 'key-1' }, key)
    const second = await ask('POST', '/dags/sales/dagRuns', { dag_run_id: 'key-2' }, key)
    expect([first.body.dag_run_id, second.body.dag_run_id]).toEqual(['key-1', 'key-2'])
    const note = (run: string) => ask('PATCH', `/dags/sales/dagRuns/${run}`, { note: 'same' }, key)
    expect((await note('key-1')).body).toMatchObject({ dag_run_id: 'key-1', note: 'same' })
    expect((await note('key-2')).body).toMatchObject({ dag_run_id: 'key-2', note: 'same' })
    // What a proxy or a tracer names a request by is no wish to have it answered once.
    const traced = { 'x-request-id': 'trace' }
    for (const text of ['one', 'other', 'one']) {
      expect((await ask('PATCH', '/dags/sales/dagRuns/key-1', { note: text }, traced)).body.note).toBe(text)
    }
  })

  test('a run whose id or logical date is taken is refused, in words', async () => {
    const again = await ask('POST', '/dags/sales/dagRuns', { dag_run_id: 'manual__2' })
    expect(again).toMatchObject({
      status: 409,
      body: { code: 'run-exists', detail: expect.stringContaining('"manual__2" already') },
    })
    const { body } = await ask('GET', RUN)
    const sameDate = await ask('POST', '/dags/sales/dagRuns', { dag_run_id: 'other', logical_date: body.logical_date })
    expect(sameDate).toMatchObject({ status: 409, body: { code: 'run-exists' } })
    for (const { text } of [again, sameDate]) expect(text).not.toMatch(/constraint|SQLSTATE|\.ts/)
    expect((await ask('GET', '/dags/sales/dagRuns/other')).status).toBe(404)
  })

  test('text that cannot be kept is refused in words, and the scheduler goes on', async () => {
    for (const text of ['\u0000', 'a\u0000b', '\ud800']) {
      for (const [method, path, body] of [
        ['POST', '/dags/sales/dagRuns', { dag_run_id: text }],
        ['POST', '/dags/sales/dagRuns', { dag_run_id: 'noted', note: text }],
        ['PATCH', RUN, { note: text }],
        ['POST', `${RUN}/cancel`, { task_ids: [text] }],
        ['POST', '/dags/sales/clearTaskInstances', { dag_run_id: 'manual__2', task_ids: [text], dry_run: false }],
        ['POST', '/pools', { name: text, slots: 1 }],
        ['PATCH', '/pools/warehouse', { description: text }],
      ] as const) {
        const answer = await ask(method, path, body)
        expect([400, 404, 409], `${method} ${path} ${JSON.stringify(body)}: ${answer.text}`).toContain(answer.status)
        expect(answer.text).not.toContain('SQLSTATE')
      }
    }
    // What would act on the terminal of who lists runs.
    for (const text of ['\u009b31m', '\u007f', 'a\nb', '\u202etxt', 'x'.repeat(251)]) {
      const answer = await ask('POST', '/dags/sales/dagRuns', { dag_run_id: text })
      expect([400, 422], JSON.stringify(text)).toContain(answer.status)
    }
    const conf = { region: 'a\u0000\ud800' }
    expect((await ask('POST', '/dags/sales/dagRuns', { dag_run_id: '𝕏 ok', conf })).body).toMatchObject({ conf })
  })

  test('note of a run and of a task instance', async () => {
    expect((await ask('PATCH', RUN, { note: 'seen' })).body.note).toBe('seen')
    expect((await ask('PATCH', RUN, { note: null })).body.note).toBeNull()
    const { body } = await ask('PATCH', `${RUN}/taskInstances/load`, { note: 'next' })
    expect(body.task_instances).toMatchObject([{ task_id: 'load', note: 'next' }])
  })

  test('mark: what the preview said, with what is cleared below', async () => {
    const { status, body } = await ask('PATCH', `${RUN}/taskInstances/check`, { new_state: 'success' })
    expect(status).toBe(200)
    expect(body.task_instances).toMatchObject([{ task_id: 'check', state: 'success' }])
    expect(body.cleared).toMatchObject([{ task_id: 'load', state: null }])
    // Its Dag is paused, so the run waits.
    expect((await ask('GET', RUN)).body.state).toBe('queued')
  })

  test('several marked by one command: all of them, or none', async () => {
    const marks = { dry_run: false, new_state: 'skipped' }
    const unknown = await ask('POST', `${RUN}/markTaskInstances`, { ...marks, task_ids: ['load', 'nothing'] })
    expect([unknown.status, unknown.body.detail]).toEqual([404, expect.stringContaining('nothing')])
    expect((await ask('GET', `${RUN}/taskInstances/load`)).body.state).toBeNull()
    const { status, body } = await ask('POST', `${RUN}/markTaskInstances`, { ...marks, task_ids: ['check', 'load'] })
    expect(status, JSON.stringify(body)).toBe(200)
    expect(body.task_instances).toMatchObject([
      { task_id: 'check', state: 'skipped' },
      { task_id: 'load', state: 'skipped' },
    ])
    await ask('POST', `${RUN}/clear`, { dry_run: false, only_failed: false })
  })

  test('cancel, clear and mark a run; delete only once it has ended', async () => {
    expect((await ask('DELETE', RUN)).status).toBe(409)
    expect((await ask('POST', `${RUN}/cancel`, {})).status).toBe(200)
    expect((await ask('GET', RUN)).body.state).toBe('failed')
    const dry = await ask('POST', `${RUN}/clear`, {})
    expect(dry.body.total_entries).toBeGreaterThan(0)
    const cleared = await ask('POST', `${RUN}/clear`, { dry_run: false })
    expect(cleared.body.state).toBe('queued')
    expect((await ask('PATCH', RUN, { state: 'success' })).body.state).toBe('success')
    expect((await ask('DELETE', RUN)).status).toBe(204)
    expect((await ask('GET', RUN)).status).toBe(404)
  })

  test('pools', async () => {
    expect((await ask('POST', '/pools', { name: 'small', slots: 2 })).status).toBe(201)
    expect((await ask('POST', '/pools', { name: 'small', slots: 2 })).status).toBe(409)
    expect((await ask('PATCH', '/pools/small', { slots: 3, description: 'few' })).body).toMatchObject({
      slots: 3,
      description: 'few',
    })
    expect((await ask('DELETE', '/pools/small')).status).toBe(204)
    expect((await ask('GET', '/pools/small')).status).toBe(404)
  })

  test('drain and resume', async () => {
    const health = async () => (await ask('GET', '/monitor/health')).body.scheduler
    expect((await ask('POST', '/platform/drain')).body.draining).toBe(true)
    expect(await health()).toMatchObject({ draining: true })
    expect((await ask('POST', '/platform/resume')).body.draining).toBe(false)
    expect(await health()).toMatchObject({ draining: false })
  })

  test('a command and its answer can be looked up', async () => {
    const refused = await ask('POST', '/dags/sales/dagRuns', { conf: { region: 7 } })
    const { body } = await ask('GET', `/commands/${refused.body.command_id}`)
    expect(body).toMatchObject({ state: 'refused', code: 'bad-params', actor: 'user:anna', kind: 'trigger' })
    expect((await ask('GET', '/commands/999999')).status).toBe(404)
  })
})

test('a scheduler that does not answer: 202 and where to ask', async () => {
  // A lease, and nobody behind it.
  await database.pool.query("update lease set expires_at = now() + interval '1 minute', holder = 'gone'")
  const patient = createWebServer(parts({ pool: database.pool, commandPatienceMs: 50 }))
  const answer = await patient.inject({ method: 'POST', url: '/api/v2/dags/sales/dagRuns', payload: {} })
  expect(answer.statusCode).toBe(202)
  const { command_id } = answer.json()
  expect((await ask('GET', `/commands/${command_id}`)).body.state).toBe('pending')
  await patient.close()
  await database.pool.query('update lease set expires_at = now()')
})

describe('without a scheduler, variables and connections', () => {
  test('are not changed: 503', async () => {
    expect((await ask('POST', '/variables', { key: 'a', value: '1' })).status).toBe(503)
    expect((await ask('DELETE', '/connections/none')).status).toBe(503)
    expect((await ask('GET', '/variables')).body.total_entries).toBe(0)
  })
})

describe('variables and connections', () => {
  let leader: { stop(): Promise<void> }
  beforeAll(async () => {
    leader = await startLeader(database)
  })
  afterAll(() => leader.stop())

  test('each change is in the history with who made it, and no value is anywhere but in its table', async () => {
    const key = { 'idempotency-key': 'one secret' }
    const secret = { key: 'audited', value: 'hunter4', is_secret: true }
    expect((await ask('POST', '/variables', secret, key)).status).toBe(201)
    // The same request once more: the first answer, no second change.
    expect((await ask('POST', '/variables', secret, key)).status).toBe(201)
    expect((await ask('POST', '/variables', { key: 'open', value: 'plainly' })).status).toBe(201)
    const connection = { connection_id: 'audited', conn_type: 'http', password: 'hunter5' }
    expect((await ask('POST', '/connections', connection)).status).toBe(201)
    expect((await ask('POST', '/connections', connection)).status).toBe(409)
    for (const path of ['/variables/audited', '/variables/open', '/connections/audited']) {
      expect((await ask('DELETE', path)).status).toBe(204)
    }
    const { rows } = await database.pool.query<{ what: string }>(
      `select kind || ' ' || actor || ' ' || cause as what from event
       where kind like 'variable.%' or kind like 'connection.%' order by id`,
    )
    expect(rows.map((row) => row.what)).toEqual([
      'variable.set user:anna audited (secret)',
      'variable.set user:anna open',
      'connection.set user:anna audited',
      'variable.deleted user:anna audited',
      'variable.deleted user:anna open',
      'connection.deleted user:anna audited',
    ])
    const named = await database.pool.query<{ name: string }>('select idempotency_key as name from command')
    const whole = JSON.stringify(['user:anna', 'one secret', 'set-variable', 'POST', '/api/v2/variables', secret])
    const guess = createHash('sha256').update(whole).digest('base64url')
    // Whoever knows all but the secret cannot tell a right guess by it.
    expect(named.rows.map((row) => row.name)).not.toContain(guess)
    const kept = await database.pool.query('select request, answer from command')
    const events = await database.pool.query('select * from event')
    // Not even encrypted: that would outlive the secret itself.
    expect(JSON.stringify([kept.rows, events.rows])).not.toMatch(/hunter[45]|plainly|v1:/)
  })

  test('a variable, and a secret that never comes out', async () => {
    expect((await ask('POST', '/variables', { key: 'a', value: { x: 1 } })).body).toMatchObject({ value: '{"x":1}' })
    expect((await ask('POST', '/variables', { key: 'a', value: '2' })).status).toBe(409)
    expect((await ask('PATCH', '/variables/a', { value: '2', description: 'two' })).body.description).toBe('two')
    const secret = await ask('POST', '/variables', { key: 's', value: 'hunter2', is_secret: true })
    const texts = [secret.text, (await ask('GET', '/variables')).text, (await ask('GET', '/variables/s')).text]
    expect(texts.join()).not.toContain('hunter2')
    expect((await ask('PATCH', '/variables/s', { value: 'hunter3' })).body).toMatchObject({
      is_secret: true,
      value: null,
    })
    expect((await ask('DELETE', '/variables/s')).status).toBe(204)
    expect((await ask('DELETE', '/variables/s')).status).toBe(404)
  })

  test('a connection, whose secrets stay when others change', async () => {
    const made = await ask('POST', '/connections', {
      connection_id: 'dwh',
      conn_type: 'postgres',
      host: 'db',
      password: 'hunter2',
      extra: '{"sslmode":"require"}',
    })
    expect(made).toMatchObject({ status: 201, body: { has_password: true, has_extra: true } })
    const changed = await ask('PATCH', '/connections/dwh', { login: 'etl', host: 'db' })
    expect(changed.body).toMatchObject({ login: 'etl', has_password: true })
    expect((await ask('PATCH', '/connections/dwh', { password: null })).body.has_password).toBe(false)
    expect([made.text, changed.text, (await ask('GET', '/connections')).text].join()).not.toMatch(/hunter2|sslmode/)
    expect((await ask('POST', '/connections', { connection_id: 'x', conn_type: 'http', extra: '[]' })).status).toBe(400)
    expect((await ask('DELETE', '/connections/dwh')).status).toBe(204)
  })

  test('kept secrets do not follow a connection to another place', async () => {
    const made = { connection_id: 'kept', conn_type: 'postgres', host: 'db', port: 5432, schema: 'dwh', login: 'etl' }
    const secrets = { password: 'hunter6', extra: '{"hostaddr":"10.0.0.1","sslmode":"require"}' }
    expect((await ask('POST', '/connections', { ...made, ...secrets })).status).toBe(201)
    const change = (body: object) => ask('PATCH', '/connections/kept', body)
    for (const [body, named] of [
      [{ host: 'evil' }, /would lead elsewhere \(host\).*send the password and extra again/],
      [{ port: 1, schema: null }, /\(port, schema\)/],
      [{ conn_type: 'http' }, /\(type\)/],
      [{ host: 'evil', extra: null }, /\(host, extra.hostaddr\).*send the password again/],
      [{ extra: '{"hostaddr":"10.6.6.6"}' }, /\(extra.hostaddr\)/],
      [{ extra: '{"hostaddr":"10.0.0.1","proxies":{"http":"evil"}}' }, /\(extra.proxies\)/],
      [{ host: 'evil', password: 'mine' }, /\(host\).*send the extra again/],
    ] as const) {
      const { status, body: answer } = await change(body)
      expect([status, answer.detail], JSON.stringify(body)).toEqual([400, expect.stringMatching(named)])
    }
    expect((await ask('GET', '/connections/kept')).body).toMatchObject({ ...made, has_password: true })
    expect((await change({ extra: '{"sslmode":"verify-full","hostaddr":"10.0.0.1"}' })).status).toBe(200)
    expect((await change({ host: 'db2', ...secrets })).body).toMatchObject({ host: 'db2', has_password: true })
    const away = await change({ host: 'db3', password: null, extra: null })
    expect(away.body).toMatchObject({ host: 'db3', has_password: false, has_extra: false })
    expect((await change({ host: 'db4' })).status).toBe(200)
  })

  test('a kept password is tried at its own place only', async () => {
    const { host, port, user, password, database: schema } = database.connection
    const place = { conn_type: 'postgres', host, port: port ?? 5432, schema, login: user }
    expect((await ask('POST', '/connections', { connection_id: 'own', ...place, password })).status).toBe(201)
    const seen: string[] = []
    const server = createServer((socket) => {
      // Asks for the password in plain text, whatever the client begins with.
      socket.once('data', () => socket.write(Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 3])))
      let answers = 0
      socket.on('data', (data) => {
        seen.push(data.toString('latin1'))
        if (++answers === 2) socket.end()
      })
      socket.on('error', () => {})
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port: other } = server.address() as { port: number }
    const body = { connection_id: 'own', ...place }
    const elsewhere = { ...body, host: '127.0.0.1', port: other }
    await ask('POST', '/connections/test', elsewhere)
    await ask('POST', '/connections/test', { ...elsewhere, extra: '{}' })
    expect(seen.length).toBeGreaterThan(0)
    expect(seen.join()).not.toContain(password as string)
    await new Promise((resolve) => server.close(resolve))
    expect((await ask('POST', '/connections/test', body)).body).toMatchObject({ status: true })
  })

  test('secrets of a key that is lost: the message says what to do, and doing it helps', async () => {
    const made = { connection_id: 'lost', conn_type: 'http', host: 'db', password: 'hunter7', extra: '{"token":"t"}' }
    expect((await ask('POST', '/connections', made)).status).toBe(201)
    const lost = "'v1:000000000000:AAAA'"
    await database.pool.query(`update connection set password = ${lost}, extra = ${lost} where id = 'lost'`)
    const { password: _password, extra: _extra, ...plain } = made
    const tried = await ask('POST', '/connections/test', plain)
    expect(tried).toMatchObject({
      status: 409,
      body: { detail: expect.stringMatching(/key 0{12}.*set the secret anew/) },
    })
    expect((await ask('PATCH', '/connections/lost', { description: 'seen' })).status).toBe(200)
    expect((await ask('PATCH', '/connections/lost', { extra: '{}' })).status).toBe(400)
    expect((await ask('PATCH', '/connections/lost', { host: 'db2', password: 'new', extra: '{}' })).status).toBe(200)
    expect((await ask('POST', '/variables', { key: 'lost', value: 'x', is_secret: true })).status).toBe(201)
    await database.pool.query(`update variable set value = ${lost} where key = 'lost'`)
    expect((await ask('PATCH', '/variables/lost', { value: 'new' })).status).toBe(200)
  })

  test('a connection is tried in a process of its own', async () => {
    const server = createServer((socket) => socket.destroy())
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const tcp = { connection_id: 't', conn_type: 'generic', host: '127.0.0.1', port }
    expect((await ask('POST', '/connections/test', tcp)).body).toMatchObject({ status: true })
    await new Promise((resolve) => server.close(resolve))
    const gone = await ask('POST', '/connections/test', { ...tcp, conn_type: 'postgres', password: 'hunter2' })
    expect(gone).toMatchObject({ status: 200, body: { status: false } })
    expect(gone.text).not.toContain('hunter2')
  })

  test('PostgreSQL: signs in', async () => {
    const { host, port, user, password, database: schema } = database.connection
    const target = {
      connection_id: 'p',
      conn_type: 'postgres',
      host,
      port: port ?? 5432,
      login: user,
      password,
      schema,
    }
    expect((await ask('POST', '/connections/test', target)).body).toMatchObject({
      status: true,
      message: expect.stringMatching(/Signed in to PostgreSQL/),
    })
  })
})

describe('a Dag', () => {
  let leader: { stop(): Promise<void> }
  beforeAll(async () => {
    leader = await startLeader(database)
  })
  afterAll(() => leader.stop())

  test('is deleted with its runs, and the answer says when it comes back', async () => {
    const answer = await ask('DELETE', '/dags/sales')
    expect(answer).toMatchObject({
      status: 200,
      body: { dag_id: 'sales', detail: expect.stringMatching(/comes back/) },
    })
    expect((await ask('GET', '/dags/sales')).status).toBe(404)
    const left = await database.pool.query("select from dag_run where dag_id = 'sales'")
    expect(left.rowCount).toBe(0)
    const history = await ask('GET', '/eventLogs?dag_id=sales&order_by=-id&limit=1')
    expect(history.body.event_logs).toMatchObject([{ event: 'dag.deleted', owner: 'user:anna' }])
    expect(await ask('DELETE', '/dags/sales')).toMatchObject({ status: 404, body: { code: 'dag-not-found' } })
  })
})

describe('refused', () => {
  test.each([
    ['GET', '/dags?limt=5', 422, 'limt'],
    ['GET', '/dags?limit=1001', 422, 'limit'],
    ['GET', '/dags?order_by=nothing', 400, 'nothing'],
    ['GET', '/dags/~/dagRuns?state=broken', 422, 'state'],
    ['GET', '/dags/~/dagRuns?cursor=abc', 422, 'cursor'],
    ['GET', '/dags/a%00b', 400, 'stored'],
    ['GET', '/dags/%2e%2e%2f%2e%2e%2fetc%2fpasswd', 404, 'no Dag'],
    ['GET', '/dagSources/..%2f..%2fpackage.json', 404, 'no Dag'],
    ['GET', '/docs/static/..%2f..%2fpackage.json', 404, 'detail'],
  ] as const)('%s %s: %i', async (method, path, status, word) => {
    const answer = await ask(method, path)
    expect(answer.status, answer.text).toBe(status)
    expect(answer.text).toContain(word)
  })

  test('an unknown field of a body, by its name', async () => {
    expect(await ask('PATCH', '/dags/sales', { is_paused: true, colour: 'red' })).toMatchObject({
      status: 422,
      body: { detail: [{ type: 'extra_forbidden', loc: ['body', 'colour'] }] },
    })
    expect((await ask('PATCH', '/dags/sales', { is_paused: 'true' })).status).toBe(422)
  })

  test('a body over a megabyte, a body that is no JSON', async () => {
    expect((await ask('POST', '/variables', { key: 'big', value: 'x'.repeat(1_100_000) })).status).toBe(413)
    const headers = { 'content-type': 'application/json' }
    const answer = await app.inject({ method: 'POST', url: '/api/v2/variables', payload: '{', headers })
    expect(answer.statusCode).toBe(400)
  })
})

test('nothing of all this was an error of ours', () => {
  expect(logged).toEqual([])
})
