/**
 * The name a host gives itself in the tables: `hostname:pid:start`, and on Linux `:machine.ticks.uid` behind it. By that
 * last part another program on the same machine can tell for certain that this one is gone.
 */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

/** A process of a machine, safe against pids that are used again. */
export interface HostProcess {
  /** One boot of one kernel, and the container in it: pids mean the same only there. */
  readonly machine: string
  readonly pid: number
  /** Clock ticks from boot to its start. */
  readonly ticks: number
  readonly uid: number
}

export function hostName(now: number): string {
  const self = ownProcess()
  const place = self === null ? '' : `:${self.machine}.${self.ticks}.${self.uid}`
  return `${hostname()}:${process.pid}:${now}${place}`
}

/** `null` for a name that does not tell. */
export function readHostName(name: string): HostProcess | null {
  const found = /:(\d+):\d+:([0-9a-f]+)\.(\d+)\.(\d+)$/.exec(name)
  if (found === null) return null
  const [, pid, machine = '', ticks, uid] = found
  return { machine, pid: Number(pid), ticks: Number(ticks), uid: Number(uid) }
}

/** `null` where there is no /proc, or it hides too much. */
export function ownProcess(): HostProcess | null {
  const uid = process.getuid?.()
  if (process.platform !== 'linux' || uid === undefined) return null
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    // Pids belong to a namespace, and start times to another.
    const spaces = ['pid', 'time'].map((kind) => `/proc/self/ns/${kind}`).filter((path) => existsSync(path))
    const place = [hostname(), boot, ...spaces.map((path) => readlinkSync(path))].join(' ')
    const machine = createHash('sha256').update(place).digest('hex').slice(0, 12)
    const stat = readFileSync('/proc/self/stat', 'latin1')
    const ticks = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19])
    return Number.isSafeInteger(ticks) ? { machine, pid: process.pid, ticks, uid } : null
  } catch {
    return null
  }
}
