/**
 * The PostgreSQL server that the program runs for itself when it has no DATABASE_URL. Invariants: one program per data
 * folder; the server ends with the program however that dies; it is reached through a Unix socket and a password of
 * its own only; what was committed is durable.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { chmod, chown, mkdir, mkdtemp, open, readFile, realpath, rm, stat, truncate } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { findBinaries } from './binaries.ts'
import { takeFolder } from './folder-owner.ts'
import { chooseIdentity, type IdentityKind, prepareFor, type ServerIdentity } from './identity.ts'
import { clusterDir, ensureCluster, ensurePassword, passwordFile, SERVER_DATABASE, SERVER_USER } from './initialise.ts'
import { clearLeftovers, livingPostmaster } from './postmaster-file.ts'
import { serverSettings } from './server-settings.ts'
import { SUPERVISOR_SCRIPT } from './supervisor-script.ts'

/** `sun_path` holds 104 bytes on macOS, 108 on Linux, with the closing zero. */
const LONGEST_SOCKET_PATH = 103
const LOG_LIMIT_BYTES = 10_000_000
const START_PATIENCE_MS = 60_000

export interface EmbeddedServerOptions {
  /** Holds everything of the server: cluster, password, socket, log. Created when missing. */
  readonly dataDir: string
  /** Folder with `initdb` and `postgres`; by default those of the npm package. */
  readonly binaries?: string
  /** Forces how a root program starts it; by default the best that works. */
  readonly identity?: IdentityKind
  /** A line for people. */
  readonly log: (line: string) => void
}

export interface EmbeddedServer {
  readonly connection: pg.ClientConfig
  /** Resolves when the server has ended by itself (crashed, killed) without `stop`. */
  readonly died: Promise<string>
  /** Fast shutdown; resolves when the server is gone and the folder is free. */
  stop(): Promise<void>
}

/** Starts the server of `dataDir`; resolves when it takes connections. Throws with cause and remedy. */
export async function startEmbeddedServer(options: EmbeddedServerOptions): Promise<EmbeddedServer> {
  const found = await findBinaries(options.binaries)
  await mkdir(options.dataDir, { recursive: true })
  await chmod(options.dataDir, 0o700)
  const dataDir = await realpath(options.dataDir)
  const giveBack = await takeFolder(dataDir)
  try {
    const identity = await chooseIdentity(options.identity)
    const binaries = await prepareFor(identity, dataDir, found)
    const password = await ensurePassword(dataDir, identity)
    const cluster = clusterDir(dataDir)
    const socket = await makeSocketDir(dataDir, identity)
    await clearLeftovers(cluster, socket.dir, options.log)
    await ensureCluster(dataDir, binaries, identity)
    const settings = serverSettings({ major: binaries.major, socketDir: socket.dir })
    const command = [...identity.prefix, binaries.postgres, '-D', cluster, ...settings]
    const child = await superviseServer(dataDir, command, identity)
    const connection = connectionTo(socket.dir, password)
    const gone = new Promise<string>((resolve) => {
      child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`))
      child.once('error', (error) => resolve(error.message))
    })
    const end = async () => {
      child.ref()
      child.stdio[3]?.destroy()
      await gone
      await socket.remove()
      await giveBack()
    }
    await whenReady(connection, gone, dataDir).catch(async (error: Error) => {
      await end()
      throw error
    })
    let stopping = false
    const died = new Promise<string>((resolve) => {
      void gone.then((how) => {
        if (!stopping) resolve(`The embedded PostgreSQL server ended (${how}); see ${join(dataDir, 'server.log')}`)
      })
    })
    return {
      connection,
      died,
      stop: async () => {
        stopping = true
        await end()
      },
    }
  } catch (error) {
    await giveBack()
    throw error
  }
}

/** How to reach the server that a running program keeps in `dataDir`; `null` when there is none. */
export async function runningServer(dataDir: string): Promise<pg.ClientConfig | null> {
  const real = await realpath(dataDir).catch(() => null)
  if (real === null) return null
  const living = await livingPostmaster(clusterDir(real))
  if (!living || living.socketDir === '') return null
  const password = (await readFile(passwordFile(real), 'utf8').catch(() => '')).trim()
  return password === '' ? null : connectionTo(living.socketDir, password)
}

function connectionTo(socketDir: string, password: string): pg.ClientConfig {
  return { host: socketDir, port: 5432, user: SERVER_USER, password, database: SERVER_DATABASE }
}

async function makeSocketDir(dataDir: string, { uid, gid }: ServerIdentity) {
  const inside = join(dataDir, 'socket')
  const fits = Buffer.byteLength(join(inside, '.s.PGSQL.5432')) <= LONGEST_SOCKET_PATH
  const dir = fits ? inside : await mkdtemp(join(tmpdir(), 'tradewind-'))
  await mkdir(dir, { recursive: true })
  await chmod(dir, 0o700)
  if (uid !== undefined && gid !== undefined) await chown(dir, uid, gid)
  return { dir, remove: () => (fits ? Promise.resolve() : rm(dir, { recursive: true, force: true })) }
}

async function superviseServer(
  dataDir: string,
  command: readonly string[],
  { uid, gid }: ServerIdentity,
): Promise<ChildProcess> {
  const logPath = join(dataDir, 'server.log')
  const size = await stat(logPath).then(
    (found) => found.size,
    () => 0,
  )
  if (size > LOG_LIMIT_BYTES) await truncate(logPath)
  const log = await open(logPath, 'a', 0o600)
  try {
    const child = spawn('/bin/sh', ['-c', SUPERVISOR_SCRIPT, 'tradewind-postgres', ...command], {
      ...(uid === undefined || gid === undefined ? {} : { uid, gid }),
      // A session of its own: a signal to our process group must not reach the server before we are done with it.
      detached: true,
      cwd: '/',
      env: { PATH: '/usr/bin:/bin', TZ: 'UTC', LC_ALL: 'C' },
      stdio: ['ignore', log.fd, log.fd, 'pipe'],
    })
    // The pipe and the child keep no program alive that has nothing else to do; their end ends the server.
    child.unref()
    const pipe = child.stdio[3] as { unref?: () => void; on(event: 'error', listener: () => void): void } | null
    pipe?.on('error', () => {})
    pipe?.unref?.()
    return child
  } finally {
    await log.close()
  }
}

async function whenReady(connection: pg.ClientConfig, gone: Promise<string>, dataDir: string): Promise<void> {
  let ended: string | null = null
  void gone.then((how) => {
    ended = how
  })
  const until = Date.now() + START_PATIENCE_MS
  for (let database = SERVER_DATABASE; ; ) {
    const client = new pg.Client({ ...connection, database, connectionTimeoutMillis: 5_000 })
    client.on('error', () => {})
    try {
      await client.connect()
      if (database === SERVER_DATABASE) return
      await client.query(`create database ${SERVER_DATABASE}`)
      database = SERVER_DATABASE
    } catch (error) {
      const code = (error as { code?: string }).code
      // Reached, but our database is not there yet: the very first start.
      if (code === '3D000') database = 'postgres'
      // Not listening yet, or still starting up; anything else will not get better.
      else if (code !== 'ENOENT' && code !== 'ECONNREFUSED' && code !== '57P03') throw error
      else if (ended !== null) {
        throw new Error(`The embedded PostgreSQL did not start (${ended}): ${await lastLines(dataDir)}`)
      } else if (Date.now() > until) {
        throw new Error(`The embedded PostgreSQL takes no connections after 60 s: ${await lastLines(dataDir)}`)
      } else await sleep(8)
    } finally {
      await client.end().catch(() => {})
    }
  }
}

async function lastLines(dataDir: string): Promise<string> {
  const text = await readFile(join(dataDir, 'server.log'), 'utf8').catch(() => '')
  return text.trim().split('\n').slice(-5).join(' / ')
}
