/** The WebSocket over a real Store: order, positions, catching up, slow readers, limits, sign-in. */
import { randomUUID } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { EventRecord } from '../../core/records.ts'
import { createPostgresStore, type PostgresStore } from '../../database/store/postgres-store.ts'
import { createToken, revokeToken } from '../../database/users/tokens.ts'
import { createUser, setDisabled } from '../../database/users/users.ts'
import { DEFAULT_ACCESS } from '../../webserver/auth/index.ts'
import { createWebServer } from '../../webserver/create-web-server.ts'
import type { WebServerParts } from '../../webserver/web-server-parts.ts'
import { event, noWrites, run, ti, tryOf } from '../support/records.ts'
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts'
import { parts } from './web-server.ts'

const PASSWORD = 'correct horse battery'
let database: TestDatabase
let store: PostgresStore
let epoch: number
let token: string
let nextEvent = 1
const apps: FastifyInstance[] = []
const clients: Client[] = []

beforeAll(async () => {
  database = await createTestDatabase()
  store = await createPostgresStore(database.connection)
  epoch = (await store.acquireLease('host-a:1:1'))!.epoch
  token = (await createToken(database.pool, { name: 'test', role: 'viewer', owner: 'cli', lifeMs: null })).token
  await createUser(database.pool, { name: 'anna', password: PASSWORD, role: 'viewer' })
})
afterEach(async () => {
  for (const client of clients.splice(0)) client.socket.close()
  for (const app of apps.splice(0)) await app.close()
})
afterAll(() => store.close())

async function serve(over: Partial<WebServerParts> = {}): Promise<string> {
  const app = createWebServer(parts({ pool: database.pool, access: DEFAULT_ACCESS, ...over }))
  apps.push(app)
  return app.listen({ host: '127.0.0.1', port: 0 })
}

interface Message {
  readonly type: string
  readonly id: string
  readonly events?: readonly { readonly id: number; readonly dag_id: string | null; readonly at: number }[]
  readonly lines?: readonly { readonly text: string }[]
  readonly position?: number
  readonly ended?: boolean
  readonly message?: string
}

class Client {
  readonly socket: WebSocket
  readonly messages: Message[] = []
  readonly closed: Promise<number>
  #waiters: (() => void)[] = []

  constructor(address: string, headers: Record<string, string> = { authorization: `Bearer ${token}` }) {
    // Node's client takes headers, beyond what browsers allow.
    this.socket = new WebSocket(`${address.replace('http', 'ws')}/api/v2/ws`, { headers } as unknown as string[])
    this.socket.onmessage = ({ data }) => {
      this.messages.push(JSON.parse(String(data)) as Message)
      for (const waiter of this.#waiters.splice(0)) waiter()
    }
    this.closed = new Promise((resolve) => {
      this.socket.onclose = ({ code }) => resolve(code)
    })
    clients.push(this)
  }

  async open(): Promise<this> {
    await new Promise<void>((resolve, reject) => {
      this.socket.onopen = () => resolve()
      this.socket.onerror = () => reject(new Error('refused'))
    })
    return this
  }

  say(message: unknown): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message))
  }

  async until(isThere: (messages: readonly Message[]) => boolean): Promise<readonly Message[]> {
    while (!isThere(this.messages)) await new Promise<void>((resolve) => this.#waiters.push(resolve))
    return this.messages
  }

  ids(): number[] {
    return this.messages.flatMap((message) => message.events?.map((one) => one.id) ?? [])
  }
}

async function commit(count: number, over: Partial<EventRecord> = {}): Promise<number[]> {
  const events = Array.from({ length: count }, () => event(nextEvent++, { dagId: 'sales', ...over }))
  expect(await store.commit(epoch, { ...noWrites, events })).toEqual({ status: 'committed' })
  return events.map((one) => one.id)
}

describe('events', () => {
  it('come in order as they are committed, by Dag where asked', async () => {
    const address = await serve()
    const client = await new Client(address).open()
    const other = await new Client(address).open()
    client.say({ type: 'subscribe', id: 'a', topic: 'events' })
    other.say({ type: 'subscribe', id: 'b', topic: 'events', dag_id: 'other' })
    await client.until((all) => all.length === 1)
    await other.until((all) => all.length === 1)
    expect(client.messages[0]).toMatchObject({ type: 'events', id: 'a', events: [], position: nextEvent - 1 })
    const ids = [...(await commit(3)), ...(await commit(1, { dagId: 'other' })), ...(await commit(2))]
    await client.until(() => client.ids().length === 6)
    expect(client.ids()).toEqual(ids)
    expect(client.messages.at(-1)!.position).toBe(ids.at(-1))
    await other.until(() => other.ids().length === 1)
    expect(other.ids()).toEqual([ids[3]])
    expect(client.messages[1]!.events![0]).toEqual({
      id: ids[0],
      at: expect.any(Number),
      kind: 'ti.queued',
      dag_id: 'sales',
      dag_run_id: null,
      ti_id: null,
      try_number: null,
      actor: 'scheduler',
      cause: null,
    })
  })

  it('who was away goes on from its position and misses nothing, also over a restart', async () => {
    const first = await new Client(await serve()).open()
    first.say({ type: 'subscribe', id: 'a', topic: 'events' })
    const [{ position }] = (await first.until((all) => all.length === 1)) as [Message]
    first.socket.close()
    // More than one page of the database.
    const missed = [...(await commit(1_500)), ...(await commit(700, { dagRunId: 7 })), ...(await commit(10))]
    const address = await serve()
    const second = await new Client(address).open()
    second.say({ type: 'subscribe', id: 'a', topic: 'events', after: position })
    const ofRun = await new Client(address).open()
    ofRun.say({ type: 'subscribe', id: 'r', topic: 'events', after: position, dag_run_id: 7 })
    const fresh = await commit(5, { dagRunId: 7 })
    await second.until(() => second.ids().length >= missed.length + fresh.length)
    expect(second.ids()).toEqual([...missed, ...fresh])
    await ofRun.until(() => ofRun.ids().length >= 705)
    expect(ofRun.ids()).toEqual([...missed.slice(1_500, 2_200), ...fresh])
  })

  it('a break of the listening connection loses nothing', async () => {
    const client = await new Client(await serve()).open()
    client.say({ type: 'subscribe', id: 'a', topic: 'events' })
    await client.until((all) => all.length === 1)
    await database.pool.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and pid <> pg_backend_pid() and query like 'listen tradewind_event%'`,
    )
    const ids = await commit(4)
    await client.until(() => client.ids().length === 4)
    expect(client.ids()).toEqual(ids)
  })

  it('are there within 200 ms (p95) of the commit at 100 a second', async () => {
    const client = await new Client(await serve()).open()
    client.say({ type: 'subscribe', id: 'a', topic: 'events' })
    await client.until((all) => all.length === 1)
    const committed = new Map<number, number>()
    const delays: number[] = []
    client.socket.addEventListener('message', ({ data }) => {
      for (const one of (JSON.parse(String(data)) as Message).events ?? []) {
        delays.push(performance.now() - (committed.get(one.id) ?? performance.now()))
      }
    })
    for (let i = 0; i < 200; i++) {
      const next = performance.now() + 10
      const [id] = await commit(1)
      committed.set(id!, performance.now())
      const rest = next - performance.now()
      if (rest > 0) await new Promise((resolve) => setTimeout(resolve, rest))
    }
    await client.until(() => client.ids().length === 200)
    const p95 = delays.sort((a, b) => a - b)[Math.floor(delays.length * 0.95)]!
    expect(p95).toBeLessThan(200)
  })
})

describe('logs', () => {
  it('are followed to the end of the try', async () => {
    const runId = randomUUID()
    await store.commit(epoch, {
      ...noWrites,
      insertedRuns: [run(50, 'sales', { runId, state: 'running', logicalDate: null })],
      insertedTis: [ti(500, 50, 'load', { state: 'running', tryNumber: 1 })],
      insertedTries: [tryOf(500, 1, 50, { state: 'running' })],
    })
    const log = ['one', 'two']
    const read: WebServerParts['logs']['read'] = async (_address, from = 0) => ({
      lines: log.slice(from).map((text) => ({ at: 1, level: 'info' as const, source: 'task' as const, text })),
      nextByte: log.length,
    })
    const client = await new Client(await serve({ logs: { read } })).open()
    const name = { dag_id: 'sales', dag_run_id: runId, task_id: 'load', try_number: 1 }
    client.say({ type: 'subscribe', id: 'l', topic: 'log', ...name })
    client.say({ type: 'subscribe', id: 'x', topic: 'log', ...name, task_id: 'nothing' })
    const texts = () => client.messages.flatMap((message) => message.lines?.map((line) => line.text) ?? [])
    await client.until((all) => texts().length === 2 && all.some((message) => message.id === 'x'))
    expect(client.messages.find((message) => message.id === 'x')).toMatchObject({ type: 'error' })
    log.push('three')
    await client.until(() => texts().length === 3)
    expect(client.messages.some((message) => message.ended)).toBe(false)
    await store.commit(epoch, {
      ...noWrites,
      updatedTries: [tryOf(500, 1, 50, { state: 'success', endDate: Date.now() })],
    })
    log.push('last')
    await client.until((all) => all.some((message) => message.ended === true))
    expect(texts()).toEqual(['one', 'two', 'three', 'last'])
    expect(client.messages.at(-1)!.position).toBe(4)
  })
})

describe('limits', () => {
  it('nonsense gets an answer, too much of it the end', async () => {
    const client = await new Client(await serve()).open()
    for (const message of [
      '',
      '{',
      '[]',
      'null',
      '{"type":"subscribe"}',
      { type: 'subscribe', id: 'a', topic: 'events', x: 1 },
    ]) {
      client.say(message)
    }
    await client.until((all) => all.length === 6)
    expect(client.messages.every((message) => message.type === 'error')).toBe(true)
    client.say('x'.repeat(5_000))
    expect(await client.closed).toBe(1009)
    const flood = await new Client(await serve()).open()
    for (let i = 0; i < 300; i++) flood.say('{}')
    expect(await flood.closed).toBe(1008)
  })

  it('of subscriptions', async () => {
    const client = await new Client(await serve()).open()
    for (let i = 0; i < 33; i++) client.say({ type: 'subscribe', id: `s${i}`, topic: 'events' })
    await client.until((all) => all.length === 33)
    expect(client.messages.filter((message) => message.type === 'error')).toHaveLength(1)
  })

  it('of sockets: those of one person leave room for others, and come back when they close', async () => {
    const address = await serve()
    const mine = await Promise.all(Array.from({ length: 100 }, () => new Client(address).open()))
    const oneMore = await new Client(address).open()
    expect(await oneMore.closed).toBe(1013)
    const cookie = await signIn(address)
    const other = await new Client(address, { cookie, origin: address }).open()
    other.say({ type: 'subscribe', id: 'a', topic: 'events' })
    await other.until((all) => all.length === 1)
    mine[0]!.socket.close()
    await expect.poll(() => apps.at(-1)!.websocketServer.clients.size).toBe(100)
    const again = await new Client(address).open()
    again.say({ type: 'subscribe', id: 'a', topic: 'events' })
    await again.until((all) => all.length === 1)
  })
})

describe('sign-in', () => {
  it('without, or from another site, there is no socket', async () => {
    const address = await serve()
    await expect(new Client(address, {}).open()).rejects.toThrow()
    const cookie = await signIn(address)
    await expect(new Client(address, { cookie }).open()).rejects.toThrow()
    await expect(new Client(address, { cookie, origin: 'http://evil.example' }).open()).rejects.toThrow()
    await expect(new Client(address, { cookie, origin: address }).open()).resolves.toBeDefined()
  })

  it('when it ends the socket is closed', async () => {
    const address = await serve({ socketTimes: { pingEveryMs: 10_000, checkEveryMs: 20 } })
    const made = await createToken(database.pool, { name: 'short', role: 'viewer', owner: 'cli', lifeMs: null })
    const byToken = await new Client(address, { authorization: `Bearer ${made.token}` }).open()
    const bySession = await new Client(address, { cookie: await signIn(address), origin: address }).open()
    await revokeToken(database.pool, made.id)
    expect(await byToken.closed).toBe(4401)
    await setDisabled(database.pool, 'anna', true)
    expect(await bySession.closed).toBe(4401)
    await setDisabled(database.pool, 'anna', false)
  })
})

async function signIn(address: string): Promise<string> {
  const answer = await fetch(`${address}/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'anna', password: PASSWORD }),
  })
  return answer.headers.get('set-cookie')!.split(';')[0]!
}
