/**
 * A thread of its own in every run child, so that user code that spins or blocks does not look dead. It says it lives
 * (and how large the process is) over a pipe from the host, and the host answers. It ends everything of this child with
 * SIGKILL, first the processes that left the group, then the group itself, when the pipe closes (the host is gone by
 * whatever means) and when no answer came for `CHILD_LEASE_MS` (the host is stopped: another leader may soon repeat its
 * tries). An answer names the beat it answers and counts from when that was sent, so one that lay in the pipe is old.
 */
import { readdirSync, readFileSync, writeSync } from 'node:fs'
import { Socket } from 'node:net'
import { workerData } from 'node:worker_threads'
import { CHILD_LEASE_MS, CHILD_MARKER, LEASE_LOST } from '../core/ports/child-protocol.ts'

export interface HeartbeatData {
  /** File descriptor of the pipe. */
  readonly fd: number
  readonly everyMs: number
  /** Value of the variable that all processes of this child inherit. */
  readonly marker: string
}

/** The lease needs beats, however seldom the host wants to hear one. */
const LONGEST_PAUSE_MS = CHILD_LEASE_MS / 8
/** Woken after this process had been stopped itself: what the host has to answer before it is judged. */
const CHANCE_MS = 1_000

function beat({ fd, everyMs, marker }: HeartbeatData): void {
  const pipe = new Socket({ fd, readable: true, writable: true })
  const pauseMs = Math.min(everyMs, LONGEST_PAUSE_MS)
  let lastTick = performance.now()
  let answered = lastTick
  let judgeFrom = 0

  const end = () => endEverything(marker)
  pipe.on('error', end)
  pipe.on('close', end)
  pipe.on('data', (chunk: Buffer) => {
    const beatAt = Number(chunk.toString('latin1').trim().split('\n').at(-1))
    if (beatAt > answered) answered = beatAt
  })

  function tick(): void {
    const now = performance.now()
    if (now - lastTick > pauseMs + CHANCE_MS) judgeFrom = now + CHANCE_MS
    lastTick = now
    if (now - answered > CHILD_LEASE_MS && now >= judgeFrom) {
      tellWhy(fd)
      end()
    }
    pipe.write(`${process.memoryUsage.rss()} ${Math.floor(now)}\n`)
  }
  tick()
  setInterval(tick, pauseMs)
}

/** For the host, should it go on one day. */
function tellWhy(fd: number): void {
  try {
    writeSync(fd, `${LEASE_LOST}\n`)
  } catch {
    // It will see a SIGKILL that it did not send.
  }
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
