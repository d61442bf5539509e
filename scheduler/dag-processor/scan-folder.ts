/**
 * Which files of the Dags folder may hold Dags: TypeScript and JavaScript that is not a declaration, not a test, not
 * hidden, not in `node_modules` and not named by an `.airflowignore` (glob syntax as in `.gitignore`, in any folder, the
 * deeper one has the last word). Symbolic links are followed, each real folder is entered once.
 */
import type { Dirent } from 'node:fs'
import { readdir, readFile, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import ignore, { type Ignore } from 'ignore'

export const IGNORE_FILE = '.airflowignore'

export interface FoundFile {
  /** Relative to the folder, with forward slashes. */
  readonly file: string
  /** Real path. */
  readonly path: string
}

export interface Scan {
  /** Sorted by `file`. */
  readonly files: readonly FoundFile[]
  /** Real folders that links lead to, outside of what a watcher of the folder sees by itself. */
  readonly linkedFolders: readonly string[]
}

interface Rules {
  /** Folder of the ignore file, relative, '' or ending with a slash. */
  readonly prefix: string
  readonly matcher: Ignore
}

const DAG_FILES = /\.(?:ts|mts|js|mjs)$/
const NOT_DAG_FILES = /\.d\.[cm]?ts$|\.(?:test|spec)\.[cm]?[jt]s$/
const DEEPEST = 32

/** May `name` hold a Dag, as far as its name tells? */
export function isDagFileName(name: string): boolean {
  return DAG_FILES.test(name) && !NOT_DAG_FILES.test(name) && !isHidden(name)
}

/** Hidden files and folders, editors' temporary files, packages. */
export function isHidden(name: string): boolean {
  return /^[.#~]/.test(name) || name.endsWith('~') || name === 'node_modules'
}

/** `folder`: real path. Rejects when it cannot be read; folders and files inside that vanish meanwhile are left out. */
export async function scanFolder(folder: string): Promise<Scan> {
  const files: FoundFile[] = []
  const linkedFolders: string[] = []
  const entered = new Set([folder])

  async function enter(dir: string, prefix: string, outer: readonly Rules[], depth: number): Promise<void> {
    const entries = await readdir(dir, { withFileTypes: true }).catch((error: unknown) => {
      if (depth === 0) throw error
      return []
    })
    const rules = entries.some(({ name }) => name === IGNORE_FILE)
      ? [...outer, { prefix, matcher: await readRules(join(dir, IGNORE_FILE)) }]
      : outer
    await Promise.all(entries.map((entry) => look(dir, entry, `${prefix}${entry.name}`, rules, depth)))
  }

  async function look(dir: string, entry: Dirent, file: string, rules: readonly Rules[], depth: number): Promise<void> {
    if (isHidden(entry.name)) return
    const path = join(dir, entry.name)
    const kind = entry.isSymbolicLink() ? await stat(path).catch(() => null) : entry
    if (kind === null) return
    if (kind.isDirectory()) {
      if (depth >= DEEPEST || isIgnored(rules, `${file}/`)) return
      const real = entry.isSymbolicLink() ? await realpath(path).catch(() => null) : path
      if (real === null || entered.has(real)) return
      entered.add(real)
      if (entry.isSymbolicLink()) linkedFolders.push(real)
      await enter(real, `${file}/`, rules, depth + 1)
    } else if (kind.isFile() && isDagFileName(entry.name) && !isIgnored(rules, file)) {
      const real = entry.isSymbolicLink() ? await realpath(path).catch(() => null) : path
      if (real !== null) files.push({ file, path: real })
    }
  }

  await enter(folder, '', [], 0)
  files.sort((a, b) => (a.file < b.file ? -1 : 1))
  return { files, linkedFolders: linkedFolders.sort() }
}

async function readRules(path: string): Promise<Ignore> {
  return ignore({ allowRelativePaths: true }).add(await readFile(path, 'utf8').catch(() => ''))
}

function isIgnored(rules: readonly Rules[], file: string): boolean {
  for (const { prefix, matcher } of [...rules].reverse()) {
    const { ignored, unignored } = matcher.test(file.slice(prefix.length))
    if (ignored || unignored) return ignored
  }
  return false
}
