/**
 * Bundles by hash on this host: asked of the worker API once, kept as files that children read (their text never travels
 * through the host's IPC again), the least recently used ones dropped past a size. Files appear whole or not at all.
 */
import { createHash } from 'node:crypto'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { BundleFiles } from '../core/ports/child-protocol.ts'
import type { WorkerApi } from '../core/ports/worker-api.ts'

export interface BundleCache {
  /** Empties what an earlier program left. */
  start(): Promise<void>
  get(hash: string): Promise<BundleFiles>
}

export interface BundleCacheOptions {
  readonly api: WorkerApi
  /** Owned by the host; children only read. */
  readonly folder: string
  readonly maxBytes: number
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
    const temporary = `${path}.${process.pid}.${serial++}.tmp`
    await writeFile(temporary, text, { mode: 0o644 })
    await rename(temporary, path)
  }

  async function fetchBundle(hash: string, entry: Entry): Promise<BundleFiles> {
    const { code, sourceMap, ...bundle } = await options.api.getBundle(hash)
    const name = createHash('sha256').update(hash).digest('hex')
    const codeFile = join(options.folder, `${name}.code`)
    const sourceMapFile = sourceMap === null ? null : join(options.folder, `${name}.map`)
    await writeWhole(codeFile, code)
    if (sourceMapFile !== null && sourceMap !== null) await writeWhole(sourceMapFile, sourceMap)
    entry.bytes = code.length + (sourceMap?.length ?? 0)
    total += entry.bytes
    dropOld(hash)
    return { bundle, codeFile, sourceMapFile }
  }

  /** Files of a bundle just handed to a child may still be read: the newest few stay whatever their size. */
  function dropOld(newest: string): void {
    for (const [hash, entry] of entries) {
      if (total <= options.maxBytes || entries.size <= 8) return
      if (hash === newest || entry.bytes === 0) continue
      entries.delete(hash)
      total -= entry.bytes
      void entry.files.then(async (files) => {
        await rm(files.codeFile, { force: true })
        if (files.sourceMapFile !== null) await rm(files.sourceMapFile, { force: true })
      })
    }
  }

  return {
    async start() {
      await rm(options.folder, { recursive: true, force: true })
      await mkdir(options.folder, { recursive: true, mode: 0o755 })
    },
    get(hash) {
      const known = entries.get(hash)
      if (known !== undefined) {
        entries.delete(hash)
        entries.set(hash, known)
        return known.files
      }
      const started = Promise.withResolvers<BundleFiles>()
      const entry: Entry = { files: started.promise, bytes: 0 }
      entries.set(hash, entry)
      fetchBundle(hash, entry).then(started.resolve, (error: unknown) => {
        entries.delete(hash)
        started.reject(error)
      })
      return entry.files
    },
  }
}
