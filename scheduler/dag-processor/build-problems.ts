/**
 * esbuild's messages as import problems: with file, line, column and what to do. Paths in them are relative to the Dags
 * folder because the build's working directory is that folder.
 */
import { isBuiltin } from 'node:module'
import { basename, dirname, join } from 'node:path'
import type { Message } from 'esbuild'
import type { ImportProblem } from '../../core/serialized-dag.ts'

const UNRESOLVED = /^Could not resolve "(.*)"/
const SDK_EXPORT = /^No matching export in "tradewind-sdk:(.+)" for import "(.+)"/
const ANY_EXPORT = /^No matching export in "(.+)" for import "(.+)"/
const UNKNOWN_TYPE = /^No loader is configured for "(.*)" files: (.*)/
const UNREADABLE = /^(?:Cannot read|Could not read|Failed to read)/i
const TOP_LEVEL_AWAIT = /^Top-level await is currently not supported with the "cjs"/
const LONGEST_LINE = 120

/** The specifier a message could not resolve, or `null` when it is about something else. */
export function unresolvedSpecifier(message: Message): string | null {
  return UNRESOLVED.exec(message.text)?.[1] ?? null
}

/** CommonJS cannot hold this file; build it as ESM. */
export function needsEsm(messages: readonly Message[]): boolean {
  return messages.some((message) => TOP_LEVEL_AWAIT.test(message.text))
}

/** `@scope/name` or `name` of a bare specifier. */
export function packageName(specifier: string): string {
  const parts = specifier.split('/')
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : (parts[0] ?? specifier)
}

export function isRelative(specifier: string): boolean {
  return specifier.startsWith('.') || specifier.startsWith('/')
}

/** `file` is the Dag file, blamed when a message names no place. `sdkNames` are the names an SDK entry exports. */
export function toProblem(
  message: Message,
  file: string,
  sdkNames: (specifier: string) => readonly string[],
): ImportProblem {
  const place = message.location === null ? { file } : placeOf(message.location)
  const at = place.line === undefined ? place.file : `${place.file}:${place.line}`
  return { ...describe(message, place.file, at, sdkNames), ...place }
}

function describe(
  message: Message,
  file: string,
  at: string,
  sdkNames: (specifier: string) => readonly string[],
): Pick<ImportProblem, 'code' | 'message' | 'remedy'> {
  const specifier = unresolvedSpecifier(message)
  if (specifier !== null) return describeUnresolved(specifier, file)
  const fromSdk = SDK_EXPORT.exec(message.text)
  if (fromSdk !== null) {
    const [, entry = '', name = ''] = fromSdk
    return {
      code: 'unknown-export',
      message: `"${entry}" exports no "${name}".`,
      remedy: `Import one of: ${sdkNames(entry).join(', ')}. A type is imported with "import type".`,
    }
  }
  const elsewhere = ANY_EXPORT.exec(message.text)
  if (elsewhere !== null) {
    const [, from = '', name = ''] = elsewhere
    return {
      code: 'unknown-export',
      message: `"${from}" exports no "${name}".`,
      remedy: `Export "${name}" there, or correct the import at ${at}. A type is imported with "import type".`,
    }
  }
  const unknown = UNKNOWN_TYPE.exec(message.text)
  if (unknown !== null) {
    const [, extension = '', path = ''] = unknown
    return {
      code: 'unknown-file-type',
      message: `"${path}" cannot be imported: nothing says how to read "${extension}" files.`,
      remedy: `Read it when the task runs: readFile(new URL('./${basename(path)}', import.meta.url)), or import it with { type: 'text' } or { type: 'bytes' }.`,
    }
  }
  if (UNREADABLE.test(message.text)) {
    return { code: 'unreadable-file', message: `${message.text}.`, remedy: 'Make the file readable for this program.' }
  }
  return {
    code: 'syntax-error',
    message: `${message.text}${near(message)}`,
    remedy: `Correct ${at}. Until then the last good version keeps running.`,
  }
}

function describeUnresolved(specifier: string, file: string): Pick<ImportProblem, 'code' | 'message' | 'remedy'> {
  if (isRelative(specifier)) {
    const path = specifier.startsWith('/') ? specifier : join(dirname(file), specifier).replaceAll('\\', '/')
    return {
      code: 'unresolved-import',
      message: `"${specifier}" is not there: no file ${path}.`,
      remedy: `Create ${path}, or correct the path; it is looked for beside ${file}.`,
    }
  }
  if (specifier.startsWith('node:')) {
    return {
      code: 'unresolved-import',
      message: `"${specifier}" is no module of Node.js ${process.versions.node}.`,
      remedy: isBuiltin(specifier.slice(5)) ? `Import "${specifier.slice(5)}".` : 'Correct the name.',
    }
  }
  const name = packageName(specifier)
  if (name === 'tradewind') {
    return {
      code: 'unresolved-import',
      message: `"${specifier}" cannot be used in a Dag file.`,
      remedy: 'Import from "tradewind": the package has no other entry.',
    }
  }
  if (/^(?:apache-airflow-ts-sdk|@apache-airflow\/ts-sdk)\//.test(specifier)) {
    return {
      code: 'unresolved-import',
      message: `"${specifier}" of Airflow's SDK has no counterpart here yet; its main entry has (docs/dags.md).`,
      remedy: 'Remove what comes from it; installing the package does not help.',
    }
  }
  return {
    code: 'unresolved-import',
    message: `The package "${name}" is not installed where ${file} can find it.`,
    remedy: `Run "npm install ${name}" in the project that holds the Dags folder; the file is taken as soon as it is there.`,
  }
}

function placeOf(location: NonNullable<Message['location']>): { file: string; line?: number; column?: number } {
  const file = location.file.replaceAll('\\', '/')
  // esbuild counts bytes from 0, people count characters from 1.
  const before = Buffer.from(location.lineText).subarray(0, location.column).toString('utf8')
  return location.line === 0 ? { file } : { file, line: location.line, column: before.length + 1 }
}

function near(message: Message): string {
  const line = message.location?.lineText.trim() ?? ''
  if (line === '') return '.'
  return `, near: ${line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE)}...` : line}`
}
