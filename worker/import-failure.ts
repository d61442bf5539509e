/** What a Dag file threw while it was loaded, as an import problem in the author's terms. */
import type { ImportProblem } from '../core/serialized-dag.ts'
import { BundleLoadError } from './load-bundle.ts'

const LONGEST_MESSAGE = 2000

/** `file`: the Dag file, blamed when the error names no place in the author's code. */
export function describeImportFailure(error: unknown, file: string): ImportProblem {
  const cause = error instanceof BundleLoadError ? error.cause : error
  const place =
    error instanceof BundleLoadError && cause instanceof Error && cause.stack
      ? error.sources.placeIn(cause.stack)
      : null
  const text = cause instanceof Error ? `${cause.name}: ${cause.message}` : `The file threw ${String(cause)}`
  const at = place === null ? file : `${place.file}:${place.line}`
  return {
    code: 'import-failed',
    message: `${firstLines(text)} (while ${file} was loaded)`,
    remedy: remedyFor(cause, at),
    file: place?.file ?? file,
    ...(place !== null && { line: place.line, column: place.column }),
  }
}

function remedyFor(cause: unknown, at: string): string {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  if (code === 'MODULE_NOT_FOUND' || code === 'ERR_MODULE_NOT_FOUND') {
    const name = /Cannot find (?:module|package) '([^']+)'/.exec((cause as Error).message)?.[1]
    return name === undefined || name.startsWith('.') || name.startsWith('/')
      ? `Create the missing file, or correct the path at ${at}.`
      : `Run "npm install ${name}" in the project that holds the Dags folder.`
  }
  if (code === 'ENOENT') {
    return `Create the missing file, or correct the path at ${at}; a file beside the Dag file is new URL('./name', import.meta.url).`
  }
  return `Correct ${at}. Code outside of tasks runs each time the file is loaded: keep it to declaring the Dag.`
}

function firstLines(text: string): string {
  // Node adds the chain of requires after the first line; it names paths of the bundle only.
  const [first = ''] = text.split('\nRequire stack:')
  return first.length > LONGEST_MESSAGE ? `${first.slice(0, LONGEST_MESSAGE)}...` : first
}
