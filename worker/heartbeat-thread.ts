/**
 * A thread of its own in every run child, so that user code that spins or blocks does not look dead. It says it lives
 * (and how large the process is) over a pipe from the host, and when that pipe closes, the host is gone by whatever means:
 * it ends everything of this child with SIGKILL, first the processes that left the group, then the group itself.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { Socket } from 'node:net'
import { workerData } from 'node:worker_threads'
import { CHILD_MARKER } from '../core/ports/child-protocol.ts'

export interface HeartbeatData {
  /** File descriptor of the pipe. */
  readonly fd: number
  readonly everyMs: number
  /** Value of the variable that all processes of this child inherit. */
  readonly marker: string
}

function beat({ fd, everyMs, marker }: HeartbeatData): void {
  const pipe = new Socket({ fd, readable: true, writable: true })
  const end = () => endEverything(marker)
  pipe.on('error', end)
  pipe.on('close', end)
  pipe.resume()
  const say = () => pipe.write(`${process.memoryUsage.rss()}\n`)
  say()
  setInterval(say, everyMs)
}

function endEverything(marker: string): void {
  try {
    for (const name of readdirSync('/proc')) {
      if (/^\d+$/.test(name) && Number(name) !== process.pid && carries(name, marker)) kill(Number(name))
    }
  } catch {
    // No /proc here: the group is all that can be reached.
  }
  kill(-process.pid)
  kill(process.pid)
}

function carries(pid: string, marker: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(`${CHILD_MARKER}=${marker}`)
  } catch {
    return false
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // Gone already.
  }
}

beat(workerData as HeartbeatData)
