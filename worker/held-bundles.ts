/**
 * The bundles this child has loaded, the least recently used one given up for a new one. A bundle that failed to load is
 * forgotten, so a retry tries again.
 */
import { readFile } from 'node:fs/promises'
import type { BundleFiles, ChildSettings } from '../core/ports/child-protocol.ts'
import { evictBundle, type LoadedBundle, loadBundle } from './load-bundle.ts'

export interface HeldBundle {
  readonly loaded: LoadedBundle
  /** What loading it did to the environment: applied again for each of its tries. */
  environment: Readonly<Record<string, string | undefined>>
}

export interface HeldBundles {
  announce(files: BundleFiles): void
  get(hash: string): HeldBundle | undefined
  load(hash: string): Promise<HeldBundle>
  hashes(): readonly string[]
}

export function createHeldBundles(settings: ChildSettings): HeldBundles {
  const announced = new Map<string, BundleFiles>()
  /** In order of last use. */
  const held = new Map<string, HeldBundle>()

  async function load(hash: string): Promise<HeldBundle> {
    const files = announced.get(hash)
    if (files === undefined) throw new Error(`this child was never told about the bundle ${hash}.`)
    const code = await readFile(files.codeFile, 'utf8')
    const sourceMap = files.sourceMapFile === null ? null : await readFile(files.sourceMapFile, 'utf8')
    try {
      const loaded = await loadBundle({ ...files.bundle, code, sourceMap }, { ...settings, places: false })
      const bundle: HeldBundle = { loaded, environment: {} }
      held.set(hash, bundle)
      for (const oldest of held.keys()) {
        if (held.size <= settings.maxBundles) break
        held.delete(oldest)
        announced.delete(oldest)
        evictBundle(oldest)
      }
      return bundle
    } catch (error) {
      evictBundle(hash)
      throw error
    }
  }

  return {
    announce: (files) => void announced.set(files.bundle.hash, files),
    get(hash) {
      const bundle = held.get(hash)
      if (bundle !== undefined) {
        held.delete(hash)
        held.set(hash, bundle)
      }
      return bundle
    },
    load,
    hashes: () => [...held.keys()],
  }
}
