/** What a person needs to know of anything that was thrown: message, stack in the author's files, and the chain of causes. */
import { inspect } from 'node:util'
import type { ErrorFacts } from '../core/ports/child-protocol.ts'

const MAX_DEPTH = 8
const MAX_LISTED = 5
const MAX_MESSAGE = 8_000
const MAX_STACK = 32_000

/** Never throws, whatever was thrown. */
export function errorFacts(thrown: unknown, mapStack: (stack: string) => string): ErrorFacts {
  try {
    return {
      message: messageOf(thrown).slice(0, MAX_MESSAGE),
      stack: stackOf(thrown, mapStack, 0, new Set()).slice(0, MAX_STACK),
    }
  } catch {
    return { message: 'The task threw something that throws itself when it is looked at.', stack: '' }
  }
}

function messageOf(thrown: unknown): string {
  if (!isError(thrown))
    return `The task threw a value that is not an Error: ${brief(thrown)}. Throw new Error(...) instead.`
  const name = thrown.name === '' ? 'Error' : thrown.name
  return thrown.message === '' ? name : `${name}: ${thrown.message}`
}

function stackOf(thrown: unknown, mapStack: (stack: string) => string, depth: number, seen: Set<unknown>): string {
  if (!isError(thrown)) return brief(thrown)
  if (seen.has(thrown) || depth > MAX_DEPTH) return '(shown above)'
  seen.add(thrown)
  const own = typeof thrown.stack === 'string' && thrown.stack !== '' ? thrown.stack : messageOf(thrown)
  let text = withoutRunner(mapStack(own))
  const errors: unknown = 'errors' in thrown ? thrown.errors : undefined
  if (Array.isArray(errors)) {
    for (const [index, error] of errors.slice(0, MAX_LISTED).entries()) {
      text += `\n  error ${index + 1} of ${errors.length}: ${indent(stackOf(error, mapStack, depth + 1, seen))}`
    }
  }
  if (thrown.cause !== undefined) text += `\nCaused by: ${stackOf(thrown.cause, mapStack, depth + 1, seen)}`
  return text
}

/** An Error of another realm (vm, another copy of a library) is one too. */
function isError(thrown: unknown): thrown is Error {
  return (
    thrown instanceof Error ||
    (typeof thrown === 'object' && thrown !== null && 'message' in thrown && 'stack' in thrown && 'name' in thrown)
  )
}

/** Frames of this program below the author's tell the author nothing. */
function withoutRunner(stack: string): string {
  const lines = stack.split('\n')
  const at = lines.findIndex((line) => /[/\\]worker[/\\](run-try|current-try)\.[jt]s/.test(line))
  return (at > 0 ? lines.slice(0, at) : lines).filter((line) => !/^\s+at .*\(?node:internal\//.test(line)).join('\n')
}

function brief(value: unknown): string {
  return inspect(value, { depth: 2, breakLength: 100, maxStringLength: 500, maxArrayLength: 20 })
}

function indent(text: string): string {
  return text.replaceAll('\n', '\n    ')
}
