/**
 * The source files of the rooms and what they import, by text alone: fast, and it needs no build. The formatter keeps
 * every top-level import at the start of a line, which is what makes this safe.
 */
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

export const ROOMS = [
  'sdk',
  'core',
  'database',
  'scheduler',
  'executor',
  'worker',
  'testing',
  'webserver',
  'cli',
] as const
export type Room = (typeof ROOMS)[number]

export interface Import {
  /** As written. */
  readonly specifier: string
  /** Path from the root for a file of ours, else `null`. */
  readonly file: string | null
  readonly typeOnly: boolean
}

export interface SourceFile {
  /** Path from the root, with forward slashes. */
  readonly path: string
  readonly room: Room
  readonly lines: number
  /** Without comments. */
  readonly code: string
  readonly imports: readonly Import[]
}

const STATIC = /^(import|export)\s+(type\s+)?(?:[^'"`;]*?\bfrom\s*)?'([^'\n]+)'/gm
const DYNAMIC = /\bimport\(\s*'([^'\n]+)'/g

function importsOf(path: string, code: string): Import[] {
  const found: Import[] = []
  const add = (specifier: string, typeOnly: boolean) => {
    const file = specifier.startsWith('.') ? relative(ROOT, join(ROOT, dirname(path), specifier)) : null
    found.push({ specifier, typeOnly, file })
  }
  for (const match of code.matchAll(STATIC)) add(match[3]!, match[2] !== undefined)
  for (const match of code.matchAll(DYNAMIC)) add(match[1]!, false)
  return found
}

/** Comments out; a `//` inside a string (an address, say) stays. */
function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|[\s;{}])\/\/[^\n]*/g, '$1')
}

export function sourceFiles(): SourceFile[] {
  return ROOMS.flatMap((room) =>
    globSync(`${room}/**/*.{ts,tsx}`, { cwd: ROOT })
      .filter((path) => !path.includes('node_modules') && !/\.(d|gen)\.ts$/.test(path))
      .map((path) => {
        const text = readFileSync(join(ROOT, path), 'utf8')
        const code = withoutComments(text)
        return { path, room, lines: text.split('\n').length - 1, code, imports: importsOf(path, code) }
      }),
  )
}

/** `@scope/name` or `name`, or `null` for a file of ours and for what Node brings. */
export function packageOf(specifier: string): string | null {
  if (specifier.startsWith('.') || specifier.startsWith('node:')) return null
  const parts = specifier.split('/')
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : parts[0]!
}
