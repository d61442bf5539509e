/** A new folder, made by `init`, and what its own commands say; completion scripts, asked as a shell asks them. */
import { execFile } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const MAIN = join(ROOT, 'cli/main.ts')
const folder = mkdtempSync(join(tmpdir(), 'tradewind-init-'))
chmodSync(folder, 0o755)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

function run(command: string, args: readonly string[], cwd = folder): Promise<Ended> {
  const env = {
    PATH: `${join(cwd, 'node_modules/.bin')}:${join(ROOT, 'node_modules/.bin')}:${process.env.PATH}`,
    HOME: process.env.HOME ?? '',
  }
  return new Promise((resolve) => {
    execFile(command, args, { cwd, env }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1, stdout, stderr })
    })
  })
}

const cli = (...args: string[]) => run(process.execPath, [MAIN, ...args])

describe('init', () => {
  const project = join(folder, 'my-dags')

  test('makes a folder whose Dag compiles and whose test passes', async () => {
    const made = await cli('init', 'my-dags')
    expect([made.code, made.stderr]).toEqual([0, ''])
    expect(made.stdout).toContain('Start it: cd my-dags && npm install && npm start')
    const manifest = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')) as { scripts: object }
    expect(manifest.scripts).toMatchObject({ start: 'tradewind standalone' })

    // In place of `npm install`: this very package, and what the manifest names beside it.
    const modules = join(project, 'node_modules')
    mkdirSync(join(modules, '.bin'), { recursive: true })
    symlinkSync(ROOT, join(modules, 'tradewind'))
    symlinkSync(join(ROOT, 'bin/tradewind.js'), join(modules, '.bin/tradewind'))
    symlinkSync(join(ROOT, 'node_modules/@types'), join(modules, '@types'))
    const compiled = await run(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc')], project)
    expect([compiled.code, compiled.stdout]).toEqual([0, ''])
    const tested = await run(process.execPath, ['--test'], project)
    expect(tested.code, tested.stdout).toBe(0)
    expect(tested.stdout).toMatch(/pass 1\b/)
  })

  test('refuses a folder that holds anything, and leaves it alone', async () => {
    const before = readFileSync(join(project, 'package.json'), 'utf8')
    const again = await cli('init', 'my-dags')
    expect([again.code, again.stdout]).toEqual([2, ''])
    expect(again.stderr).toMatch(/is not empty: it holds .*\nName a new folder: tradewind init my-dags/)
    expect(readFileSync(join(project, 'package.json'), 'utf8')).toBe(before)
    writeFileSync(join(folder, 'file'), '')
    expect((await cli('init', 'file')).code).toBe(1)
    mkdirSync(join(folder, 'cloned/.git'), { recursive: true })
    expect((await cli('init', 'cloned', '--json')).code).toBe(0)
    expect(existsSync(join(folder, 'cloned/dags/hello.ts'))).toBe(true)
  })
})

describe('completion', () => {
  async function completes(...words: string[]): Promise<string[]> {
    const { stdout: script } = await cli('completion', 'bash')
    const list = words.map((word) => `'${word}'`).join(' ')
    const ask = `${script}\nCOMP_WORDS=(${list}); COMP_CWORD=${words.length - 1}; _tradewind; printf '%s\\n' "\${COMPREPLY[@]}"`
    const { code, stdout, stderr } = await run('bash', ['-c', ask])
    expect([code, stderr]).toEqual([0, ''])
    return stdout.trim().split('\n')
  }

  test('bash: commands, commands below them, options, files', async () => {
    expect(await completes('tradewind', 'da')).toEqual(['dags'])
    expect(await completes('tradewind', 'tasks', '')).toEqual(['why', 'clear', 'mark', 'cancel'])
    expect(await completes('tradewind', 'tasks', 'clear', 'loads', '--only')).toEqual([
      '--only-failed',
      '--only-running',
    ])
    expect(await completes('tradewind', 'dags', 'test', 'my-d')).toEqual(['my-dags'])
  })

  test('zsh and fish know the same commands', async () => {
    const { script } = JSON.parse((await cli('completion', 'zsh', '--json')).stdout) as { script: string }
    expect(script).toContain("'clear:runs task instances of a run again: those named, or all'")
    const fish = (await cli('completion', 'fish')).stdout
    expect(fish).toContain('-n "__tradewind_at \'/tasks\'" -f -a clear')
    const unknown = await cli('completion', 'tcsh')
    expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringContaining('Allowed choices are bash, zsh, fish')])
  })
})
