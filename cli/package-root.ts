/** Where this package lies and its version, whether it runs from source or from `dist/`. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

function findRoot(): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) return folder
    if (folder === dirname(folder)) throw new Error(`No package.json above ${import.meta.url}: reinstall tradewind.`)
  }
}

/** The folder that holds package.json. */
export const PACKAGE_ROOT = findRoot()

/** `.ts` from source, `.js` once built: entry files of child processes have the same. */
const ENTRY_EXTENSION = import.meta.url.endsWith('.ts') ? '.ts' : '.js'

/** Address of an entry file such as `worker/run-child`. */
export function entryFile(name: string): URL {
  return new URL(`../${name}${ENTRY_EXTENSION}`, import.meta.url)
}

export function packageVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(join(PACKAGE_ROOT, 'package.json'), 'utf8'))
  const version = typeof manifest === 'object' && manifest !== null && 'version' in manifest ? manifest.version : null
  return typeof version === 'string' ? version : '0.0.0'
}
