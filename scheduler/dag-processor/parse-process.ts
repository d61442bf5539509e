/**
 * One parse child as the Dag processor sees it: a process group of its own that answers one request at a time. Whatever
 * happens to it (endless loop, exit, crash, too much memory) becomes an import problem of the file it was parsing, and
 * then no process of the group is left.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import type { Duplex } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { ParseReply, ParseRequest } from '../../core/ports/parse-protocol.ts'
import type { ImportProblem, SerializedDag } from '../../core/serialized-dag.ts'
import { type Death, describeDeath } from './parse-deaths.ts'
import { createParseOutput } from './parse-output.ts'

export interface ParseProcessOptions {
  /** `worker/parse-child` as it is found in source or in the build. */
  readonly entry: URL
  /** The child's whole environment. */
  readonly env: Readonly<Record<string, string>>
  readonly identity?: { readonly uid: number; readonly gid: number } | undefined
  readonly cwd: string
  readonly timeoutMs: number
  readonly memoryMb: number
  /** One line a file wrote to stdout or stderr, after the file's name. */
  readonly log: (line: string) => void
}

export type ParseOutcome =
  | {
      readonly type: 'parsed'
      readonly dags: readonly SerializedDag[]
      readonly problems: readonly ImportProblem[]
      readonly warnings: readonly ImportProblem[]
    }
  | { readonly type: 'failed'; readonly problem: ImportProblem }

export interface ParseProcess {
  readonly pid: number | undefined
  /** Resolves when it takes requests; rejects when it cannot be started, which is not the author's fault. */
  readonly ready: Promise<void>
  /** Never rejects once `ready`. */
  parse(request: ParseRequest): Promise<ParseOutcome>
  /** Not to be used for another file. */
  readonly worn: boolean
  /** Ends the whole group; resolves when the child is gone. */
  end(): Promise<void>
}

const STDERR_TAIL = 2000
const DRAIN_MS = 300
/** A child past this share of its memory limit after a parse is not used again. */
const WORN_SHARE = 0.5
const MOST_PARSES = 50

interface Asked {
  readonly request: ParseRequest
  readonly answer: (outcome: ParseOutcome) => void
  readonly timer: NodeJS.Timeout
}

export function startParseProcess(options: ParseProcessOptions): ParseProcess {
  const child = spawn(
    process.execPath,
    [`--max-old-space-size=${options.memoryMb}`, fileURLToPath(options.entry), String(options.memoryMb)],
    {
      env: options.env,
      cwd: options.cwd,
      detached: true,
      // stdin, stdout, stderr, the protocol, the pipe whose closing tells the child that we are gone.
      stdio: ['ignore', 'pipe', 'pipe', 'ipc', 'pipe'],
      serialization: 'advanced',
      ...options.identity,
    },
  )
  let asked: Asked | null = null
  let worn = false
  let isDead = false
  let parses = 0
  let stderrTail = ''
  const death: Death = { timedOut: false, outOfMemory: false, exiting: null }

  const { promise: ready, resolve: isReady, reject: cannotStart } = Promise.withResolvers<void>()
  const { promise: gone, resolve: isGone } = Promise.withResolvers<void>()
  ready.catch(() => undefined)

  let lastFile = 'parse child'
  const output = createParseOutput((line) => options.log(`[${lastFile}] ${line}`))
  // Out of file descriptors, Node leaves a child without any stdio.
  const { stdout, stderr, stdio } = child as Partial<ChildProcess>
  for (const stream of [stdout, stderr]) if (stream) output.read(stream)
  stderr?.on('data', (chunk: Buffer) => {
    stderrTail = (stderrTail + chunk.toString('utf8')).slice(-STDERR_TAIL)
  })
  const pipe = stdio?.[4] as Duplex | null | undefined
  pipe?.on('data', () => {
    death.outOfMemory = true
  })
  pipe?.on('error', () => undefined)

  function settle(outcome: ParseOutcome): void {
    if (asked === null) return
    clearTimeout(asked.timer)
    const { answer } = asked
    asked = null
    answer(outcome)
  }

  child.on('message', (message: ParseReply) => {
    if (message.type === 'ready') return isReady()
    if (asked === null || message.id !== asked.request.id) return
    if (message.type === 'exiting') {
      death.exiting = message
      return
    }
    parses += 1
    worn ||= message.unclean || parses >= MOST_PARSES
    if (message.type === 'failed') return settle(message)
    worn ||= message.rssBytes > options.memoryMb * 1024 * 1024 * WORN_SHARE
    settle(message)
  })
  child.on('error', (error) => {
    cannotStart(
      new Error(`A parse child cannot be started: ${error.message}. Check that ${process.execPath} may be run.`),
    )
    if (child.pid === undefined) isGone()
  })
  // `close`, not `exit`: only then all that it wrote has been read, among it why it died.
  child.on('close', (exitCode, signal) => {
    worn = true
    isDead = true
    killGroup(child)
    cannotStart(
      new Error(
        `A parse child ended before it was ready (exit code ${exitCode}, signal ${signal}).\n${stderrTail.trim()}`,
      ),
    )
    if (asked !== null)
      settle({ type: 'failed', problem: describeDeath(death, exitCode, signal, stderrTail, asked.request, options) })
    isGone()
  })
  child.on('exit', () => {
    killGroup(child)
    // A grandchild that left the group may hold the output open for ever.
    setTimeout(() => {
      child.stdout?.destroy()
      child.stderr?.destroy()
      pipe?.destroy()
    }, DRAIN_MS).unref()
  })

  return {
    pid: child.pid,
    ready,
    get worn() {
      return worn
    },
    parse(request) {
      return new Promise((answer) => {
        const timer = setTimeout(() => {
          death.timedOut = true
          killGroup(child)
        }, options.timeoutMs)
        asked = { request, answer, timer }
        lastFile = request.file
        stderrTail = ''
        output.begin()
        if (isDead) {
          settle({
            type: 'failed',
            problem: describeDeath(death, child.exitCode, child.signalCode, '', request, options),
          })
          return
        }
        child.send(request, (error) => {
          // The child has just died; `close` answers.
          if (error !== null) killGroup(child)
        })
      })
    },
    async end() {
      worn = true
      // Of one that died long ago the number may belong to others by now.
      if (!isDead) killGroup(child)
      await gone
    },
  }
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return
  try {
    process.kill(process.platform === 'win32' ? child.pid : -child.pid, 'SIGKILL')
  } catch {
    // Nobody is left.
  }
}
