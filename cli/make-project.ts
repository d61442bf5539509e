/**
 * The files of a new project. Invariant: nothing is written into a folder that holds anything (a `.git` may be there),
 * and nothing is fetched.
 */
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { CommandFailure, EXIT_USAGE } from './command-failure.ts'
import { PACKAGE_ROOT, packageVersion } from './package-root.ts'

const DAG = `import { Dag, getContext } from 'tradewind'

const dag = new Dag('hello', { schedule: '* * * * *' })

const numbers = dag.task('numbers', () => [1, 2, 3])

const total = dag.task('total', ({ values }: { values: number[] }) => {
  const { logger, ds } = getContext()
  const sum = values.reduce((a, b) => a + b, 0)
  logger.info(\`the sum of \${ds} is \${sum}\`)
  return sum
})

total({ values: numbers() })
`

const TEST = `// Runs the Dag once, with its tasks in child processes as later, without a database.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'

test('hello adds up its numbers', () => {
  const said = execFileSync('npx', ['tradewind', 'dags', 'test', 'dags/hello.ts', '--json'], { encoding: 'utf8' })
  const run = JSON.parse(said)
  assert.equal(run.state, 'success')
  assert.equal(run.task_instances.find((ti) => ti.task_id === 'total').result, 6)
})
`

const TSCONFIG = {
  compilerOptions: {
    target: 'es2023',
    module: 'nodenext',
    types: ['node'],
    strict: true,
    noUncheckedIndexedAccess: true,
    allowImportingTsExtensions: true,
    skipLibCheck: true,
    noEmit: true,
  },
  include: ['dags'],
}

/** The folder, absolute, and the files made in it. */
export async function makeProject(folder: string): Promise<{ readonly path: string; readonly files: string[] }> {
  const path = resolve(folder)
  const contents: Readonly<Record<string, string>> = {
    'package.json': json(manifest(path)),
    'tsconfig.json': json(TSCONFIG),
    '.gitignore': 'node_modules/\n.tradewind/\n',
    'dags/hello.ts': DAG,
    'tests/hello.test.js': TEST,
  }
  try {
    await mkdir(path, { recursive: true })
    const there = (await readdir(path)).filter((name) => name !== '.git')
    if (there.length > 0) {
      throw new CommandFailure(
        `${path} is not empty: it holds ${there.slice(0, 3).join(', ')}${there.length > 3 ? ', ...' : ''}.`,
        'Name a new folder: tradewind init my-dags',
        EXIT_USAGE,
      )
    }
    for (const [name, content] of Object.entries(contents)) {
      await mkdir(dirname(join(path, name)), { recursive: true })
      await writeFile(join(path, name), content, { flag: 'wx' })
    }
  } catch (error) {
    if (error instanceof CommandFailure || !(error instanceof Error)) throw error
    throw new CommandFailure(`${path} cannot be made: ${error.message}`, 'Name another folder.')
  }
  return { path, files: Object.keys(contents) }
}

function manifest(path: string) {
  const name = basename(path)
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, '-')
    .replace(/^-+|-+$/g, '')
  return {
    name: name === '' || name === 'tradewind' ? 'my-dags' : name,
    version: '0.0.0',
    private: true,
    type: 'module',
    scripts: { start: 'tradewind standalone', test: 'node --test', check: 'tsc' },
    dependencies: { tradewind: specifier() },
    devDependencies: { '@types/node': '^24.0.0', typescript: '>=5.9.0' },
  }
}

/** Whence this very package came: a checkout or a packed file on this machine, else the registry. */
function specifier(): string {
  const isInstalled = basename(dirname(PACKAGE_ROOT)) === 'node_modules'
  if (!isInstalled) return `file:${PACKAGE_ROOT}`
  const host = dirname(dirname(PACKAGE_ROOT))
  const file = join(host, 'package.json')
  if (existsSync(file)) {
    const { dependencies } = JSON.parse(readFileSync(file, 'utf8')) as { dependencies?: Record<string, unknown> }
    const given = dependencies?.tradewind
    if (typeof given === 'string' && given.startsWith('file:')) return `file:${resolve(host, given.slice(5))}`
  }
  return `^${packageVersion()}`
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}
