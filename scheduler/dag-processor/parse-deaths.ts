/** Why a parse child died, told to the author of the file it was parsing. */
import type { ParseReply, ParseRequest } from '../../core/ports/parse-protocol.ts'
import type { ImportProblem } from '../../core/serialized-dag.ts'

/** What is known when the child is gone. */
export interface Death {
  timedOut: boolean
  outOfMemory: boolean
  exiting: Extract<ParseReply, { type: 'exiting' }> | null
}

const HEAP_IS_FULL = /heap out of memory|Reached heap limit|Allocation failed/

export function describeDeath(
  death: Death,
  exitCode: number | null,
  signal: NodeJS.Signals | null,
  stderr: string,
  { file }: ParseRequest,
  limits: { readonly timeoutMs: number; readonly memoryMb: number },
): ImportProblem {
  if (death.timedOut) {
    return {
      code: 'parse-timeout',
      message: `${file} was still loading after ${limits.timeoutMs / 1000} s; an endless loop, or slow work outside of tasks.`,
      remedy:
        'Move network calls, queries and reading of large files into tasks, end the loop, or raise dag_processor.parse_timeout.',
      file,
    }
  }
  if (death.outOfMemory || HEAP_IS_FULL.test(stderr)) {
    return {
      code: 'parse-memory',
      message: `${file} took more than ${limits.memoryMb} MiB while it was loaded.`,
      remedy: 'Load large data inside of tasks, not when the file is loaded, or raise dag_processor.parse_memory_mb.',
      file,
    }
  }
  if (death.exiting !== null) {
    const { place, exitCode: code } = death.exiting
    return {
      code: 'parse-exit',
      message: `process.exit(${code}) was called while ${file} was loaded.`,
      remedy: `Remove the call of process.exit outside of tasks${place === null ? '' : ` at ${place.file}:${place.line}`}.`,
      file: place?.file ?? file,
      ...(place !== null && { line: place.line, column: place.column }),
    }
  }
  return {
    code: 'parse-exit',
    message: `The process that loaded ${file} died (${signal === null ? `exit code ${exitCode}` : signal}).${lastLine(stderr)}`,
    remedy:
      'Look for native packages that crash when they are imported, and for code outside of tasks that ends or kills its process.',
    file,
  }
}

function lastLine(stderr: string): string {
  const line = stderr.trim().split('\n').at(-1)?.trim() ?? ''
  return line === '' ? '' : ` It wrote last: ${line.slice(0, 200)}`
}
