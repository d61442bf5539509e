/** A child that writes much, on both streams and without a last line end, right before each result. */
import { writeSync } from 'node:fs'
import type { ChildToHost, HostToChild } from '../../core/ports/child-protocol.ts'

const send = (message: ChildToHost) => process.send?.(message)

/** The pipe may be full: it is non-blocking as Node opened it. */
function writeAll(fd: number, text: string): void {
  const bytes = Buffer.from(text)
  for (let from = 0; from < bytes.length; ) {
    try {
      from += writeSync(fd, bytes, from)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
    }
  }
}

process.on('message', (message: HostToChild) => {
  if (message.t === 'end') process.exit(0)
  if (message.t === 'init') send({ t: 'ready' })
  if (message.t !== 'run') return
  const { seq } = message
  for (const fd of [1, 2]) writeAll(fd, `${`${seq} of ${fd}\n`.repeat(40_000)}last of ${seq} on ${fd}`)
  const result = { state: 'success', json: null } as const
  send({ t: 'done', seq, startedAt: 1, result, notes: [], retire: false, spawned: false })
})
