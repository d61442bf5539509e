/** A child that answers each message with one: the other end of a bare IPC round trip. */
process.on('message', (message: { seq: number }) => {
  process.send?.({ t: 'done', seq: message.seq, result: { state: 'success', json: '55' } })
})
process.send?.({ t: 'ready' })
