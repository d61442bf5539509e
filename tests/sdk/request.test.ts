/** `request` within a task, against a real server. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { TaskClient } from '../../sdk/index.ts'
import { HttpError, request } from '../../sdk/index.ts'
import { buildContext, runInScope, type Scope } from '../../sdk/internal.ts'

interface Received {
  readonly method: string | undefined
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

let server: Server
let url: string
let received: Received[] = []
let answer: (response: ServerResponse) => void
const waiting = new Set<() => void>()

beforeAll(async () => {
  server = createServer((incoming, response) => {
    let body = ''
    incoming.on('data', (chunk: Buffer) => {
      body += chunk.toString()
    })
    incoming.on('end', () => {
      received.push({ method: incoming.method, headers: incoming.headers, body })
      for (const look of waiting) look()
      answer(response)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})
beforeEach(() => {
  received = []
  answer = (response) => response.end('{"id":"p1"}')
})

function scope(change: { correlationId?: string | null; signal?: AbortSignal; runId?: string } = {}): Scope {
  const context = buildContext({
    dagId: 'd',
    taskId: 'charge',
    runId: change.runId ?? 'manual__1',
    tryNumber: 1,
    mapIndex: -1,
    signal: change.signal ?? new AbortController().signal,
    filesDir: '/files',
    logger: { debug() {}, info() {}, warn() {}, error() {} },
    context: {
      runType: 'manual',
      logicalDate: null,
      dataIntervalStart: null,
      dataIntervalEnd: null,
      runAfter: 0,
      timezone: 'UTC',
      params: {},
      idempotencyKey: 'charge-abc',
      correlationId: change.correlationId ?? null,
      maxTries: 4,
    },
  })
  return { context, client: {} as TaskClient }
}

const inTask = <T>(work: () => Promise<T>, change?: Parameters<typeof scope>[0]) => runInScope(scope(change), work)

async function errorOf(work: () => Promise<unknown>, change?: Parameters<typeof scope>[0]): Promise<unknown> {
  return await inTask(work, change).then(
    () => undefined,
    (error: unknown) => error,
  )
}

test('it carries the keys of the task, and JSON', async () => {
  const charge = async () => await (await request(`${url}/charges`, { json: { amount: 5 } })).json()
  expect(await inTask(charge, { correlationId: 'order-7' })).toEqual({ id: 'p1' })
  expect(received).toMatchObject([
    {
      method: 'POST',
      headers: {
        'idempotency-key': 'charge-abc',
        'x-correlation-id': 'order-7',
        'content-type': 'application/json',
      },
      body: '{"amount":5}',
    },
  ])
})

test('without a correlation id the run id stands for it; names that are no ASCII are encoded', async () => {
  await inTask(() => request(url, { method: 'PUT' }), { runId: 'manual__ü' })
  expect(received[0]?.headers['x-correlation-id']).toBe('manual__%C3%BC')
})

test('what changes nothing needs no key; what the author sets stays', async () => {
  await inTask(() => request(url))
  await inTask(() => request(url, { method: 'POST', idempotencyKey: null }))
  await inTask(() => request(url, { method: 'POST', idempotencyKey: 'mine', headers: { 'x-correlation-id': 'c' } }))
  await inTask(() => request(url, { method: 'DELETE', headers: { 'Idempotency-Key': 'by hand' } }))
  expect(received.map(({ headers }) => [headers['idempotency-key'], headers['x-correlation-id']])).toEqual([
    [undefined, 'manual__1'],
    [undefined, 'manual__1'],
    ['mine', 'c'],
    ['by hand', 'manual__1'],
  ])
})

test('a key goes out for one request only, which may be sent again', async () => {
  const twice = async () => {
    await request(`${url}/charges`, { json: { amount: 5 } })
    await request(`${url}/charges`, { json: { amount: 5 } })
    await request(`${url}/mails?token=hidden`, { json: {}, idempotencyKey: 'other' })
    await request(`${url}/mails?token=hidden`, { json: {} })
  }
  const error = await errorOf(twice)
  expect(received).toHaveLength(3)
  expect(String(error)).toContain(`has sent POST ${url}/charges with the idempotency key "charge-abc"`)
  expect(String(error)).toContain(`another POST ${url}/mails with it`)
  expect(String(error)).toContain('/mail`')
})

test('an answer that is no success is an error with status and the first part of the body', async () => {
  answer = (response) => {
    response.statusCode = 502
    response.end(`${'the payment provider is down. '.repeat(10_000)}`)
  }
  const error = await errorOf(() => request(`${url}/charges?key=hidden`, { json: {} }))
  expect(error).toBeInstanceOf(HttpError)
  const { status, message, body } = error as HttpError
  expect(status).toBe(502)
  expect(message).toMatch(/^POST http:\/\/127\.0\.0\.1:\d+\/charges was answered 502 Bad Gateway: the payment provider/)
  expect(message.length).toBeLessThan(700)
  expect(body).toHaveLength(2_000)
  expect(message).not.toContain('hidden')
})

test('an empty answer, and one that breaks off, are told too', async () => {
  answer = (response) => {
    response.statusCode = 404
    response.end()
  }
  expect(await errorOf(() => request(url))).toMatchObject({
    status: 404,
    body: '',
    message: expect.stringMatching(/404 Not Found$/),
  })
  answer = (response) => {
    response.writeHead(500, { 'content-length': 100 })
    response.write('half of', () => response.destroy())
  }
  expect(await errorOf(() => request(url))).toMatchObject({ status: 500 })
})

test('no answer is an error that says why', async () => {
  const closed = createServer()
  await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve))
  const { port } = closed.address() as AddressInfo
  await new Promise((resolve) => closed.close(resolve))
  const error = await errorOf(() => request(`http://127.0.0.1:${port}/x`))
  expect(error).toMatchObject({ name: 'HttpError', status: null })
  expect(String(error)).toContain(`GET http://127.0.0.1:${port}/x failed: connect ECONNREFUSED`)
})

test('it ends with the try, or when the author says so', async () => {
  answer = () => {}
  const arrived = () => new Promise<void>((resolve) => waiting.add(resolve))
  const ofTry = new AbortController()
  const first = errorOf(() => request(url), { signal: ofTry.signal })
  await arrived()
  ofTry.abort(new DOMException('The try ran longer than 1 s.', 'TimeoutError'))
  expect(await first).toMatchObject({ name: 'TimeoutError', message: 'The try ran longer than 1 s.' })
  const own = new AbortController()
  const second = errorOf(() => request(url, { signal: own.signal }))
  await arrived()
  own.abort(new Error('enough'))
  expect(await second).toMatchObject({ message: 'enough' })
})

test('outside a task it says so', async () => {
  await expect(request(url)).rejects.toThrow('request() was called outside a running task')
})
