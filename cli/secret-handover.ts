/**
 * Keeps secrets out of the environment this process was started with. A child of the same uid can read that in
 * `/proc/<pid>/environ`, even after a variable is deleted, so before any code of a Dag file runs the program replaces
 * itself (same pid) by one with a clean environment and hands the secrets over in an unlinked file on descriptor 0,
 * which is read and closed at once. Nothing is left to forward signals or exit codes.
 *
 * Node older than 22.15 cannot replace itself: there the program starts itself as a child with a clean environment and
 * hands the secrets over a pipe. Signals and the exit code pass through, and the child ends when the pipe closes; what
 * the outer process was started with stays readable to its own uid.
 */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { closeSync, constants, existsSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs'
import { Socket } from 'node:net'
import { constants as osConstants, tmpdir } from 'node:os'
import { join } from 'node:path'
import { environmentName, SETTING_KEYS, settingOf } from '../core/config/schema.ts'

/** Tells the second start on which descriptor the secrets wait. Holds no secret itself. */
const MARKER = 'TRADEWIND_HANDOVER'
const MAX_BYTES = 1024 * 1024

/** Variables that must not stay: our own secret settings, and the password the PostgreSQL client would read. */
const SECRET_NAMES = [
  ...SETTING_KEYS.filter((key) => settingOf(key).secret).map((key) => environmentName(key)),
  'PGPASSWORD',
]

let received: Readonly<Record<string, string>> = {}

/** Secrets that came by handover; they hold in place of environment variables. */
export function handedOver(): Readonly<Record<string, string>> {
  return received
}

/** First thing of every start: takes what an earlier self left. */
export function receiveHandover(): void {
  const descriptor = process.env[MARKER]
  if (descriptor === undefined) return
  delete process.env[MARKER]
  received = parseHandover(readAll(Number(descriptor)))
  // The client library looks for it there. Set now it is in memory only, not in what /proc shows.
  if (received.PGPASSWORD !== undefined) process.env.PGPASSWORD = received.PGPASSWORD
  if (descriptor === '0') {
    closeSync(0)
    openSync('/dev/null', 'r')
  } else {
    watchOuter(Number(descriptor))
  }
}

/**
 * Before code of Dag files may run. Returns when the environment is clean; else this process becomes the second start
 * and the call never returns.
 */
export async function shedSecrets(): Promise<void> {
  const secrets: Record<string, string> = {}
  const clean: Record<string, string> = {}
  for (const [name, value] of Object.entries(process.env)) {
    if (value === undefined) continue
    const alreadyHanded = received[name] !== undefined
    if (SECRET_NAMES.includes(name) && value !== '' && !alreadyHanded) secrets[name] = value
    else if (!alreadyHanded) clean[name] = value
  }
  if (Object.keys(secrets).length === 0) return
  const command = [...process.execArgv, ...process.argv.slice(1)]
  if (typeof process.execve === 'function') replaceSelf(secrets, clean, command)
  await startInner(secrets, clean, command)
}

function replaceSelf(secrets: Record<string, string>, clean: Record<string, string>, command: string[]): void {
  // Memory where there is such a folder, so that the text never reaches a disk.
  const folder = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()
  const name = join(folder, `tradewind-${randomBytes(12).toString('hex')}`)
  closeSync(0)
  // The lowest free descriptor: 0, which alone besides 1 and 2 survives the replacement.
  const descriptor = openSync(name, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o600)
  unlinkSync(name)
  if (descriptor !== 0) throw new Error(`Descriptor 0 could not be had for the handover (got ${descriptor}).`)
  writeSync(descriptor, JSON.stringify(secrets))
  process.execve?.(process.execPath, [process.execPath, ...command], { ...clean, [MARKER]: '0' })
}

async function startInner(secrets: Record<string, string>, clean: Record<string, string>, command: string[]) {
  const inner = spawn(process.execPath, command, {
    env: { ...clean, [MARKER]: '3' },
    stdio: ['inherit', 'inherit', 'inherit', 'pipe'],
  })
  const pipe = inner.stdio[3]
  if (pipe !== null && pipe !== undefined && 'write' in pipe) {
    pipe.on('error', () => {})
    // Left open on purpose: its closing tells the inner process that this one is gone.
    pipe.write(`${JSON.stringify(secrets)}\n`)
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGWINCH'] as const) {
    process.on(signal, () => inner.kill(signal))
  }
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    inner.once('error', reject)
    inner.once('exit', (exitCode, by) => resolve([exitCode, by]))
  })
  process.exit(code ?? 128 + (signal === null ? 1 : osConstants.signals[signal]))
}

/** To the end of the file, or to the first newline of a pipe. */
function readAll(descriptor: number): string {
  const buffer = Buffer.alloc(MAX_BYTES)
  let length = 0
  // A file handed over by `replaceSelf` is read from its beginning; a pipe has no position.
  let position: number | null = descriptor === 0 ? 0 : null
  for (;;) {
    const count = readSync(descriptor, buffer, length, buffer.length - length, position)
    length += count
    if (position !== null) position += count
    if (count === 0 || buffer.subarray(0, length).includes(10)) break
  }
  const text = buffer.toString('utf8', 0, length)
  buffer.fill(0)
  return text
}

function parseHandover(text: string): Record<string, string> {
  const parsed: unknown = JSON.parse(text)
  const taken: Record<string, string> = {}
  if (typeof parsed === 'object' && parsed !== null) {
    for (const [name, value] of Object.entries(parsed)) if (typeof value === 'string') taken[name] = value
  }
  return taken
}

function watchOuter(descriptor: number): void {
  // A socket, not a file stream: a read that waits in the thread pool would keep the process from exiting.
  const pipe = new Socket({ fd: descriptor, readable: true, writable: false })
  const end = () => process.kill(process.pid, 'SIGKILL')
  pipe.on('end', end).on('error', end).resume()
  pipe.unref()
}
