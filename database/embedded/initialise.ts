/**
 * The first start of a data folder: password and cluster. Invariant: a cluster is whole or not there (made in a
 * temporary folder, then renamed), and one of another major version is refused, never touched.
 */
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { access, chmod, chown, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { ServerBinaries } from './binaries.ts'
import type { ServerIdentity } from './identity.ts'

const run = promisify(execFile)

/** Superuser of the embedded server, and its database. */
export const SERVER_USER = 'tradewind'
export const SERVER_DATABASE = 'tradewind'

export const clusterDir = (dataDir: string) => join(dataDir, 'cluster')
export const passwordFile = (dataDir: string) => join(dataDir, 'password')

/** The server's own password; made at the first start, 0600, never anywhere else. */
export async function ensurePassword(dataDir: string, identity: ServerIdentity): Promise<string> {
  const path = passwordFile(dataDir)
  const known = (await readFile(path, 'utf8').catch(() => '')).trim()
  if (known !== '') return known
  if (await hasCluster(dataDir)) {
    throw new Error(
      `${path} is missing, and with it the password of the database beside it. Put the file back from a backup.`,
    )
  }
  const password = randomBytes(24).toString('base64url')
  await writeFile(`${path}.new`, password, { mode: 0o600 })
  await chmod(`${path}.new`, 0o600)
  if (identity.uid !== undefined && identity.gid !== undefined) await chown(`${path}.new`, identity.uid, identity.gid)
  await rename(`${path}.new`, path)
  return password
}

/** Creates the cluster when there is none. Returns whether it did. */
export async function ensureCluster(
  dataDir: string,
  binaries: ServerBinaries,
  identity: ServerIdentity,
): Promise<boolean> {
  await removeHalfMade(dataDir)
  const found = await clusterMajor(dataDir)
  if (found === String(binaries.major)) return false
  if (found !== null) {
    throw new Error(
      `The database in ${clusterDir(dataDir)} was made by PostgreSQL ${found}; this program brings ${binaries.major}. ` +
        'With the program that made it run `tradewind db export FILE`, then start this one with an empty data folder and ' +
        'run `tradewind db import FILE`.',
    )
  }
  const target = join(dataDir, `cluster.new.${process.pid}`)
  const args = ['--pgdata', target, '--username', SERVER_USER, '--pwfile', passwordFile(dataDir)]
  args.push('--auth-local=scram-sha-256', '--auth-host=scram-sha-256', '--encoding=UTF8')
  // Sorting by bytes, letters of all languages: the same on every machine, and no index breaks with its C library.
  if (binaries.major >= 17) args.push('--locale-provider=builtin', '--locale=C', '--builtin-locale=C.UTF-8')
  else args.push('--locale=C')
  if (binaries.major >= 17 && process.platform === 'linux') args.push('--sync-method=syncfs')
  const [file, ...rest] = [...identity.prefix, binaries.initdb, ...args]
  const { uid, gid } = identity
  const who = uid === undefined || gid === undefined ? {} : { uid, gid }
  await run(file as string, rest, { ...who, env: { PATH: '/usr/bin:/bin', TZ: 'UTC', LC_ALL: 'C' }, cwd: '/' }).catch(
    async (error: Error & { stderr?: string }) => {
      await rm(target, { recursive: true, force: true })
      throw new Error(`Cannot create a database in ${dataDir}: ${(error.stderr ?? error.message).trim()}`)
    },
  )
  await rename(target, clusterDir(dataDir))
  return true
}

/** What killed first starts left. Their owner is dead: the folder is ours by now. */
async function removeHalfMade(dataDir: string): Promise<void> {
  for (const name of await readdir(dataDir)) {
    if (name.startsWith('cluster.new.')) await rm(join(dataDir, name), { recursive: true, force: true })
  }
}

async function hasCluster(dataDir: string): Promise<boolean> {
  return access(clusterDir(dataDir)).then(
    () => true,
    () => false,
  )
}

async function clusterMajor(dataDir: string): Promise<string | null> {
  if (!(await hasCluster(dataDir))) return null
  const version = (await readFile(join(clusterDir(dataDir), 'PG_VERSION'), 'utf8').catch(() => '')).trim()
  if (version !== '') return version
  throw new Error(
    `${clusterDir(dataDir)} is there but is no PostgreSQL folder (it has no PG_VERSION). ` +
      'Move it away, or give the program another data folder.',
  )
}
