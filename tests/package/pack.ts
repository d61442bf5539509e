/** Packs the package as it is published: from a fresh build, in a folder of its own, so that nothing of an older one goes in. */
import { execFile } from 'node:child_process'
import { cp, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const REPO = fileURLToPath(new URL('../..', import.meta.url))
const run = promisify(execFile)

export interface Packed {
  /** The tarball. */
  readonly file: string
  readonly size: number
  readonly unpackedSize: number
  readonly files: readonly { readonly path: string; readonly size: number }[]
}

/** The page is taken from `dist/ui`, which `npm test` builds. */
export async function pack(folder: string): Promise<Packed> {
  const tree = join(folder, 'tree')
  await mkdir(tree)
  for (const path of [
    'package.json',
    'README.md',
    'LICENSE',
    'CHANGELOG.md',
    'bin',
    'dags/patterns',
    'docs',
    'dist/ui',
  ]) {
    await cp(join(REPO, path), join(tree, path), { recursive: true })
  }
  const dist = join(tree, 'dist')
  const out = ['--outDir', dist, '--tsBuildInfoFile', join(dist, '.tsbuildinfo')]
  const tsc = [tool('typescript/bin/tsc'), '-p', join(REPO, 'tsconfig.build.json'), ...out]
  await run(process.execPath, tsc).catch((error: Error & { stdout: string }) => {
    throw new Error(`It does not compile:\n${error.stdout}`)
  })
  const { stdout } = await run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], {
    cwd: tree,
    env: npmEnvironment(),
  })
  const [packed] = JSON.parse(stdout) as (Omit<Packed, 'file'> & { filename: string })[]
  if (packed === undefined) throw new Error(`npm pack said ${stdout}`)
  return { ...packed, file: join(folder, packed.filename) }
}

/** A file of a package that the repository has installed. */
export function tool(path: string): string {
  return join(REPO, 'node_modules', path)
}

/** As in a shell of a person: nothing of the npm that may run these tests, and the Node that does. */
export function npmEnvironment(): Record<string, string> {
  const env: Record<string, string> = {
    // Flags of npm that change nothing of what is installed.
    npm_config_audit: 'false',
    npm_config_fund: 'false',
    npm_config_prefer_offline: 'true',
    npm_config_update_notifier: 'false',
  }
  for (const [name, value] of Object.entries(process.env)) {
    const isOfNpm = /^(npm_(?!config_(registry|cache|userconfig)$)|INIT_CWD$|VITEST|NODE_ENV$|TRADEWIND_|DATABASE_URL$)/
    if (value !== undefined && !isOfNpm.test(name)) env[name] = value
  }
  env.PATH = [
    join(process.execPath, '..'),
    ...pathFolders().filter((folder) => !folder.endsWith('node_modules/.bin')),
  ].join(':')
  return env
}

function pathFolders(): string[] {
  return (process.env.PATH ?? '').split(':')
}
