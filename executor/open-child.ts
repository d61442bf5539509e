/**
 * Starts one child process: leader of its own session and process group, with only the environment it is allowed to see,
 * as the user it is meant to run as. Besides stdin (empty), stdout and stderr it inherits the IPC channel and the
 * heartbeat pipe, and no other file descriptor.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { statSync } from 'node:fs'
import type { Duplex } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { CHILD_MARKER, HEARTBEAT_FD, LEASE_LOST } from '../core/ports/child-protocol.ts'
import type { ExitFacts } from './cause-of-exit.ts'
import type { LocalExecutorOptions } from './local-options.ts'
import type { ProcessTree } from './process-tree.ts'

/** Longer than any beat; more is not one. */
const MAX_BEAT = 64

function spawnChild(options: LocalExecutorOptions, memoryLimitMb: number, marker: string): ChildProcess {
  const identity = options.childIdentity
  return spawn(process.execPath, [`--max-old-space-size=${memoryLimitMb}`, fileURLToPath(options.childEntry)], {
    cwd: options.dagsFolder,
    env: { ...options.childEnv, [CHILD_MARKER]: marker },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc', 'pipe'],
    serialization: 'json',
    windowsHide: true,
    ...(identity === null ? {} : { uid: identity.uid, gid: identity.gid }),
  })
}

/** `spawn` throws some of what the operating system says, and emits the rest: here all of it in words. */
function trySpawn(options: LocalExecutorOptions, memoryLimitMb: number, marker: string): ChildProcess {
  try {
    return spawnChild(options, memoryLimitMb, marker)
  } catch (error) {
    throw new Error(whyNotSpawned(error as Error, options.dagsFolder), { cause: error })
  }
}

const REMEDIES: Readonly<Record<string, string>> = {
  EAGAIN: 'Too many processes: raise the limit (ulimit -u, pids of the container), or lower the number of slots.',
  EMFILE: 'Too many open files: raise the limit (ulimit -n), or lower the number of slots.',
  ENFILE: 'Too many open files on this machine: raise fs.file-max.',
  ENOMEM: 'Too little memory: lower the number of slots.',
  EPERM: 'Only root may start processes as another user: run as root, or without a user of their own for tasks.',
}

function whyNotSpawned(error: NodeJS.ErrnoException, dagsFolder: string): string {
  // The operating system names the program, not the working folder it missed.
  if (statSync(dagsFolder, { throwIfNoEntry: false })?.isDirectory() !== true) {
    return `tasks run in the Dags folder ${dagsFolder}, and it is not there. Put it back (${error.message}).`
  }
  const remedy = REMEDIES[error.code ?? '']
  return remedy === undefined ? error.message : `${error.message}. ${remedy}`
}

/** A started process, with what is known of its life and end. */
export interface OpenedChild {
  readonly child: ChildProcess
  /** `null` when it could not be started at all. */
  readonly tree: ProcessTree | null
  /** Also when it could not be started. */
  readonly exited: Promise<void>
  /** All ends of its pipes are closed. */
  readonly closed: Promise<void>
  readonly exit: ExitFacts
  spawnError: string | null
  /** Monotonic: when its heartbeat thread was last heard. */
  lastBeat: number
  /** Resident size, as it said then. */
  rssBytes: number
}

export function openChild(options: LocalExecutorOptions, memoryLimitMb: number, marker: string): OpenedChild {
  const child = trySpawn(options, memoryLimitMb, marker)
  const exited = Promise.withResolvers<void>()
  const closed = Promise.withResolvers<void>()
  const opened: OpenedChild = {
    child,
    tree: child.pid === undefined ? null : { pid: child.pid, marker },
    exited: exited.promise,
    closed: closed.promise,
    exit: { code: null, signal: null, exitCallSeq: null, exitCallCode: null, heapExhausted: false, leaseLost: false },
    spawnError: null,
    lastBeat: performance.now(),
    rssBytes: 0,
  }
  child.once('exit', (code, signal) => {
    opened.exit.code = code
    opened.exit.signal = signal
    exited.resolve()
  })
  child.once('close', () => closed.resolve())
  // Later errors (a message to a child that just died) are told by its exit.
  child.on('error', (error) => {
    if (child.pid !== undefined) return
    opened.spawnError = whyNotSpawned(error, options.dagsFolder)
    exited.resolve()
    closed.resolve()
  })
  answerBeats(opened)
  return opened
}

/** The answer keeps the child alive: given from the event loop that also takes its results. */
function answerBeats(opened: OpenedChild): void {
  // Out of file descriptors, Node leaves a child without any stdio.
  const { stdio } = opened.child as Partial<ChildProcess>
  const pipe = stdio?.[HEARTBEAT_FD] as Duplex | null | undefined
  let held = ''
  pipe?.on('error', () => undefined)
  pipe?.on('data', (chunk: Buffer) => {
    opened.lastBeat = performance.now()
    const lines = (held + chunk.toString('latin1')).split('\n')
    held = lines.pop()?.slice(0, MAX_BEAT) ?? ''
    if (lines.includes(LEASE_LOST)) opened.exit.leaseLost = true
    const [rss, beat] = (lines.at(-1) ?? '').split(' ')
    if (Number(rss) > 0) opened.rssBytes = Number(rss)
    if (Number(beat) > 0) pipe.write(`${beat}\n`)
  })
}

/** Waits for `closed`, but not for ever: a process that was never found may hold a pipe open. */
export async function settledWithin(closed: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const waited = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms)
  })
  await Promise.race([closed, waited])
  clearTimeout(timer)
}
