/**
 * The real program in a folder of its own, as a person would start it: built, `standalone`, default configuration, its own
 * PostgreSQL. Only the port differs, so that it meets nobody else's. Settings in the environment of whoever measures are
 * taken away, or the configuration would not be the default one.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type pg from 'pg'
import { runningServer } from '../../database/embedded/server.ts'

export const REPO = fileURLToPath(new URL('../..', import.meta.url))
const BIN = join(REPO, 'bin/tradewind.js')
const START_LIMIT_MS = 120_000

const ownEnvironment = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(TRADEWIND_|DATABASE_URL$|PG|NODE_OPTIONS$|npm_)/.test(name)),
)

export interface StartOptions {
  /** Folder for a V8 CPU profile. */
  readonly profileTo?: string | null
  /** Where a benchmark says how many; the default is four per core, at least eight. */
  readonly slots?: number
}

const inUse = new Set<BenchFolder>()

/** For a measuring process that is ended in the middle: its programs run in sessions of their own and would go on. */
export async function removeFolders(): Promise<void> {
  await Promise.all([...inUse].map((folder) => folder.remove()))
}

export class BenchFolder {
  readonly root: string
  readonly #started: RunningProgram[] = []
  #removed: Promise<void> | null = null

  private constructor(root: string) {
    this.root = root
  }

  static async make(): Promise<BenchFolder> {
    const root = await mkdtemp(join(tmpdir(), 'tradewind-bench-'))
    // Tasks may run as another user, who has to reach the Dags.
    await chmod(root, 0o755)
    await mkdir(join(root, 'dags'))
    await symlink(join(REPO, 'node_modules'), join(root, 'node_modules'))
    const folder = new BenchFolder(root)
    inUse.add(folder)
    return folder
  }

  get dags(): string {
    return join(this.root, 'dags')
  }

  get postgres(): string {
    return join(this.root, '.tradewind', 'postgres')
  }

  async put(name: string, text: string): Promise<void> {
    const path = join(this.dags, name)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, text)
  }

  async start({ profileTo = null, slots }: StartOptions = {}): Promise<RunningProgram> {
    const flags = profileTo === null ? [] : ['--cpu-prof', '--cpu-prof-interval=200', `--cpu-prof-dir=${profileTo}`]
    const program = new RunningProgram(
      this,
      flags,
      slots === undefined ? {} : { TRADEWIND_EXECUTOR_SLOTS: String(slots) },
    )
    this.#started.push(program)
    await program.ready
    return program
  }

  /** What a command of the CLI prints with `--json`. */
  async cli<T>(...args: readonly string[]): Promise<T> {
    const { stdout } = await promisify(execFile)(process.execPath, [BIN, ...args, '--json'], {
      cwd: this.root,
      env: ownEnvironment,
    })
    return JSON.parse(stdout) as T
  }

  /** How to reach the server of the running program. */
  async connection(): Promise<pg.ClientConfig> {
    const found = await runningServer(this.postgres)
    if (found === null) throw new Error(`No PostgreSQL server is running in ${this.postgres}`)
    return found
  }

  /** Once, however often it is asked for: two removals of one folder get in each other's way. */
  remove(): Promise<void> {
    this.#removed ??= this.#remove()
    return this.#removed
  }

  async #remove(): Promise<void> {
    for (const program of this.#started) await program.stop()
    await rm(this.root, { recursive: true, force: true, maxRetries: 10 })
    inUse.delete(this)
  }
}

export class RunningProgram {
  readonly process: ChildProcess
  readonly startedAt = performance.now()
  /** Address of the web server, as soon as it is told. */
  readonly ready: Promise<string>
  readonly lines: string[] = []
  readonly #ended: Promise<void>

  constructor(folder: BenchFolder, nodeFlags: readonly string[], settings: Readonly<Record<string, string>>) {
    this.process = spawn(process.execPath, [...nodeFlags, BIN, 'standalone'], {
      cwd: folder.root,
      env: { ...ownEnvironment, TRADEWIND_SERVER_PORT: '0', ...settings },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    })
    this.#ended = new Promise((resolve) => this.process.once('close', () => resolve()))
    this.ready = new Promise((resolve, reject) => {
      const tooLate = setTimeout(() => reject(new Error(this.#story('it did not start in time'))), START_LIMIT_MS)
      const take = (line: string) => {
        this.lines.push(line)
        if (!/^http:\/\/127\.0\.0\.1:\d+$/.test(line)) return
        clearTimeout(tooLate)
        resolve(line)
      }
      for (const stream of [this.process.stdout, this.process.stderr]) {
        if (stream !== null) createInterface({ input: stream }).on('line', take)
      }
      void this.#ended.then(() => {
        clearTimeout(tooLate)
        reject(new Error(this.#story('it ended')))
      })
    })
  }

  get pid(): number {
    return this.process.pid!
  }

  async stop(): Promise<void> {
    if (this.process.exitCode === null && this.process.signalCode === null) this.process.kill('SIGTERM')
    await this.#ended
  }

  #story(what: string): string {
    return `The measured program: ${what}.\n${this.lines.slice(-20).join('\n')}`
  }
}
