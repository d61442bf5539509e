/** A folder with a program of its own in it, and the command line called there. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'

export const MAIN = fileURLToPath(new URL('../../cli/main.ts', import.meta.url))

export interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface Called {
  readonly input?: string
  readonly env?: Readonly<Record<string, string>>
}

export class ProgramInFolder {
  readonly folder: string
  readonly lines: string[] = []
  #child: ChildProcess | null = null
  #wake: (() => void)[] = []

  constructor() {
    this.folder = mkdtempSync(join(tmpdir(), 'tradewind-cli-'))
    chmodSync(this.folder, 0o755)
    mkdirSync(join(this.folder, 'dags'))
  }

  start(args: readonly string[] = ['standalone', '--port', '0']): void {
    const child = spawn(process.execPath, [MAIN, ...args], {
      cwd: this.folder,
      env: environment(),
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.#child = child
    createInterface({ input: child.stdout }).on('line', (line) => {
      this.lines.push(line)
      for (const wake of this.#wake.splice(0)) wake()
    })
  }

  /** The first line that fits, once it is there. */
  async line(pattern: RegExp): Promise<string> {
    for (;;) {
      const found = this.lines.find((line) => pattern.test(line))
      if (found !== undefined) return found
      await new Promise<void>((resolve, reject) => {
        this.#wake.push(resolve)
        this.#child?.once('exit', () => reject(new Error(`ended without ${pattern}: ${this.lines.join('\n')}`)))
      })
    }
  }

  async end(): Promise<void> {
    const child = this.#child
    if (child !== null && child.exitCode === null && child.kill('SIGTERM')) await once(child, 'exit')
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
  }

  cli(args: readonly string[], { input = '', env = {} }: Called = {}): Promise<Ended> {
    return new Promise((resolve) => {
      const options = { cwd: this.folder, env: { ...environment(), ...env } }
      const child = execFile(process.execPath, [MAIN, ...args], options, (error, stdout, stderr) => {
        resolve({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1, stdout, stderr })
      })
      child.stdin?.end(input)
    })
  }

  /** The one document of a call that must end well. */
  async json<T>(args: readonly string[], called: Called = {}): Promise<T> {
    const { code, stdout, stderr } = await this.cli([...args, '--json'], called)
    expect(code, stderr).toBe(0)
    return JSON.parse(stdout) as T
  }

  /** A call that goes on; its lines as they come. */
  following(
    args: readonly string[],
    env: Called['env'] = {},
  ): { readonly child: ChildProcess; next(): Promise<string> } {
    const options = { cwd: this.folder, env: { ...environment(), ...env }, stdio: 'pipe' } as const
    const child = spawn(process.execPath, [MAIN, ...args], options)
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    return {
      child,
      next: async () => {
        const { done, value } = await lines.next()
        if (done === true) throw new Error(`${args.join(' ')} has ended`)
        return value
      },
    }
  }
}

function environment(): Record<string, string> {
  return { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '' }
}
