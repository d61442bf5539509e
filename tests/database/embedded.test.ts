/** The embedded server: it starts, survives, ends with its program, and shares its folder with nobody. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { takeFolder } from '../../database/embedded/folder-owner.ts'
import { isAlive, markOf } from '../../database/embedded/process-state.ts'
import { type EmbeddedServer, runningServer, startEmbeddedServer } from '../../database/embedded/server.ts'
import { migrate } from '../../database/migrations/migrate.ts'

const PROGRAM = fileURLToPath(new URL('./embedded-program.ts', import.meta.url))
const OLDER_BINARIES = '/usr/lib/postgresql/15/bin'
const isRoot = process.getuid?.() === 0

let root: string
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'tw-embedded-'))
  // Another uid has to get through to the folders below.
  await chmod(root, 0o755)
})
afterAll(() => rm(root, { recursive: true, force: true }))

const start = (dataDir: string, more: object = {}): Promise<EmbeddedServer> =>
  startEmbeddedServer({ dataDir, log: () => {}, ...more })

async function query(connection: pg.ClientConfig, sql: string): Promise<unknown[]> {
  const client = new pg.Client(connection)
  await client.connect()
  try {
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}

async function postmasterPid(dataDir: string): Promise<number> {
  return Number((await readFile(join(dataDir, 'cluster', 'postmaster.pid'), 'utf8')).split('\n')[0])
}

async function untilGone(pid: number): Promise<void> {
  const until = Date.now() + 20_000
  while (markOf(pid) !== null) {
    if (Date.now() > until) throw new Error(`process ${pid} is still there`)
    await sleep(5)
  }
}

/** Starts the program and waits for its server. */
async function startProgram(dataDir: string): Promise<{ child: ChildProcess; connection: pg.ClientConfig }> {
  const child = spawn(process.execPath, [PROGRAM, dataDir], { detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  let errors = ''
  child.stderr!.on('data', (chunk) => {
    errors += String(chunk)
  })
  const lines = createInterface({ input: child.stdout! })
  const [line] = await Promise.race([
    once(lines, 'line') as Promise<[string]>,
    once(child, 'exit').then(() => {
      throw new Error(`the program ended: ${errors}`)
    }),
  ])
  return { child, connection: JSON.parse(line) as pg.ClientConfig }
}

describe('the embedded server', () => {
  it('starts, keeps what was written, and is private', async () => {
    const dataDir = join(root, 'plain')
    const first = await start(dataDir)
    await query(first.connection, 'create table kept as select 42 as answer')
    expect(await query(first.connection, "select current_setting('listen_addresses') as listen")).toEqual([
      { listen: '' },
    ])
    const settings = "select current_setting('fsync') || current_setting('synchronous_commit') as durable"
    expect(await query(first.connection, settings)).toEqual([{ durable: 'onon' }])
    await expect(query({ ...first.connection, password: 'wrong' }, 'select 1')).rejects.toThrow(/password/)
    for (const name of ['', 'password', 'socket', 'cluster', 'server.log']) {
      expect((await stat(join(dataDir, name))).mode & 0o077, name).toBe(0)
    }
    expect(await runningServer(dataDir)).toEqual(first.connection)
    await first.stop()
    expect(await runningServer(dataDir)).toBeNull()
    const second = await start(dataDir)
    expect(await query(second.connection, 'select answer from kept')).toEqual([{ answer: 42 }])
    await second.stop()
  })

  it('a second program gets an error that names the first', async () => {
    const dataDir = join(root, 'twice')
    const { child } = await startProgram(dataDir)
    await expect(start(dataDir)).rejects.toThrow(new RegExp(`in use by the program with pid ${child.pid}`))
    child.kill('SIGTERM')
    await once(child, 'exit')
    await (await start(dataDir)).stop()
  })

  it('of many starts at once one takes the folder, also from a dead owner', async () => {
    const dataDir = join(root, 'many')
    await mkdir(dataDir)
    for (let round = 0; round < 200; round++) {
      // Half of them after an owner that died without giving it back.
      const [last] = await readdir(dataDir)
      const dead = JSON.stringify({ pid: 1, started: 'another@boot' })
      if (round % 2 && last !== undefined) await writeFile(join(dataDir, last), dead)
      const results = await Promise.allSettled(Array.from({ length: 8 }, () => takeFolder(dataDir)))
      const taken = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
      expect(taken).toHaveLength(1)
      await taken[0]!()
      expect(await readdir(dataDir)).toHaveLength(1)
    }
  })

  it('of several programs started at once one wins', async () => {
    const dataDir = join(root, 'race')
    const results = await Promise.allSettled([1, 2, 3].map(() => startProgram(dataDir)))
    const won = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
    expect(won).toHaveLength(1)
    for (const result of results) {
      if (result.status === 'rejected') expect(String(result.reason)).toContain(`pid ${won[0]!.child.pid}`)
    }
    won[0]!.child.kill('SIGTERM')
    await once(won[0]!.child, 'exit')
  })

  it('goes when the whole process group of the program is killed', async () => {
    const dataDir = join(root, 'killed')
    const { child, connection } = await startProgram(dataDir)
    await query(connection, 'create table kept as select 1 as one')
    const pid = await postmasterPid(dataDir)
    process.kill(-child.pid!, 'SIGKILL')
    await untilGone(pid)
    const again = await start(dataDir)
    expect(await query(again.connection, 'select one from kept')).toEqual([{ one: 1 }])
    await again.stop()
  })

  it('a new start does not wait for the old server to have gone', async () => {
    const dataDir = join(root, 'at-once')
    const { child } = await startProgram(dataDir)
    const exited = once(child, 'exit')
    process.kill(-child.pid!, 'SIGKILL')
    await exited
    const again = await start(dataDir)
    expect(await query(again.connection, 'select 1 as one')).toEqual([{ one: 1 }])
    await again.stop()
  })

  it('stops an orphan that lost its supervisor too', async () => {
    const dataDir = join(root, 'orphan')
    const { child } = await startProgram(dataDir)
    const pid = await postmasterPid(dataDir)
    const guards = await processesWith(`-D ${join(dataDir, 'cluster')}`)
    const exited = once(child, 'exit')
    for (const guard of guards) if (guard !== pid) process.kill(guard, 'SIGKILL')
    process.kill(-child.pid!, 'SIGKILL')
    await exited
    expect(markOf(pid)).not.toBeNull()
    const lines: string[] = []
    const again = await start(dataDir, { log: (line: string) => lines.push(line) })
    expect(lines).toEqual([expect.stringContaining(`pid ${pid}`)])
    expect(markOf(pid)).toBeNull()
    await again.stop()
  })

  it('recovers when the server itself is killed, and tells of it', async () => {
    const dataDir = join(root, 'server-killed')
    const server = await start(dataDir)
    await query(server.connection, 'create table kept as select 1 as one')
    process.kill(await postmasterPid(dataDir), 'SIGKILL')
    expect(await server.died).toMatch(/server ended .*server\.log/)
    await server.stop()
    const again = await start(dataDir)
    expect(await query(again.connection, 'select one from kept')).toEqual([{ one: 1 }])
    await again.stop()
  })

  it('is not blocked by a pid file whose pid is gone, a zombie or somebody else', async () => {
    const dataDir = join(root, 'stale')
    await (await start(dataDir)).stop()
    const bystander = spawn('sleep', ['60'])
    // A shell that never reaps its child keeps a zombie.
    const parent = spawn('sh', ['-c', 'true & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'ignore'] })
    const [line] = (await once(createInterface({ input: parent.stdout }), 'line')) as [string]
    const zombie = Number(line)
    const until = Date.now() + 5_000
    while (markOf(zombie) !== null && Date.now() < until) await sleep(5)
    for (const pid of [999_999_999, zombie, bystander.pid!]) {
      await writeFile(
        join(dataDir, 'cluster', 'postmaster.pid'),
        `${pid}\n${dataDir}/cluster\n1\n5432\n${dataDir}/socket\n`,
      )
      await writeFile(join(dataDir, 'owner.1000.json'), JSON.stringify({ pid, started: 'another@boot' }))
      await rm(join(dataDir, 'owner.1001.json'), { force: true })
      const server = await start(dataDir)
      await server.stop()
    }
    expect(isAlive(markOf(bystander.pid!)!)).toBe(true)
    bystander.kill('SIGKILL')
    parent.kill('SIGKILL')
  })

  it('a start that was killed half way leaves nothing half-made', async () => {
    const dataDir = join(root, 'half')
    await mkdir(join(dataDir, 'cluster.new.1'), { recursive: true })
    await writeFile(join(dataDir, 'cluster.new.1', 'PG_VERSION'), '18')
    await (await start(dataDir)).stop()
    expect((await readdir(dataDir)).filter((name) => name.startsWith('cluster.new'))).toEqual([])
  })

  it('refuses a folder of another major version and names the way out', async () => {
    const dataDir = join(root, 'older')
    await (await start(dataDir)).stop()
    await writeFile(join(dataDir, 'cluster', 'PG_VERSION'), '17\n')
    await expect(start(dataDir)).rejects.toThrow(/made by PostgreSQL 17.*brings 18.*db export.*db import/)
  })

  it('finds a short place for the socket when the path is too long for one', async () => {
    const dataDir = join(root, 'x'.repeat(60), 'y'.repeat(60))
    const server = await start(dataDir)
    expect(String(server.connection.host).length).toBeLessThan(90)
    expect(await runningServer(dataDir)).toEqual(server.connection)
    await server.stop()
    await expect(stat(String(server.connection.host))).rejects.toThrow(/ENOENT/)
  })

  it('says so where there are no binaries', async () => {
    await expect(start(join(root, 'none'), { binaries: join(root, 'nowhere') })).rejects.toThrow(/Set DATABASE_URL/)
  })

  it.skipIf(!isRoot)('runs under an unprivileged uid where root has no user namespaces', async () => {
    const dataDir = join(root, 'as-uid')
    const server = await start(dataDir, { identity: 'uid' })
    const pid = await postmasterPid(dataDir)
    expect(/^Uid:\s+(\d+)/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1]).not.toBe('0')
    expect(await query(server.connection, 'select 1 as one')).toEqual([{ one: 1 }])
    await server.stop()
    await (await start(dataDir, { identity: 'uid' })).stop()
  })

  it('runs the schema on PostgreSQL 15 as well', async (context) => {
    if (await stat(OLDER_BINARIES).catch(() => null)) {
      const server = await start(join(root, 'fifteen'), { binaries: OLDER_BINARIES })
      expect((await migrate(server.connection)).from).toBe(0)
      await server.stop()
    } else context.skip('no PostgreSQL 15 on this machine')
  })
})

async function processesWith(text: string): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number)
  const found: number[] = []
  for (const pid of pids) {
    const command = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).replaceAll('\0', ' ')
    if (command.includes(text)) found.push(pid)
  }
  return found
}
