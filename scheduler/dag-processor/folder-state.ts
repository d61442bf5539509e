/**
 * What is known of the Dags folder: its files, what each depends on, and what all of that looked like last time. A look
 * says which files have to be evaluated again and which are gone; it does not matter what made somebody look.
 */
import { realpath } from 'node:fs/promises'
import { dirname, relative, resolve, sep } from 'node:path'
import { createFingerprints } from './fingerprints.ts'
import { type FoundFile, isHidden, scanFolder } from './scan-folder.ts'

export interface Look {
  /** New, changed, or dependent on something that changed. */
  readonly dirty: readonly string[]
  readonly gone: readonly string[]
  /** Not under the folder itself, so a watcher has to be told of them. */
  readonly watchAlso: readonly string[]
}

export interface FolderState {
  readonly folder: string
  /** `hinted`: look only at these when all of them are files in use; else at everything. Rejects when the folder cannot be read. */
  look(hinted?: ReadonlySet<string>): Promise<Look>
  /** What the evaluation of `file` that began at `since` read. Returns paths a watcher has to be told of. */
  depend(file: string, paths: readonly string[], since: number): Promise<readonly string[]>
  /** The next look says it is dirty. */
  lookAgain(file: string): void
  file(file: string): FoundFile | undefined
  /**
   * Order in which files say what they declare: the first time by their appearance (those present at the first look by
   * name), later by the time they say it. `undefined` for a file that is gone.
   */
  nextRank(file: string): number | undefined
  /** A file by its path relative to the folder, whether tracked or not. Rejects when it is not there. */
  find(file: string): Promise<FoundFile>
}

interface Tracked extends FoundFile {
  /** Not yet used. */
  firstRank: number | null
  readonly dependencies: Set<string>
  again: boolean
}

/** `folder`: real path. */
export function createFolderState(folder: string, now: () => number): FolderState {
  const tracked = new Map<string, Tracked>()
  const fingerprints = createFingerprints(now)
  const watched = new Set<string>()
  let lastRank = 0

  function notYetWatched(paths: readonly string[]): string[] {
    const added = paths.filter(
      (path) => !isSeenFromFolder(path) && !path.includes('node_modules') && !watched.has(path),
    )
    for (const path of added) watched.add(path)
    return added
  }

  function isSeenFromFolder(path: string): boolean {
    const inside = relative(folder, path)
    return !inside.startsWith('..') && !inside.split(sep).some(isHidden)
  }

  function dependents(changed: ReadonlySet<string>): string[] {
    return [...tracked.values()]
      .filter(({ again, dependencies }) => again || [...dependencies].some((path) => changed.has(path)))
      .map((one) => {
        one.again = false
        return one.file
      })
  }

  return {
    folder,
    async look(hinted) {
      const dirty = new Set<string>()
      if (hinted !== undefined && [...hinted].every((path) => fingerprints.has(path))) {
        for (const file of dependents(await fingerprints.changed(hinted))) dirty.add(file)
        // One that vanished may have been renamed: then only the folder itself tells.
        if ([...hinted].every((path) => fingerprints.has(path))) return { dirty: [...dirty], gone: [], watchAlso: [] }
      }
      const { files, linkedFolders } = await scanFolder(folder)
      const found = new Map(files.map((one) => [one.file, one]))
      const gone = [...tracked.values()]
        .filter(({ file, path }) => found.get(file)?.path !== path)
        .map(({ file }) => file)
      for (const file of gone) {
        tracked.delete(file)
        dirty.delete(file)
      }
      for (const { file, path } of files) {
        if (tracked.has(file)) continue
        lastRank += 1
        tracked.set(file, { file, path, firstRank: lastRank, dependencies: new Set([path]), again: false })
        dirty.add(file)
      }
      const paths = new Set([...tracked.values()].flatMap(({ dependencies }) => [...dependencies]))
      fingerprints.keepOnly(paths)
      for (const file of dependents(await fingerprints.changed(paths))) dirty.add(file)
      return {
        dirty: [...dirty],
        gone: gone.filter((file) => !dirty.has(file)),
        watchAlso: notYetWatched([...linkedFolders, ...files.map(({ path }) => path)]),
      }
    },
    async depend(file, paths, since) {
      const one = tracked.get(file)
      if (one === undefined) return []
      await fingerprints.remember(paths, since)
      one.dependencies.clear()
      for (const path of [one.path, ...paths]) one.dependencies.add(path)
      return notYetWatched(paths)
    },
    lookAgain(file) {
      const one = tracked.get(file)
      if (one !== undefined) one.again = true
    },
    file: (file) => tracked.get(file),
    nextRank(file) {
      const one = tracked.get(file)
      if (one === undefined) return undefined
      if (one.firstRank === null) lastRank += 1
      const rank = one.firstRank ?? lastRank
      one.firstRank = null
      return rank
    },
    async find(file) {
      const path = await realpath(resolve(folder, file)).catch(() => null)
      if (path === null) throw new Error(`There is no file ${file} in the Dags folder ${folder}.`)
      const visible = relative(folder, resolve(folder, file)).replaceAll(sep, '/')
      return { file: visible.startsWith('../') ? relative(dirname(path), path) : visible, path }
    },
  }
}
