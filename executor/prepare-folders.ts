/**
 * The folders children need, made before the first of them starts, and owned so that they can be used by the children's
 * user. What a child of another user could not reach is an error at start, not a failure of every task later.
 */
import { chmod, chown, lstat, mkdir, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { LocalExecutorOptions } from './local-options.ts'

export interface ChildFolders {
  /** Owned by the host: children only read. */
  readonly bundles: string
  /** Owned by the children's user. */
  readonly loaded: string
}

/** Both hold only what can be had again: a new program begins with empty ones. */
export function foldersOf({ cacheDir }: LocalExecutorOptions): ChildFolders {
  return { bundles: join(cacheDir, 'bundles'), loaded: join(cacheDir, 'loaded') }
}

export async function prepareFolders(options: LocalExecutorOptions): Promise<void> {
  const folders = foldersOf(options)
  await mkdir(folders.bundles, { recursive: true, mode: 0o755 })
  const identity = options.childIdentity
  for (const folder of [folders.loaded, options.filesDir]) {
    await mkdir(folder, { recursive: true, mode: 0o755 })
    if (identity === null) continue
    if ((await lstat(folder)).isSymbolicLink())
      throw new Error(`${folder} is a symbolic link; give a real folder instead.`)
    await chown(folder, identity.uid, identity.gid)
  }
  if (identity !== null) {
    await chmod(options.cacheDir, 0o755)
    await chmod(folders.bundles, 0o755)
    for (const folder of [options.cacheDir, options.filesDir, options.dagsFolder]) await checkReach(folder, identity)
  }
}

async function checkReach(folder: string, identity: { readonly uid: number; readonly gid: number }): Promise<void> {
  for (let at = resolve(folder); ; at = dirname(at)) {
    const { mode, uid, gid } = await stat(at)
    const bit = uid === identity.uid ? 0o100 : gid === identity.gid ? 0o010 : 0o001
    if ((mode & bit) === 0) {
      throw new Error(
        `Tasks run as uid ${identity.uid} and cannot reach ${folder}: ${at} has mode ${(mode & 0o777).toString(8)}. ` +
          `Allow passing through it (chmod o+x ${at}), or move the folder elsewhere.`,
      )
    }
    if (at === dirname(at)) return
  }
}
