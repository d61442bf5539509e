/**
 * As whom the server runs. PostgreSQL refuses to be root, so a root program starts it in a user namespace where root
 * has another uid (files keep their owner), or, where namespaces are forbidden, under an unprivileged uid that is
 * given the folder. Invariant: nothing on the machine is created for it, no user and no group.
 */
import { execFile, spawnSync } from 'node:child_process'
import { chmod, chown, cp, lstat, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { ServerBinaries } from './binaries.ts'

const run = promisify(execFile)

/** `same`: as ourselves. */
export type IdentityKind = 'same' | 'namespace' | 'uid'

export interface ServerIdentity {
  readonly kind: IdentityKind
  /** Put in front of every command line. */
  readonly prefix: readonly string[]
  /** For `uid`: passed to spawn. */
  readonly uid?: number
  readonly gid?: number
}

/** Chooses by trying. `only` forces one kind. */
export async function chooseIdentity(only?: IdentityKind): Promise<ServerIdentity> {
  if (only === 'same' || process.getuid?.() !== 0) return { kind: 'same', prefix: [] }
  const { uid, gid } = await unprivilegedUser()
  const prefix = ['unshare', '--user', `--map-user=${uid}`, `--map-group=${gid}`, '--']
  if (only !== 'uid' && (await succeeds([...prefix, 'true']))) return { kind: 'namespace', prefix }
  return { kind: 'uid', prefix: [], uid, gid }
}

/**
 * An entry of the password file that is not root: initdb looks its own uid up there. Rather not `nobody`, which runs
 * the children with user code.
 */
async function unprivilegedUser(): Promise<{ uid: number; gid: number }> {
  const text = await readFile('/etc/passwd', 'utf8').catch(() => '')
  const users = text.split('\n').flatMap((line) => {
    const [name, , uid, gid] = line.split(':')
    return name && Number(uid) > 0 ? [{ name, uid: Number(uid), gid: Number(gid) }] : []
  })
  const user = users.find((one) => one.name === 'daemon') ?? users[0]
  if (!user) {
    throw new Error(
      'PostgreSQL refuses to run as root, and /etc/passwd names no other user to run it as. ' +
        'Start the program as an ordinary user, or set DATABASE_URL.',
    )
  }
  return user
}

/**
 * Makes `folder` the server's and its binaries readable to it. Returns the binaries to use: the same ones, or a copy
 * inside the folder. Nothing to do unless the server runs under another uid.
 */
export async function prepareFor(
  identity: ServerIdentity,
  folder: string,
  binaries: ServerBinaries,
): Promise<ServerBinaries> {
  const { uid, gid } = identity
  if (uid === undefined || gid === undefined) return binaries
  await giveTo(folder, uid, gid)
  if (!canRun(identity, ['sh', '-c', 'test -w "$1" && test -x "$1"', 'sh', folder])) {
    throw new Error(
      `The embedded PostgreSQL has to run as uid ${uid} (it refuses root, and user namespaces are off here), but that ` +
        `user cannot reach ${folder}. Move the data folder to a place others may enter, or set DATABASE_URL.`,
    )
  }
  if (canRun(identity, [binaries.postgres, '--version'])) return binaries
  const root = join(folder, `binaries-${binaries.major}`)
  const copy: ServerBinaries = {
    ...binaries,
    root,
    postgres: join(root, 'bin', 'postgres'),
    initdb: join(root, 'bin', 'initdb'),
  }
  if (!canRun(identity, [copy.postgres, '--version'])) {
    await rm(root, { recursive: true, force: true })
    await cp(binaries.root, root, { recursive: true, verbatimSymlinks: true })
    await giveTo(root, uid, gid)
  }
  return copy
}

async function giveTo(path: string, uid: number, gid: number): Promise<void> {
  const stat = await lstat(path)
  if (stat.isSymbolicLink()) return
  if (stat.uid !== uid) await chown(path, uid, gid)
  if (!stat.isDirectory()) return
  await chmod(path, 0o700)
  for (const name of await readdir(path)) await giveTo(join(path, name), uid, gid)
}

function canRun(identity: ServerIdentity, command: readonly string[]): boolean {
  const [file, ...args] = command
  const { uid, gid } = identity
  const who = uid === undefined || gid === undefined ? {} : { uid, gid }
  return file !== undefined && spawnSync(file, args, { ...who, cwd: '/', stdio: 'ignore' }).status === 0
}

async function succeeds(command: readonly string[]): Promise<boolean> {
  const [file, ...args] = command
  if (file === undefined) return false
  return run(file, args).then(
    () => true,
    () => false,
  )
}
