/**
 * What files looked like when they were last looked at: size, times and inode, so that a rescan costs one `stat` a file.
 * A file that is not there has a look, too: it changes by appearing.
 */
import { stat } from 'node:fs/promises'

export interface Fingerprints {
  /** Looks at `paths`; those that look different from last time. A path never seen before is only remembered. */
  changed(paths: Iterable<string>): Promise<ReadonlySet<string>>
  /** Remembers paths that were read since `since` (epoch ms); one touched after that counts as changed at the next look. */
  remember(paths: Iterable<string>, since: number): Promise<void>
  /** It was there when it was last looked at. */
  has(path: string): boolean
  /** Forgets all but `paths`. */
  keepOnly(paths: ReadonlySet<string>): void
}

/** File systems count time in steps up to this: a second write within one leaves no trace. */
const TIME_STEP_MS = 20
const UNSETTLED = 'unsettled'
const MISSING = 'missing'

export function createFingerprints(now: () => number): Fingerprints {
  const known = new Map<string, string>()

  async function look(path: string, since: number): Promise<string> {
    const found = await stat(path).catch(() => null)
    if (found === null) return MISSING
    const touched = Math.max(found.mtimeMs, found.ctimeMs)
    // A time in the future comes from another clock and tells nothing.
    if (touched >= since - TIME_STEP_MS && touched <= now()) return UNSETTLED
    return `${found.size} ${found.mtimeMs} ${found.ctimeMs} ${found.ino}`
  }

  return {
    async changed(paths) {
      const different = new Set<string>()
      await Promise.all(
        [...new Set(paths)].map(async (path) => {
          const before = known.get(path)
          const after = await look(path, now())
          known.set(path, after)
          if (before !== undefined && (before !== after || after === UNSETTLED)) different.add(path)
        }),
      )
      return different
    },
    async remember(paths, since) {
      await Promise.all(
        [...paths].map(async (path) => {
          if (!known.has(path)) known.set(path, await look(path, since))
        }),
      )
    },
    has: (path) => (known.get(path) ?? MISSING) !== MISSING,
    keepOnly(paths) {
      for (const path of known.keys()) if (!paths.has(path)) known.delete(path)
    },
  }
}
