/**
 * Deletes logs of tries that were last written to before a given time, and folders that are empty then. Invariant: a
 * folder that somebody may just have made for a new log stays.
 */
import { readdir, rmdir, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'

export interface CleanedLogs {
  readonly files: number
  readonly bytes: number
  /** Of all logs, before. */
  readonly totalBytes: number
}

const YOUNG_FOLDER_MS = 60 * 60 * 1_000

export async function cleanLogs(
  logsDir: string,
  before: number,
  options: { readonly dryRun: boolean; readonly now: number; readonly isCancelled?: () => boolean },
): Promise<CleanedLogs> {
  const total = { files: 0, bytes: 0, totalBytes: 0 }
  await cleanFolder(logsDir, true)
  return total

  /** Whether it is empty now. */
  async function cleanFolder(folder: string, isRoot: boolean): Promise<void> {
    if (options.isCancelled?.() === true) return
    const changedAt = (await stat(folder).catch(() => null))?.mtimeMs ?? options.now
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
    let left = 0
    for (const entry of entries) {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) {
        await cleanFolder(path, false)
        left++
      } else if (entry.isFile() && /^try=\d+\.jsonl$/.test(entry.name)) {
        const info = await stat(path).catch(() => null)
        if (info === null) continue
        total.totalBytes += info.size
        if (info.mtimeMs >= before) {
          left++
          continue
        }
        total.files++
        total.bytes += info.size
        if (!options.dryRun) await unlink(path).catch(() => {})
      } else {
        left++
      }
    }
    if (isRoot || options.dryRun || options.now - changedAt < YOUNG_FOLDER_MS) return
    // Folders below may be gone by now; one that is not empty stays by itself.
    if (left === 0 || entries.every((entry) => entry.isDirectory())) await rmdir(folder).catch(() => {})
  }
}
