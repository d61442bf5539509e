/**
 * The files of a new project, and a pattern for one that is there. Invariant: no file that is there is replaced or changed, but
 * for what a pattern needs in `package.json`; and nothing is fetched.
 */
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { CommandFailure, EXIT_USAGE } from './command-failure.ts'
import { PACKAGE_ROOT, packageVersion } from './package-root.ts'
import { patternFiles } from './pattern-files.ts'

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

const HELLO = { 'dags/hello.ts': DAG, 'tests/hello.test.js': TEST }

const NODE_TYPES = '^24.0.0'
/** Node 24 needs no such flag, and knows it. */
const TEST_COMMAND = 'node --experimental-strip-types --test'

/** In place of a test, by `npm init`. */
const NO_TEST = 'no test specified'

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

export interface MadeProject {
  /** The folder, absolute. */
  readonly path: string
  /** Made in it. */
  readonly files: readonly string[]
  /** What the person has to know beside. */
  readonly notes: readonly string[]
}

/** A new folder: with `pattern` and its test, or else with a first Dag. A pattern may also come into a project that is there. */
export async function makeProject(folder: string, pattern: string | null = null): Promise<MadeProject> {
  const path = resolve(folder)
  const dags = pattern === null ? HELLO : await patternFiles(pattern)
  return writing(path, async () => {
    await mkdir(path, { recursive: true })
    const there = (await readdir(path)).filter((name) => name !== '.git')
    if (pattern !== null && there.includes('package.json')) return addPattern(path, dags)
    if (there.length > 0) {
      const remedy =
        pattern === null
          ? 'Name a new folder: tradewind init my-dags'
          : `Name a new folder or a project, which has a package.json: tradewind init --pattern ${pattern} my-dags`
      const shown = `${there.slice(0, 3).join(', ')}${there.length > 3 ? ', ...' : ''}`
      throw new CommandFailure(`${path} is not empty: it holds ${shown}.`, remedy, EXIT_USAGE)
    }
    const contents = {
      'package.json': json(manifest(path)),
      'tsconfig.json': json(TSCONFIG),
      '.gitignore': 'node_modules/\n.tradewind/\n',
      ...dags,
    }
    await writeAll(path, contents)
    return { path, files: Object.keys(contents), notes: [] }
  })
}

async function addPattern(path: string, dags: Readonly<Record<string, string>>): Promise<MadeProject> {
  const missing: Record<string, string> = {}
  const taken: string[] = []
  for (const [name, content] of Object.entries(dags)) {
    const there = await readFile(join(path, name), 'utf8').catch(() => null)
    if (there === null) missing[name] = content
    else if (there !== content) taken.push(name)
  }
  if (taken.length > 0) {
    throw new CommandFailure(
      `${path} has its own ${taken.join(' and ')}; nothing was copied.`,
      'Rename it, or take the pattern into another folder.',
      EXIT_USAGE,
    )
  }
  const file = join(path, 'package.json')
  const { text, notes } = withNeeds(JSON.parse(await readFile(file, 'utf8')) as Manifest)
  await writeAll(path, missing)
  if (text !== null) await writeFile(file, text)
  return { path, files: [...Object.keys(missing), ...(text === null ? [] : ['package.json'])], notes }
}

async function writeAll(path: string, contents: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, content] of Object.entries(contents)) {
    await mkdir(dirname(join(path, name)), { recursive: true })
    await writeFile(join(path, name), content, { flag: 'wx' })
  }
}

async function writing<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof CommandFailure || !(error instanceof Error)) throw error
    throw new CommandFailure(`${path} cannot be made: ${error.message}`, 'Name another folder.')
  }
}

interface Manifest {
  readonly type?: string
  readonly scripts?: Readonly<Record<string, string>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
}

/** A manifest with what a pattern and its test need; `null` when all of it is there. */
function withNeeds(given: Manifest): { readonly text: string | null; readonly notes: readonly string[] } {
  const own = given.scripts?.test
  const hasTest = own !== undefined && !own.includes(NO_TEST)
  const needed = {
    dependencies: { tradewind: specifier(), ...given.dependencies },
    devDependencies: { '@types/node': NODE_TYPES, ...given.devDependencies },
    scripts: { ...given.scripts, test: hasTest ? own : TEST_COMMAND },
  }
  const notes: string[] = []
  if (needed.scripts.test !== TEST_COMMAND) {
    notes.push(`Your own "npm test" stays. Tests of patterns: ${TEST_COMMAND} 'dags/**/*.test.ts'`)
  }
  if (given.type !== 'module') notes.push('The pattern is an ES module: package.json needs "type": "module".')
  const text = json({ ...given, ...needed })
  return { text: text === json(given) ? null : text, notes }
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
    scripts: { start: 'tradewind standalone', test: TEST_COMMAND, check: 'tsc' },
    dependencies: { tradewind: specifier() },
    devDependencies: { '@types/node': NODE_TYPES, typescript: '>=5.9.0' },
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
