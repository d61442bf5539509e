/**
 * The child of `test-connection.ts`: reads one connection from standard input, tries it, prints a verdict, ends. PostgreSQL:
 * signs in and asks for 1. HTTP: a HEAD request. Anything else with a host: opens a TCP connection.
 */
import { request as httpRequest } from 'node:http'
import { request as httpsRequest, type RequestOptions } from 'node:https'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import type { ConnectionRecord } from '../core/ports/worker-api.ts'
import { withClient } from '../database/connect.ts'
import { explainTls, readTlsExtra, type TlsExtra, wantsTls } from './connection-tls.ts'

const LIMIT_MS = 8_000
const PORTS: Readonly<Record<string, number>> = {
  mysql: 3306,
  redis: 6379,
  ssh: 22,
  sftp: 22,
  ftp: 21,
  smtp: 25,
  mongo: 27017,
}

async function probe(connection: ConnectionRecord): Promise<string> {
  const { type, host } = connection
  if (host === null || host === '') throw new Error('It has no host, so there is nothing to connect to.')
  if (type.startsWith('postgres')) return probePostgres(connection, host)
  if (/^https?$/.test(type)) return probeHttp(connection, host)
  const port = connection.port ?? PORTS[type]
  if (port === undefined) throw new Error(`Connections of type "${type}" have no usual port; set one to test it.`)
  return probeTcp(host, port)
}

async function probePostgres(connection: ConnectionRecord, host: string): Promise<string> {
  const tls = readTlsExtra(connection.extra)
  const target = {
    host,
    port: connection.port ?? 5432,
    user: connection.login ?? 'postgres',
    password: connection.password ?? '',
    database: connection.schema ?? connection.login ?? 'postgres',
    connectionTimeoutMillis: LIMIT_MS,
    // The name to verify: the driver leaves it out where the host is an address.
    ...(wantsTls(tls) ? { ssl: { ...tls.options, host } } : {}),
  }
  return withClient(target, 'tradewind connection test', async (client) => {
    const { rows } = await client.query<{ version: string }>("select current_setting('server_version') as version")
    return `Signed in to PostgreSQL ${rows[0]?.version ?? ''}${wantsTls(tls) ? ' over TLS' : ''}${unverified(tls)}.`
  })
}

function unverified({ options }: TlsExtra): string {
  return options.rejectUnauthorized === false ? ' (its certificate was not verified)' : ''
}

async function probeHttp(connection: ConnectionRecord, host: string): Promise<string> {
  const { type, login, password, port, schema, extra } = connection
  const tls = readTlsExtra(extra)
  const scheme = schema === 'https' || type === 'https' ? 'https' : 'http'
  const url = new URL(/^https?:\/\//.test(host) ? host : `${scheme}://${host}`)
  if (port !== null) url.port = String(port)
  const isSafe = url.protocol === 'https:'
  const { status, text: reason } = await head(url, {
    ...(login === null ? {} : { auth: `${login}:${password ?? ''}` }),
    ...(isSafe ? tls.options : {}),
  })
  if (status === 401 || status === 403 || status >= 500) throw new Error(`${url.host} answered ${status} ${reason}.`)
  return `${url.host} answered ${status}${isSafe ? unverified(tls) : ''}.`
}

/** Follows no redirect: that would take the password elsewhere. */
function head(url: URL, options: RequestOptions): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const ask = url.protocol === 'https:' ? httpsRequest : httpRequest
    const asked = ask(url, { ...options, method: 'HEAD', signal: AbortSignal.timeout(LIMIT_MS) }, (answer) => {
      answer.resume()
      resolve({ status: answer.statusCode ?? 0, text: answer.statusMessage ?? '' })
    })
    asked.on('error', reject)
    asked.end()
  })
}

function probeTcp(host: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, timeout: LIMIT_MS })
    socket.once('connect', () => {
      socket.destroy()
      resolve(`${host}:${port} accepts connections; nothing was signed in to.`)
    })
    socket.once('timeout', () =>
      socket.destroy(new Error(`${host}:${port} did not answer within ${LIMIT_MS / 1_000} s.`)),
    )
    socket.once('error', reject)
  })
}

async function verdict(): Promise<{ status: boolean; message: string }> {
  try {
    const connection = JSON.parse(await text(process.stdin)) as ConnectionRecord
    return { status: true, message: await probe(connection) }
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? ` (${error.cause.message})` : ''
    const message =
      error instanceof AggregateError ? error.errors.map(String).join('; ') : String((error as Error).message)
    return { status: false, message: explainTls(error) ?? `${message}${cause}` }
  }
}

process.stdout.write(JSON.stringify(await verdict()), () => process.exit(0))
