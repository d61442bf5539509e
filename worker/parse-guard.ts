/**
 * A thread beside the code being parsed, which may spin or fill the memory and so cannot be trusted to watch itself. It
 * ends the whole process group when the pipe from the parent closes, and when the process outgrows its limit; before the
 * latter it writes one byte to the pipe, so that the parent knows why.
 */
import { writeSync } from 'node:fs'
import { Socket } from 'node:net'
import { parentPort, workerData } from 'node:worker_threads'

export interface GuardData {
  /** File descriptor of the pipe from the parent. */
  readonly fd: number
  readonly memoryLimitBytes: number
}

/** Posted by the main thread around each parse. */
export type GuardMessage = 'watch' | 'rest'

const LOOK_EVERY_MS = 20

function endProcessGroup(): void {
  try {
    process.kill(-process.pid, 'SIGKILL')
  } catch {
    process.kill(process.pid, 'SIGKILL')
  }
}

function guard({ fd, memoryLimitBytes }: GuardData): void {
  const pipe = new Socket({ fd, readable: true, writable: true })
  pipe.on('error', endProcessGroup)
  pipe.on('close', endProcessGroup)
  pipe.resume()

  let looking: NodeJS.Timeout | undefined
  parentPort?.on('message', (message: GuardMessage) => {
    clearInterval(looking)
    if (message === 'rest') return
    looking = setInterval(() => {
      if (process.memoryUsage.rss() <= memoryLimitBytes) return
      try {
        writeSync(fd, 'm')
      } finally {
        endProcessGroup()
      }
    }, LOOK_EVERY_MS)
  })
}

guard(workerData as GuardData)
