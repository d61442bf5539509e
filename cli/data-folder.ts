/**
 * The data folder and what lies in it. Children may run as another user: they can pass through the folder to the cache
 * and the files of tasks (whose parts the executor gives to that user), and get no further.
 */
import { chmod, mkdir } from 'node:fs/promises'
import { join } from 'node:path'

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
