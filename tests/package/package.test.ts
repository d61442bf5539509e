/** The package as it is published: what is in the tarball, and that a person who follows the README gets a green run. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadedBy } from '../support/loaded-modules.ts'
import { npmEnvironment, type Packed, pack, tool } from './pack.ts'

const README = readFileSync(fileURLToPath(new URL('../../README.md', import.meta.url)), 'utf8')
const MEGABYTE = 1024 * 1024

const root = mkdtempSync(join(tmpdir(), 'tradewind-package-'))
chmodSync(root, 0o755)
/** Where the package is installed. */
const folder = join(root, 'project')
const installed = join(folder, 'node_modules/tradewind')

let packed: Packed
let program: ChildProcess | null = null

beforeAll(async () => {
  packed = await pack(root)
}, 120_000)

afterAll(async () => {
  if (program !== null && program.exitCode === null && program.signalCode === null) {
    interrupt(program)
    await once(program, 'exit')
  }
  rmSync(root, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
})

/** As Ctrl-C does: the shell, npx and the program. */
function interrupt({ pid }: ChildProcess): void {
  if (pid !== undefined) process.kill(-pid, 'SIGINT')
}

interface Ended {
  readonly code: number
  /** Both streams. */
  readonly said: string
}

function call(command: string, args: readonly string[], cwd = folder): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(command, args, { cwd, env: npmEnvironment() }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1, said: stdout + stderr })
    })
  })
}

/** The first block of a kind below a heading. */
function block(heading: string, kind: string): string {
  const section = README.slice(README.indexOf(`\n## ${heading}\n`))
  const found = new RegExp(`^\`\`\`${kind}\n([\\s\\S]*?)^\`\`\`$`, 'm').exec(section)?.[1]
  if (found === undefined) throw new Error(`README: no ${kind} below "${heading}"`)
  return found
}

describe('the tarball', () => {
  const paths = () => packed.files.map((file) => file.path)

  test('holds what is needed and nothing else', () => {
    const kinds =
      /^(package\.json|README\.md|LICENSE|CHANGELOG\.md|bin\/tradewind\.js|docs\/.+\.md|docs\/patterns\/.+\.svg|dags\/patterns\/[a-z-]+(\.test)?\.ts|dist\/.+\.(js|css|html|svg)|dist\/(sdk|core|testing\/runner)\/.+\.d\.ts)$/
    expect(paths().filter((path) => !kinds.test(path))).toEqual([])
    expect(paths().filter((path) => /(?<!^dags\/patterns\/.*)\.test\.|tests?\/|simulation/.test(path))).toEqual([])
    for (const path of [
      'LICENSE',
      'bin/tradewind.js',
      'dist/ui/index.html',
      'docs/dags.md',
      'dags/patterns/sequential.test.ts',
      'dist/testing/runner/index.d.ts',
      'docs/adr/0001-secrets-leave-the-environment.md',
    ]) {
      expect(paths()).toContain(path)
    }
  })

  test('is small', () => {
    expect(packed.size).toBeLessThan(1.5 * MEGABYTE)
    expect(packed.unpackedSize).toBeLessThan(5 * MEGABYTE)
  })

  test('publint has nothing to say', async () => {
    const { code, said } = await call(
      process.execPath,
      [tool('publint/src/cli.js'), 'run', packed.file, '--strict'],
      root,
    )
    expect([code, said]).toEqual([0, expect.stringContaining('All good!')])
  })

  test('attw finds its types right', async () => {
    // ESM only, and said so: CommonJS loads it by import().
    const args = [tool('@arethetypeswrong/cli/dist/index.js'), packed.file, '--profile', 'esm-only']
    const { code, said } = await call(process.execPath, args, root)
    expect(code, said).toBe(0)
  })
})

describe('in an empty folder, by the README', () => {
  const lines: string[] = []
  const wakers = new Set<() => void>()
  const commands = block('As a package', 'sh')
    .trim()
    .split('\n')
    .filter((line) => !line.startsWith('#'))
  const start = commands.at(-1)

  async function line(pattern: RegExp): Promise<string> {
    for (;;) {
      const found = lines.find((one) => pattern.test(one))
      if (found !== undefined) return found
      if (program === null || program.exitCode !== null)
        throw new Error(`ended without ${pattern}:\n${lines.join('\n')}`)
      await new Promise<void>((resolve) => wakers.add(resolve))
    }
  }

  beforeAll(async () => {
    mkdirSync(folder)
    for (const command of commands.slice(0, -1)) {
      const { code, said } = await call('sh', ['-c', command.replace(/\btradewind$/, packed.file)])
      expect(code, `${command}\n${said}`).toBe(0)
    }
  }, 120_000)

  test('every file that a shipped file imports is shipped', () => {
    const missing: string[] = []
    let imports = 0
    for (const path of globSync('dist/!(ui)/**/*.{js,d.ts}', { cwd: installed })) {
      const text = readFileSync(join(installed, path), 'utf8')
      expect(text, path).not.toContain('sourceMappingURL')
      for (const [, target = ''] of text.matchAll(/(?:from|import)\s*\(?\s*'(\.{1,2}\/[^']+)'/g)) {
        const wanted = join(dirname(path), path.endsWith('.d.ts') ? target.replace(/\.[jt]s$/, '.d.ts') : target)
        imports++
        if (globSync(wanted, { cwd: installed }).length === 0) missing.push(`${path} -> ${target}`)
      }
    }
    expect(missing).toEqual([])
    expect(imports).toBeGreaterThan(1_000)
  })

  test('importing tradewind loads its SDK and nothing else', async () => {
    const { files, packages, stdout } = await loadedBy(
      ['--input-type=module', '-e', "console.log(typeof (await import('tradewind')).Dag)"],
      folder,
    )
    expect([stdout, packages]).toEqual(['function\n', []])
    const elsewhere = files.filter((file) => !file.startsWith(join(installed, 'dist/sdk/')))
    expect(elsewhere).toEqual([])
    expect(files.length).toBeGreaterThan(5)
  })

  test('its types stand alone, and find mistakes', async () => {
    const dag = block('Your first Dag', 'ts')
    writeFileSync(join(folder, 'right.ts'), dag)
    writeFileSync(join(folder, 'wrong.ts'), dag.replace('values: numbers()', "values: 'three'"))
    const options = '--noEmit --strict --module nodenext --target es2023 --skipLibCheck false --types'.split(' ')
    const check = (file: string) => call(process.execPath, [tool('typescript/bin/tsc'), ...options, '', file])
    const right = await check('right.ts')
    expect([right.code, right.said]).toEqual([0, ''])
    const wrong = await check('wrong.ts')
    expect([wrong.code, wrong.said]).toEqual([expect.any(Number), expect.stringMatching(/^wrong\.ts.*not assignable/)])
  })

  test('a pattern comes with its test, which passes, and with types', async () => {
    const made = await call('npx', ['tradewind', 'init', '--pattern', 'saga', 'shop'])
    expect([made.code, made.said]).toEqual([0, expect.stringContaining('Test it: cd shop && npm install && npm test')])
    const shop = join(folder, 'shop')
    for (const args of [['install'], ['test'], ['run', 'check']]) {
      const { code, said } = await call('npm', args, shop)
      expect(code, `npm ${args.join(' ')}\n${said}`).toBe(0)
      if (args[0] === 'test') expect(said).toMatch(/pass 13\b/)
    }
  }, 120_000)

  test('the one command runs, a Dag is dropped in, its run goes green', async () => {
    expect(start).toBe('npx tradewind standalone')
    const child = spawn('sh', ['-c', `exec ${start}`], {
      cwd: folder,
      env: npmEnvironment(),
      stdio: ['ignore', 'pipe', 'inherit'],
      detached: true,
    })
    program = child
    const wake = () => {
      for (const waker of wakers) waker()
      wakers.clear()
    }
    createInterface({ input: child.stdout }).on('line', (text) => {
      lines.push(text)
      wake()
    })
    child.once('exit', wake)
    const address = await line(/^http:\/\/127\.0\.0\.1:\d+$/)
    writeFileSync(join(folder, 'dags/hello.ts'), block('Your first Dag', 'ts'))
    await line(/Dag hello is live/)

    const trigger = await call('npx', ['tradewind', 'dags', 'trigger', 'hello', '--run-id', 'first'])
    expect(trigger.said).toContain('Made the run first of hello.')
    const password = /with the password (\S+)/.exec(await line(/Sign in as admin/))?.[1]
    const headers = { 'content-type': 'application/json' }
    const body = JSON.stringify({ username: 'admin', password })
    const signIn = await fetch(`${address}/auth/token`, { method: 'POST', headers, body })
    const { access_token: token } = (await signIn.json()) as { access_token: string }
    const state = async () => {
      const url = `${address}/api/v2/dags/hello/dagRuns/first`
      const answer = await fetch(url, { headers: { authorization: `Bearer ${token}` } })
      return ((await answer.json()) as { state: string }).state
    }
    await expect.poll(state, { timeout: 30_000 }).toBe('success')

    const shown = await call('npx', ['tradewind', 'runs', 'list', 'hello'])
    expect(shown.said).toMatch(/hello +first +success/)
    const log = await call('npx', ['tradewind', 'logs', 'hello', 'total', 'first', '--follow'])
    expect([log.code, log.said]).toEqual([0, expect.stringMatching(/the sum of \S+ is 6/)])
    const page = await fetch(address)
    expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('<div id="root">')])

    interrupt(child)
    await once(child, 'exit')
    expect(lines.at(-1)).toContain('Stopped')
  }, 120_000)
})
