import { createServer } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { createWebServer } from '../../webserver/create-web-server.ts'
import { SILENCE_LIMIT_MS } from '../../webserver/health.ts'
import { listen, PortError } from '../../webserver/listen.ts'
import type { WebServerParts } from '../../webserver/web-server-parts.ts'
import { parts } from './web-server.ts'

const NOW = Date.UTC(2026, 0, 1)
const logged: string[] = []
const closers: (() => Promise<unknown>)[] = []

afterEach(async () => {
  logged.length = 0
  for (const close of closers.splice(0)) await close()
})

function server(readHealth: WebServerParts['readHealth']) {
  const app = createWebServer(parts({ readHealth, now: () => NOW, log: (line) => logged.push(line) }))
  closers.push(() => app.close())
  return app
}

const reading = { databaseAnswers: true, schedulerHeartbeat: NOW - 1_000, dagProcessorHeartbeat: NOW }

describe('GET /api/v2/monitor/health', () => {
  test('all well', async () => {
    const answer = await server(async () => reading).inject('/api/v2/monitor/health')
    expect(answer.statusCode).toBe(200)
    expect(answer.headers['cache-control']).toBe('no-store')
    expect(answer.json()).toEqual({
      metadatabase: { status: 'healthy' },
      // This database cannot be asked.
      scheduler: { status: 'healthy', latest_scheduler_heartbeat: '2025-12-31T23:59:59.000Z', draining: null },
      dag_processor: { status: 'healthy', latest_dag_processor_heartbeat: '2026-01-01T00:00:00.000Z' },
    })
  })

  test('a silent scheduler, a processor that never spoke and a database that does not answer', async () => {
    const app = server(async () => ({
      databaseAnswers: false,
      schedulerHeartbeat: NOW - SILENCE_LIMIT_MS - 1,
      dagProcessorHeartbeat: null,
    }))
    expect((await app.inject('/api/v2/monitor/health')).json()).toMatchObject({
      metadatabase: { status: 'unhealthy' },
      scheduler: { status: 'unhealthy' },
      dag_processor: { status: 'unhealthy', latest_dag_processor_heartbeat: null },
    })
  })

  test('an error inside is logged and not shown', async () => {
    const app = server(async () => {
      throw new Error('password is hunter2')
    })
    const answer = await app.inject('/api/v2/monitor/health')
    expect(answer.statusCode).toBe(500)
    expect(answer.body).not.toContain('hunter2')
    expect(answer.json()).toHaveProperty('detail')
    expect(logged.join()).toContain('hunter2')
  })
})

test('GET /api/v2/version', async () => {
  expect((await server(async () => reading).inject('/api/v2/version')).json()).toEqual({ version: '1.2.3' })
})

test('an unknown path has a body like the others', async () => {
  const answer = await server(async () => reading).inject('/api/v1/dags?x=1')
  expect(answer.statusCode).toBe(404)
  expect(answer.json()).toEqual({ detail: 'There is no GET /api/v1/dags here.' })
})

describe('the port', () => {
  async function taken(): Promise<number> {
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    closers.push(() => new Promise((resolve) => other.close(resolve)))
    const address = other.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  }

  test('taken and only a default: another one, and it says so', async () => {
    const port = await taken()
    const app = server(async () => reading)
    const listening = await listen(app, { host: '127.0.0.1', port, portIsExplicit: false })
    expect(listening.movedFrom).toBe(port)
    expect(listening.port).not.toBe(port)
    const answer = await fetch(`${listening.address}/api/v2/version`)
    expect(await answer.json()).toEqual({ version: '1.2.3' })
  })

  test('taken and asked for: an error with the remedy', async () => {
    const port = await taken()
    const attempt = listen(
      server(async () => reading),
      { host: '127.0.0.1', port, portIsExplicit: true },
    )
    await expect(attempt).rejects.toThrow(PortError)
    await expect(attempt).rejects.toThrow(/is taken.*server\.port/)
  })

  test('an address the machine does not have', async () => {
    const attempt = listen(
      server(async () => reading),
      { host: '203.0.113.1', port: 0, portIsExplicit: true },
    )
    await expect(attempt).rejects.toThrow(/no address 203\.0\.113\.1.*server\.host/)
  })
})
