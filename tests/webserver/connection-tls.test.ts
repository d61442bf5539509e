/** A connection under test verifies certificates: PostgreSQL behind TLS and an HTTPS server, both with a certificate that only
 * names `localhost` and that nobody vouches for. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer as createHttps } from 'node:https'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { createSecureContext, TLSSocket } from 'node:tls'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import type { ConnectionRecord } from '../../core/ports/worker-api.ts'
import { testConnection } from '../../webserver/test-connection.ts'

const probe = new URL('../../webserver/connection-probe.ts', import.meta.url)
const fixture = (name: string) => readFileSync(fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url)), 'utf8')
const cert = fixture('self-signed.pem')
const key = fixture('self-signed-key.pem')
const servers: Server[] = []
const sockets = new Set<Socket>()
let postgresPort = 0
let httpsPort = 0

beforeAll(async () => {
  const https = createHttps({ cert, key }, (_request, response) => response.end())
  const postgres = createServer(endTls)
  for (const server of [https, postgres]) {
    server.on('connection', (socket: Socket) => {
      sockets.add(socket.on('error', () => {}))
    })
    servers.push(server.listen(0, '127.0.0.1'))
    await once(server, 'listening')
  }
  httpsPort = (https.address() as AddressInfo).port
  postgresPort = (postgres.address() as AddressInfo).port
})
afterAll(async () => {
  for (const socket of sockets) socket.destroy()
  for (const server of servers) await new Promise((resolve) => server.close(resolve))
})

/** Says yes to TLS as a PostgreSQL with a certificate does, and hands what is inside to the one of the tests. */
function endTls(socket: Socket): void {
  socket.once('data', () => {
    socket.write('S')
    const inside = new TLSSocket(socket, { isServer: true, secureContext: createSecureContext({ cert, key }) })
    const { host = '', port = 5432 } = inject('postgres').connection
    const real = host.startsWith('/') ? connect(join(host, `.s.PGSQL.${port}`)) : connect(port, host)
    sockets.add(real)
    for (const each of [inside, real]) each.on('error', () => {})
    inside.pipe(real).pipe(inside)
  })
}

const postgres = (extra: Record<string, unknown>, host = 'localhost'): ConnectionRecord => {
  const { user = '', password, database = '' } = inject('postgres').connection
  return {
    id: 'p',
    type: 'postgres',
    host,
    port: postgresPort,
    login: user,
    password: typeof password === 'string' ? password : null,
    schema: database,
    extra: JSON.stringify(extra),
  }
}
const https = (extra: Record<string, unknown> | null, host = 'localhost'): ConnectionRecord => ({
  id: 'h',
  type: 'https',
  host,
  port: httpsPort,
  login: null,
  password: null,
  schema: null,
  extra: extra === null ? null : JSON.stringify(extra),
})
const UNKNOWN = /cannot be verified: .*\(DEPTH_ZERO_SELF_SIGNED_CERT\)\. Give .* as "ca".* "tls_verify": false/

describe('PostgreSQL', () => {
  test.each([['require'], ['verify-ca'], ['verify-full']])('sslmode %s: refused', async (sslmode) => {
    const verdict = await testConnection(probe, postgres({ sslmode }))
    expect(verdict).toEqual({ status: false, message: expect.stringMatching(UNKNOWN) })
  })

  test('with its authority it is known, under its name', async () => {
    const known = expect.stringMatching(/^Signed in to PostgreSQL \S+ over TLS\.$/)
    const full = { sslmode: 'verify-full', ca: cert }
    expect(await testConnection(probe, postgres(full))).toEqual({ status: true, message: known })
    const elsewhere = await testConnection(probe, postgres(full, '127.0.0.1'))
    expect(elsewhere).toEqual({ status: false, message: expect.stringContaining('ERR_TLS_CERT_ALTNAME_INVALID') })
    const authorityOnly = await testConnection(probe, postgres({ ...full, sslmode: 'verify-ca' }, '127.0.0.1'))
    expect(authorityOnly).toEqual({ status: true, message: known })
  })

  test.each([[{ sslmode: 'no-verify' }], [{ sslmode: 'require', tls_verify: false }]])(
    '%o: any will do',
    async (extra) => {
      const verdict = await testConnection(probe, postgres(extra))
      expect(verdict).toEqual({
        status: true,
        message: expect.stringMatching(/over TLS \(its certificate was not verified\)/),
      })
    },
  )

  test('a mistake in the extra is told, not passed over', async () => {
    const verdict = await testConnection(probe, postgres({ sslmode: 'requier' }))
    expect(verdict).toEqual({
      status: false,
      message: expect.stringContaining('sslmode in the extra is none of require'),
    })
  })
})

describe('HTTPS', () => {
  test('refused, unless its authority is given or any will do', async () => {
    expect(await testConnection(probe, https(null))).toEqual({ status: false, message: expect.stringMatching(UNKNOWN) })
    expect(await testConnection(probe, https({ ca: cert }))).toMatchObject({ status: true })
    const any = await testConnection(probe, https({ tls_verify: false }))
    expect(any).toEqual({
      status: true,
      message: expect.stringContaining('answered 200 (its certificate was not verified)'),
    })
  })

  test('the name counts too', async () => {
    const verdict = await testConnection(probe, https({ ca: cert }, '127.0.0.1'))
    expect(verdict).toEqual({ status: false, message: expect.stringContaining('ERR_TLS_CERT_ALTNAME_INVALID') })
  })
})
