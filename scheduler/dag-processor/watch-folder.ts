/**
 * Hints that something under the Dags folder may have changed, gathered until it has been quiet for a moment. Hints are
 * lost and doubled by every operating system: what they say is not believed, they only say when to look.
 */
import { basename } from 'node:path'
import { watch } from 'chokidar'
import { IGNORE_FILE, isHidden } from './scan-folder.ts'

export interface Watch {
  /** Resolves when hints flow. */
  readonly ready: Promise<void>
  /** Also hint at these paths: files outside the folder that Dag files use, folders that links lead to. */
  add(paths: readonly string[]): void
  close(): Promise<void>
}

/** A write is taken as finished when nothing happened for this long. */
const QUIET_MS = 50
/** A file that is written all the time is looked at this often, so that an error shows within a second. */
const LONGEST_WAIT_MS = 400

/** `look`: called with absolute paths that may have changed. */
export function watchFolder(
  folder: string,
  look: (paths: ReadonlySet<string>) => void,
  log: (line: string) => void,
): Watch {
  const seen = new Set<string>()
  let since = 0
  let quiet: NodeJS.Timeout | undefined
  const watcher = watch(folder, {
    ignoreInitial: true,
    // Links are followed by the scan, which knows cycles; it adds where they lead.
    followSymlinks: false,
    atomic: false,
    ignorePermissionErrors: true,
    ignored: (path) => path !== folder && isHidden(basename(path)) && basename(path) !== IGNORE_FILE,
  })

  function hint(path: string): void {
    const now = performance.now()
    if (seen.size === 0) since = now
    seen.add(path)
    clearTimeout(quiet)
    quiet = setTimeout(flush, Math.max(0, Math.min(QUIET_MS, since + LONGEST_WAIT_MS - now)))
  }

  function flush(): void {
    const paths = new Set(seen)
    seen.clear()
    look(paths)
  }

  watcher.on('all', (_event, path) => hint(path))
  watcher.on('error', (error) => {
    log(
      `Watching ${folder} failed (${error instanceof Error ? error.message : String(error)}); changes are found by the regular rescan.`,
    )
  })
  return {
    ready: new Promise((resolve) => {
      watcher.on('ready', resolve)
      watcher.on('error', () => resolve())
    }),
    add(paths) {
      if (paths.length > 0) watcher.add([...paths])
    },
    async close() {
      clearTimeout(quiet)
      await watcher.close()
    },
  }
}
