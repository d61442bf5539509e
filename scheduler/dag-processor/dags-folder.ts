/** The Dags folder as a place on disk: made when it is missing, given by its real path. */
import { chown, mkdir, realpath, stat } from 'node:fs/promises'
import { resolve } from 'node:path'

/** Creates the folder if need be. Rejects with a message that says what to do. */
export async function openDagsFolder(folder: string, log: (line: string) => void): Promise<string> {
  const path = resolve(folder)
  const found = await stat(path).catch(() => null)
  if (found !== null && !found.isDirectory()) {
    throw new Error(`The Dags folder ${path} is a file. Remove it, or set dags.folder to a folder.`)
  }
  if (found === null) {
    try {
      await mkdir(path, { recursive: true })
    } catch (error) {
      const cause = error instanceof Error ? error.message : String(error)
      throw new Error(
        `The Dags folder ${path} is missing and cannot be created: ${cause}. Create it, or set dags.folder.`,
      )
    }
    log(`Created the Dags folder ${path}: drop .ts files into it.`)
  }
  return realpath(path)
}

/** A folder that parse children may write to, also when they run as somebody else. */
export async function openCacheFolder(
  path: string,
  identity: { readonly uid: number; readonly gid: number } | undefined,
): Promise<string> {
  await mkdir(path, { recursive: true })
  if (identity !== undefined) await chown(path, identity.uid, identity.gid)
  return realpath(path)
}
