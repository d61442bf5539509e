/**
 * The data folder and what lies in it. Children may run as another user: they can pass through the folder, read the
 * cache and write into the files folder, and get no further. Everything else is the program's alone.
 */
import { chmod, chown, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Identity } from './child-identity.ts'

export interface DataFolder {
  readonly root: string
  /** Of the embedded server. */
  readonly postgres: string
  readonly logs: string
  /** Bundles on their way to children; may be deleted when nothing runs. */
  readonly cache: string
  /** Where tasks write (`getContext().filesDir`). */
  readonly files: string
  readonly secretKey: string
}

export function dataFolder(root: string): DataFolder {
  return {
    root,
    postgres: join(root, 'postgres'),
    logs: join(root, 'logs'),
    cache: join(root, 'cache'),
    files: join(root, 'files'),
    secretKey: join(root, 'secret.key'),
  }
}

/** Makes the folder itself: others may pass through, not list it. */
export async function makeDataFolder(folder: DataFolder): Promise<void> {
  await mkdir(folder.root, { recursive: true })
  await chmod(folder.root, 0o711)
  for (const [path, mode] of [
    [folder.logs, 0o700],
    [folder.cache, 0o755],
    [folder.files, 0o755],
  ] as const) {
    await mkdir(path, { recursive: true })
    await chmod(path, mode)
  }
}

/** Gives the folders that children write to the user they run as. */
export async function handToChildren(folder: DataFolder, identity: Identity | null): Promise<void> {
  const owner = identity ?? ownIdentity()
  if (owner === null) return
  for (const path of [folder.cache, folder.files]) await chown(path, owner.uid, owner.gid)
}

function ownIdentity(): Identity | null {
  const uid = process.getuid?.()
  const gid = process.getgid?.()
  return uid === undefined || gid === undefined ? null : { uid, gid }
}
