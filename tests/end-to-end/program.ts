/**
 * The real program from outside: `bin/tradewind.js standalone` in an empty folder, its CLI, and a look into its database.
 * What a test waits for is told by the program's lines or by its NOTIFY, never by sleeping.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { runningServer } from '../../database/embedded/server.ts'
import { EVENT_CHANNEL } from '../../database/store/commit-statement.ts'

const REPO = fileURLToPath(new URL('../..', import.meta.url))
const BIN = join(REPO, 'bin/tradewind.js')

export interface CliResult {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface PlaceOptions {
  /** Of the repository's Dags, copied into it. */
  readonly examples?: readonly string[]
  /** A server of one's own, in place of the embedded one. */
  readonly database?: pg.ClientConfig
}

/** What is started, in place of `bin/tradewind.js standalone`. */
export interface ProgramCommand {
  readonly args: readonly string[]
  readonly ready: RegExp
}

export const STANDALONE: ProgramCommand = { args: [BIN, 'standalone'], ready: /^http:\/\/127\.0\.0\.1:\d+$/ }
export const SCHEDULER: ProgramCommand = { args: [BIN, 'scheduler'], ready: / Ready$/ }

/** A folder with Dags, in which programs are started, killed and started again. */
export class Place {
  readonly root: string
  readonly #programs: Program[] = []
  readonly #database: pg.ClientConfig | null

  private constructor(root: string, database: pg.ClientConfig | null) {
    this.root = root
    this.#database = database
  }

  /** A project without Dags, or with some of ours. */
  static async make(options: PlaceOptions = {}): Promise<Place> {
    const root = await mkdtemp(join(tmpdir(), 'tradewind-e2e-'))
    // As a person's folder would be: children under another user can read it.
    await chmod(root, 0o755)
    await mkdir(join(root, 'dags'))
    await symlink(join(REPO, 'node_modules'), join(root, 'node_modules'))
    for (const name of options.examples ?? []) await cp(join(REPO, 'dags', name), join(root, 'dags', name))
    return new Place(root, options.database ?? null)
  }

  get dags(): string {
    return join(this.root, 'dags')
  }

  get data(): string {
    return join(this.root, '.tradewind')
  }

  async start(env: Record<string, string> = {}, command = STANDALONE): Promise<Program> {
    const program = this.launch(env, command)
    await program.ready
    return program
  }

  /** Without waiting until it is ready. */
  launch(env: Record<string, string> = {}, command = STANDALONE): Program {
    const program = new Program(this.root, { ...this.#databaseEnv(), ...env }, command)
    this.#programs.push(program)
    return program
  }

  /** For a test that failed: whatever still runs, stopped ones too. */
  async kill(): Promise<void> {
    for (const program of this.#programs) if (program.isRunning) await program.kill()
  }

  /** What all of its programs said, for a test that failed. */
  said(): string {
    return this.#programs.map(({ process, lines }) => [`--- pid ${process.pid}`, ...lines].join('\n')).join('\n')
  }

  #databaseEnv(): Record<string, string> {
    return this.#database === null ? {} : { DATABASE_URL: databaseUrl(this.#database) }
  }

  cli(...args: string[]): Promise<CliResult> {
    const env = { ...process.env, ...this.#databaseEnv() }
    return new Promise((resolve) => {
      execFile(process.execPath, [BIN, ...args], { cwd: this.root, timeout: 60_000, env }, (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1
        resolve({ code, stdout, stderr })
      })
    })
  }

  /** What a command prints with `--json`. @throws when it failed. */
  async json<T>(...args: string[]): Promise<T> {
    const { code, stdout, stderr } = await this.cli(...args, '--json')
    if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${stderr}${stdout}`)
    return JSON.parse(stdout) as T
  }

  /** Runs `query` now and after every commit until `done` accepts its rows. */
  async until<R extends pg.QueryResultRow>(
    query: string,
    done: (rows: R[]) => boolean,
    limitMs = 60_000,
  ): Promise<R[]> {
    const config = this.#database ?? (await runningServer(join(this.data, 'postgres')))
    if (config === null) throw new Error('no server is running')
    const client = new pg.Client(config)
    await client.connect()
    let wake = () => {}
    client.on('notification', () => wake())
    const started = performance.now()
    try {
      await client.query(`listen ${EVENT_CHANNEL}`)
      for (;;) {
        const changed = new Promise<void>((resolve) => {
          wake = resolve
        })
        const { rows } = await client.query<R>(query)
        if (done(rows)) return rows
        const left = limitMs - (performance.now() - started)
        if (left <= 0) throw new Error(`not within ${limitMs} ms: ${query}; last: ${JSON.stringify(rows.slice(0, 5))}`)
        await within(changed, left)
      }
    } finally {
      await client.end()
    }
  }

  async query<R extends pg.QueryResultRow>(query: string): Promise<R[]> {
    return this.until<R>(query, () => true)
  }

  async close(): Promise<void> {
    for (const program of this.#programs) await program.stop()
    await rm(this.root, { recursive: true, force: true })
  }
}

/** Also for a server on a Unix socket. */
export function databaseUrl({ host, port, user, password, database }: pg.ClientConfig): string {
  const secret = typeof password === 'string' ? password : ''
  const query = new URLSearchParams({ host: host ?? 'localhost', port: String(port ?? 5432) })
  return `postgres://${encodeURIComponent(user ?? '')}:${encodeURIComponent(secret)}@localhost/${database}?${query}`
}

/** A running program. */
export class Program {
  readonly process: ChildProcess
  readonly lines: string[] = []
  readonly ready: Promise<string>
  readonly ended: Promise<void>
  readonly #waiters = new Set<() => void>()

  constructor(root: string, env: Record<string, string>, { args, ready }: ProgramCommand = STANDALONE) {
    this.process = spawn(process.execPath, args, {
      cwd: root,
      env: { ...process.env, TRADEWIND_SERVER_PORT: '0', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    })
    let rest = ''
    const take = (chunk: Buffer) => {
      const parts = (rest + chunk.toString()).split('\n')
      rest = parts.pop() ?? ''
      this.lines.push(...parts)
      for (const waiter of this.#waiters) waiter()
    }
    this.process.stdout?.on('data', take)
    this.process.stderr?.on('data', take)
    this.ended = new Promise((resolve) => {
      this.process.on('exit', () => {
        for (const waiter of this.#waiters) waiter()
        resolve()
      })
    })
    this.ready = this.line(ready)
    // Whoever waits for it is told; a program that is meant to die before has nobody who does.
    this.ready.catch(() => {})
  }

  get url(): string {
    return this.lines.find((line) => line.startsWith('http://127'))!
  }

  /** The first line that matches, said already or yet to come. */
  line(pattern: RegExp, limitMs = 60_000): Promise<string> {
    return within(
      new Promise<string>((resolve, reject) => {
        const look = () => {
          const found = this.lines.find((line) => pattern.test(line))
          if (found === undefined && this.process.exitCode === null && this.process.signalCode === null) return
          this.#waiters.delete(look)
          if (found === undefined) reject(new Error(`it ended without ${pattern}:\n${this.lines.join('\n')}`))
          else resolve(found)
        }
        this.#waiters.add(look)
        look()
      }),
      limitMs,
      () => `no line matched ${pattern}:\n${this.lines.join('\n')}`,
    )
  }

  /** kill -9 of the program and everything in its process group. */
  async kill(): Promise<void> {
    process.kill(-this.process.pid!, 'SIGKILL')
    await this.ended
  }

  get isRunning(): boolean {
    return this.process.exitCode === null && this.process.signalCode === null
  }

  async stop(): Promise<void> {
    if (this.isRunning) this.process.kill('SIGTERM')
    await within(this.ended, 30_000, () => `it did not stop:\n${this.lines.slice(-20).join('\n')}`)
  }
}

/** Processes whose command line or environment names the folder: nothing of a program may be left when it has ended. */
export async function processesOf(root: string): Promise<string[]> {
  const found: string[] = []
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) continue
    const [command, cwd] = await Promise.all([
      readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => ''),
      readFile(`/proc/${pid}/environ`, 'latin1').catch(() => ''),
    ])
    if (command.includes(root) || cwd.includes(root)) found.push(`${pid} ${command.replaceAll('\0', ' ')}`)
  }
  return found
}

function within<T>(promise: Promise<T>, ms: number, message: () => string = () => `not within ${ms} ms`): Promise<T> {
  let timer: NodeJS.Timeout
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(message())), ms)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}
