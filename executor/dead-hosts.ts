/**
 * Whether a host named in the tables is gone with everything it ran, so that its tries may be repeated at once instead of
 * after its lease and a margin. Certain only for a host of this machine whose children this program could see: then its
 * process is not there any more, and what it left running is found by its marker and killed first. Anything else: `false`.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { type HostProcess, ownProcess, readHostName } from './host-name.ts'
import { killMarked, markedWith, readProcess } from './process-tree.ts'

/** A process in the kernel's hands may take long; then the caller waits for the lease as for any other host. */
const PATIENCE_MS = 2_000
const LOOK_EVERY_MS = 20

export async function isDeadWithItsChildren(host: string): Promise<boolean> {
  const dead = readHostName(host)
  const self = ownProcess()
  if (dead === null || self === null || dead.machine !== self.machine) return false
  // Children of root run as another user; those of anybody else as the host itself.
  if (self.uid !== 0 && self.uid !== dead.uid) return false
  if (await isAlive(dead)) return false
  const until = performance.now() + PATIENCE_MS
  for (;;) {
    const left = await markedWith(`${dead.pid}-${dead.ticks}`)
    if (left.length === 0) return mayHide(dead, self) === false
    await killMarked(left)
    if (performance.now() > until) return false
    await delay(LOOK_EVERY_MS)
  }
}

async function isAlive({ pid, ticks }: HostProcess): Promise<boolean> {
  const found = await readProcess(pid)
  if (found !== null) return found.startTime === ticks && found.state !== 'Z' && found.state !== 'X'
  try {
    // Where /proc is mounted so that it hides processes, a signal still tells.
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

/** A process younger than the host, of its user, whose environment cannot be read: it could be one of its children. */
function mayHide(dead: HostProcess, self: HostProcess): boolean {
  if (self.uid === 0) return false
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    try {
      readFileSync(`/proc/${name}/environ`, 'latin1')
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if ((code === 'EACCES' || code === 'EPERM') && isYoungerOf(name, dead)) return true
    }
  }
  return false
}

function isYoungerOf(name: string, dead: HostProcess): boolean {
  try {
    const status = readFileSync(`/proc/${name}/status`, 'latin1')
    if (Number(/^Uid:\t(\d+)/m.exec(status)?.[1]) !== dead.uid) return false
    const stat = readFileSync(`/proc/${name}/stat`, 'latin1')
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]) >= dead.ticks
  } catch {
    // Gone while it was looked at.
    return false
  }
}
