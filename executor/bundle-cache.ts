/**
 * Bundles by hash on this host: asked of the worker API once, kept as files that children read (their text never travels
 * through the host's IPC again), the least recently used ones dropped past a size. Files appear whole or not at all, under
 * a name never used again, and are written anew when somebody removed them.
 */
import { createHash } from 'node:crypto'
import { access, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { BundleFiles } from '../core/ports/child-protocol.ts'
import type { WorkerApi } from '../core/ports/worker-api.ts'

export interface BundleCache {
  get(hash: string): Promise<BundleFiles>
}

export interface BundleCacheOptions {
  readonly api: WorkerApi
  /** Owned by the host; children only read. Empty at first. */
  readonly folder: string
  readonly maxBytes: number
  /** Makes the folders of children again, should they have vanished. */
  restoreFolders(): Promise<unknown>
}

interface Entry {
  readonly files: Promise<BundleFiles>
  bytes: number
}

export function createBundleCache(options: BundleCacheOptions): BundleCache {
  /** In order of last use. */
  const entries = new Map<string, Entry>()
  let total = 0
  let serial = 0

  async function writeWhole(path: string, text: string): Promise<void> {
    const temporary = `${path}.tmp`
    try {
      await writeFile(temporary, text, { mode: 0o644 })
      await rename(temporary, path)
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => undefined)
      const why = error instanceof Error ? error.message : String(error)
      throw new Error(
        `the bundle cannot be kept in ${options.folder}: ${why}. Free space there, or fix its permissions.`,
        {
          cause: error,
        },
      )
    }
  }

  async function writeFiles(files: BundleFiles, code: string, sourceMap: string | null): Promise<void> {
    await writeWhole(files.codeFile, code)
    if (files.sourceMapFile !== null && sourceMap !== null) await writeWhole(files.sourceMapFile, sourceMap)
  }

  async function fetchBundle(hash: string, entry: Entry): Promise<BundleFiles> {
    const { code, sourceMap, ...bundle } = await options.api.getBundle(hash)
    const name = `${createHash('sha256').update(hash).digest('hex')}.${process.pid}.${serial++}`
    const codeFile = join(options.folder, `${name}.code`)
    const files = { bundle, codeFile, sourceMapFile: sourceMap === null ? null : join(options.folder, `${name}.map`) }
    try {
      await writeFiles(files, code, sourceMap)
    } catch (error) {
      if (await exists(options.folder)) throw error
      await options.restoreFolders()
      await writeFiles(files, code, sourceMap)
    }
    entry.bytes = code.length + (sourceMap?.length ?? 0)
    total += entry.bytes
    dropOld(hash)
    return files
  }

  /** Files of a bundle just handed to a child may still be read: the newest few stay whatever their size. */
  function dropOld(newest: string): void {
    for (const [hash, entry] of entries) {
      if (total <= options.maxBytes || entries.size <= 8) return
      if (hash === newest || entry.bytes === 0) continue
      drop(hash, entry)
    }
  }

  function drop(hash: string, entry: Entry): void {
    entries.delete(hash)
    total -= entry.bytes
    void entry.files.then(async ({ codeFile, sourceMapFile }) => {
      // What cannot be removed now is at the next start.
      for (const path of [codeFile, sourceMapFile])
        if (path !== null) await rm(path, { force: true }).catch(() => undefined)
    })
  }

  function fetchInto(hash: string): Promise<BundleFiles> {
    const started = Promise.withResolvers<BundleFiles>()
    const entry: Entry = { files: started.promise, bytes: 0 }
    entries.set(hash, entry)
    fetchBundle(hash, entry).then(started.resolve, (error: unknown) => {
      entries.delete(hash)
      started.reject(error)
    })
    return entry.files
  }

  return {
    async get(hash) {
      const known = entries.get(hash)
      if (known === undefined) return fetchInto(hash)
      entries.delete(hash)
      entries.set(hash, known)
      const files = await known.files
      if (await isWhole(files)) return files
      if (entries.get(hash) === known) drop(hash, known)
      return entries.get(hash)?.files ?? fetchInto(hash)
    },
  }
}

async function isWhole({ codeFile, sourceMapFile }: BundleFiles): Promise<boolean> {
  return (await exists(codeFile)) && (sourceMapFile === null || (await exists(sourceMapFile)))
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
