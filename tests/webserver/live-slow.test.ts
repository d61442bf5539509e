/** A client of the WebSocket that does not read: the server keeps little for it, loses nothing, and cuts it when it is silent. */
import type { FastifyInstance } from 'fastify'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { createPostgresStore, type PostgresStore } from '../../database/store/postgres-store.ts'
import { createToken } from '../../database/users/tokens.ts'
import { DEFAULT_ACCESS } from '../../webserver/auth/index.ts'
import { createWebServer } from '../../webserver/create-web-server.ts'
import type { WebServerParts } from '../../webserver/web-server-parts.ts'
import { event, noWrites, run, ti, tryOf } from '../support/records.ts'
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts'
import { RawSocket } from './raw-socket.ts'
import { parts } from './web-server.ts'

const KB = 1024
/** What may wait, and one message more. */
const MOST_WAITING = 512 * KB + 1_024 * KB

interface Message {
  readonly type: string
  readonly id: string
  readonly events?: readonly { readonly id: number }[]
  readonly lines?: readonly unknown[]
  readonly position: number
}

let database: TestDatabase
let store: PostgresStore
let epoch: number
let token: string
let nextEvent = 1
const apps: FastifyInstance[] = []
const clients: RawSocket[] = []

beforeAll(async () => {
  database = await createTestDatabase()
  store = await createPostgresStore(database.connection)
  epoch = (await store.acquireLease('host-a:1:1'))!.epoch
  token = (await createToken(database.pool, { name: 'test', role: 'viewer', owner: 'cli', lifeMs: null })).token
})
afterEach(async () => {
  for (const client of clients.splice(0)) client.end()
  for (const app of apps.splice(0)) await app.close()
})
afterAll(() => store.close())

async function serve(over: Partial<WebServerParts> = {}) {
  const app = createWebServer(parts({ pool: database.pool, access: DEFAULT_ACCESS, ...over }))
  apps.push(app)
  const address = await app.listen({ host: '127.0.0.1', port: 0 })
  const waiting = () => Math.max(0, ...[...app.websocketServer.clients].map((client) => client.bufferedAmount))
  return { app, address, waiting }
}

async function open(address: string, onMessage: (message: Message) => void = () => {}): Promise<RawSocket> {
  const client = await RawSocket.open(address, token, (text) => onMessage(JSON.parse(text) as Message))
  clients.push(client)
  return client
}

/** Each is about a kilobyte. */
async function commit(count: number): Promise<void> {
  const events = Array.from({ length: count }, () => event(nextEvent++, { dagId: 'sales', cause: 'x'.repeat(KB) }))
  expect(await store.commit(epoch, { ...noWrites, events })).toEqual({ status: 'committed' })
}

it('events: little waits for it, and it gets every one when it reads again', async () => {
  const { address, waiting } = await serve()
  const ids: number[] = []
  const allRead = Promise.withResolvers<void>()
  const client = await open(address, (message) => {
    if (message.id !== 'a') return
    for (const one of message.events ?? []) ids.push(one.id)
    if (message.position === 20_000) allRead.resolve()
  })
  for (const id of ['a', 'b', 'c']) client.say({ type: 'subscribe', id, topic: 'events', after: 0 })
  // Three times 20 MB: more than the system keeps for a connection.
  let most = 0
  for (let i = 0; i < 10; i++) {
    await commit(2_000)
    most = Math.max(most, waiting())
  }
  await expect.poll(waiting, { interval: 20 }).toBeGreaterThan(256 * KB)
  // Whoever reads is not held up by it.
  const other = await open(address, (message) => {
    if (message.position === 20_000) told.resolve()
  })
  const told = Promise.withResolvers<void>()
  other.read()
  other.say({ type: 'subscribe', id: 'o', topic: 'events', after: 19_000 })
  await told.promise
  expect(Math.max(most, waiting())).toBeLessThan(MOST_WAITING)
  client.read()
  await allRead.promise
  expect(ids).toEqual(Array.from({ length: 20_000 }, (_, i) => i + 1))
})

it('logs: of many at once little waits', async () => {
  await store.commit(epoch, {
    ...noWrites,
    insertedRuns: [run(50, 'sales', { runId: 'r', state: 'running', logicalDate: null })],
    insertedTis: [ti(500, 50, 'load', { state: 'running', tryNumber: 1 })],
    insertedTries: [tryOf(500, 1, 50, { state: 'running' })],
  })
  const line = { at: 1, level: 'info' as const, source: 'task' as const, text: 'x'.repeat(KB) }
  const lines = Array.from({ length: 1_000 }, () => line)
  const read: WebServerParts['logs']['read'] = async (_address, from = 0) => ({ lines, nextByte: from + 1 })
  const { address, waiting } = await serve({ logs: { read } })
  const client = await open(address)
  const request = { type: 'subscribe', topic: 'log', dag_id: 'sales', dag_run_id: 'r', task_id: 'load', try_number: 1 }
  for (let i = 0; i < 32; i++) client.say({ ...request, id: `${i}` })
  await expect.poll(waiting, { interval: 20 }).toBeGreaterThan(256 * KB)
  // The logs are looked at four times a second.
  let most = 0
  const until = performance.now() + 1_500
  await expect
    .poll(
      () => {
        most = Math.max(most, waiting())
        return performance.now() > until
      },
      { interval: 10, timeout: 5_000 },
    )
    .toBe(true)
  expect(most).toBeLessThan(512 * KB + 2 * 1_100 * KB)
})

it('one that answers no ping is cut, and its place is free', async () => {
  const { app, address } = await serve({ socketTimes: { pingEveryMs: 50, checkEveryMs: 10_000 } })
  const client = await open(address)
  client.say({ type: 'subscribe', id: 'a', topic: 'events', after: 0 })
  client.read()
  await client.closed
  await expect.poll(() => app.websocketServer.clients.size).toBe(0)
})
