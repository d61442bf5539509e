/**
 * What the operating system says about a pid. Invariant: a zombie counts as gone, and a pid that was given to another
 * process is recognised by its start time or its command line.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** Names one process for as long as the machine is up: a reused pid has another start. */
export interface ProcessMark {
  readonly pid: number
  readonly started: string
}

/** Start time and boot of a process, or `null` when it is gone or a zombie. */
export function markOf(pid: number): ProcessMark | null {
  const state = process.platform === 'linux' ? linuxState(pid) : psState(pid)
  return state === null ? null : { pid, started: state }
}

export function isAlive(mark: ProcessMark): boolean {
  return markOf(mark.pid)?.started === mark.started
}

/** Command line with spaces between the arguments, or `''` when the process is gone. */
export function commandLineOf(pid: number): string {
  try {
    if (process.platform === 'linux') return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
    return execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8', stdio: 'pipe' }).trim()
  } catch {
    return ''
  }
}

function linuxState(pid: number): string | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name in parentheses may hold anything; the fields after it are state, ppid, ..., start time (the 20th).
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    if (fields[0] === 'Z' || fields[0] === 'X') return null
    return `${fields[19]}@${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}`
  } catch {
    return null
  }
}

function psState(pid: number): string | null {
  try {
    const text = execFileSync('ps', ['-o', 'state=,lstart=', '-p', String(pid)], { encoding: 'utf8', stdio: 'pipe' })
    const line = text.trim()
    return line === '' || line.startsWith('Z') ? null : line.replace(/^\S+\s+/, '')
  } catch {
    return null
  }
}
