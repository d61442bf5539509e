/** A child whose second try ends with a record of the first one, and says something more before its own. */
import { writeSync } from 'node:fs'
import { type ChildToHost, controlPrefix, type HostToChild } from '../../core/ports/child-protocol.ts'

let prefix = ''
const send = (message: ChildToHost) => process.send?.(message)
const markEnd = (seq: number) => {
  for (const fd of [1, 2]) writeSync(fd, `${prefix}end:${seq}:\n`)
}

process.on('message', (message: HostToChild) => {
  if (message.t === 'end') process.exit(0)
  if (message.t === 'init') {
    prefix = controlPrefix(message.settings.token)
    send({ t: 'ready' })
  }
  if (message.t !== 'run') return
  const { seq } = message
  markEnd(seq === 2 ? 1 : seq)
  const result = { state: 'success', json: null } as const
  send({ t: 'done', seq, startedAt: 1, result, notes: [], retire: false, spawned: false, marked: true })
  if (seq !== 2) return
  setTimeout(() => {
    writeSync(1, 'own words\n')
    markEnd(2)
  }, 200)
})
