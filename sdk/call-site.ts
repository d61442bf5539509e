/**
 * Where in the author's file a thing was declared: the first frame of the stack outside this package. Positions are raw
 * (those of the bundle that runs); whoever serializes maps them to the source.
 */
import { fileURLToPath } from 'node:url'
import { wantsPlaces } from './collection.ts'

/** A raw position, 1-based, as V8 gives it. */
export interface RawPosition {
  readonly file: string
  readonly line: number
  readonly column: number
}

const OWN_FOLDER = plainPath(new URL('.', import.meta.url).href)
/** Frames of this package on top of the author's are fewer than this. */
const DEEPEST = 24

/** The position of the author's call, or `undefined` when no frame outside this package has one or nobody wants it. */
export function callSite(): RawPosition | undefined {
  if (!wantsPlaces()) return undefined
  const holder: { stack?: unknown } = {}
  const { prepareStackTrace, stackTraceLimit } = Error
  try {
    Error.stackTraceLimit = DEEPEST
    Error.prepareStackTrace = (_error, frames) => frames
    Error.captureStackTrace(holder, callSite)
    return firstOutside(holder.stack)
  } finally {
    Error.stackTraceLimit = stackTraceLimit
    if (prepareStackTrace === undefined) Reflect.deleteProperty(Error, 'prepareStackTrace')
    else Error.prepareStackTrace = prepareStackTrace
  }
}

function firstOutside(frames: unknown): RawPosition | undefined {
  if (!Array.isArray(frames)) return undefined
  for (const frame of frames as NodeJS.CallSite[]) {
    const name = frame.getFileName() ?? frame.getScriptNameOrSourceURL()
    const line = frame.getLineNumber()
    if (!name || line === null || name.startsWith('node:')) continue
    const file = knownPath(name)
    if (file.startsWith(OWN_FOLDER)) continue
    return { file, line, column: frame.getColumnNumber() ?? 1 }
  }
  return undefined
}

/** A file has thousands of call sites and a handful of names. */
const knownPaths = new Map<string, string>()
const MOST_KNOWN = 1_000

function knownPath(name: string): string {
  let path = knownPaths.get(name)
  if (path === undefined) {
    path = plainPath(name)
    if (knownPaths.size >= MOST_KNOWN) knownPaths.clear()
    knownPaths.set(name, path)
  }
  return path
}

function plainPath(name: string): string {
  const end = name.indexOf('?')
  const path = end === -1 ? name : name.slice(0, end)
  return path.startsWith('file:') ? fileURLToPath(path) : path
}
